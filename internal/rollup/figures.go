package rollup

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Figures are what happened in an interval.
type Figures struct {
	ledger.Totals
	Durations histogram.Counts
	// Users is the estimated number of distinct users. Only minutes and hours of the whole process have it. It cannot be
	// added up: in a sum it is the largest one.
	Users uint64
	// Peak is the number of transactions in the busiest second. Only the whole process has it.
	Peak uint64
}

// Add adds the figures of another interval.
func (f *Figures) Add(o *Figures) {
	f.Totals.Add(&o.Totals)
	f.Durations.Add(&o.Durations)
	f.Users = max(f.Users, o.Users)
	f.Peak = max(f.Peak, o.Peak)
}

// sub takes away an earlier state of the same account. longest is the longest duration since then.
func (f *Figures) sub(o *Figures, longest time.Duration) {
	f.Sub(&o.Totals)
	f.Durations.Sub(&o.Durations)
	f.Max = longest
	// A reader without a maximum of its own gives that of all time: the histogram knows better then, but for its last bucket.
	if limit := f.Durations.Max(); limit < histogram.UpperBound(histogram.Buckets-1) {
		f.Max = min(longest, limit)
	}
}

// pack returns the figures in the form in which they are kept: unsigned varints, the sum of squares, the histogram.
func (f *Figures) pack() string {
	var space [256]byte
	b := space[:0]
	for _, n := range [...]uint64{
		f.Calls, f.Failures, f.ClientErrors, f.Canceled, f.Slow, f.Repeated, f.Users, f.Peak, uint64(f.Max),
	} {
		b = binary.AppendUvarint(b, n)
	}
	for p := range transaction.Phases {
		b = binary.AppendUvarint(b, uint64(f.Spent[p]))
		b = binary.AppendUvarint(b, uint64(f.Children[p]))
	}
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f.SumSquares))
	return string(f.Durations.AppendCompact(b))
}

// calls returns the first of the figures of an interval.
func (s slot) calls() uint64 {
	n, _ := binary.Uvarint([]byte(s.packed[:min(binary.MaxVarintLen64, len(s.packed))]))
	return n
}

// errPacked says that a string is not what pack returns.
var errPacked = errors.New("rollup: malformed figures")

// addPacked adds figures that were packed; the empty string is no figures. On an error some may have been added.
func (f *Figures) addPacked(packed string) error {
	if packed == "" {
		return nil
	}
	// Copied to the stack: a conversion of its own would be an allocation a slot.
	var space [512]byte
	b := append(space[:0], packed...)
	bad := false
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			bad = true
			return 0
		}
		b = b[n:]
		return v
	}
	f.Calls += next()
	f.Failures += next()
	f.ClientErrors += next()
	f.Canceled += next()
	f.Slow += next()
	f.Repeated += next()
	f.Users = max(f.Users, next())
	f.Peak = max(f.Peak, next())
	f.Max = max(f.Max, time.Duration(next()))
	for p := range transaction.Phases {
		spent := time.Duration(next())
		f.Spent[p] += spent
		f.Time += spent // The phases add up to it, always.
		f.Children[p] += int64(next())
	}
	if bad || len(b) < 8 {
		return errPacked
	}
	f.SumSquares += math.Float64frombits(binary.LittleEndian.Uint64(b))
	rest, err := f.Durations.AddCompact(b[8:])
	if err != nil || len(rest) > 0 {
		return errPacked
	}
	return nil
}
