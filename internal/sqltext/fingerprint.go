package sqltext

import (
	"fmt"
	"hash/fnv"
)

// fingerprint names a masked text in 16 hexadecimal digits. It is the same in every process and release that masks
// alike (64-bit FNV-1a), so that dashboards can compare today with last month.
func fingerprint(text string) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	return fmt.Sprintf("%016x", h.Sum64())
}
