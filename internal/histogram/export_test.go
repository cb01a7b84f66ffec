package histogram

import "time"

// Upper returns the last duration of the exponential bucket that OTLP calls index.
func Upper(index int) time.Duration { return expUpper[index-indexBase] }

// The first and the last index that OTLP knows of the exponential buckets.
const (
	FirstIndex = indexBase + 1
	LastIndex  = indexBase + expBuckets - 1
)
