package rollup

import "time"

// minute returns the beginning of t's minute.
func minute(t time.Time) int64 { return t.Unix() / 60 * 60 }

// hour returns the beginning of t's hour by the clock on the wall, which in some countries is half an hour off.
func (h *History) hour(t time.Time) int64 {
	t = t.In(h.location)
	return t.Unix() - int64(t.Minute()*60+t.Second())
}

// day returns the beginning of t's day.
func (h *History) day(t time.Time) time.Time {
	y, m, d := t.In(h.location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, h.location)
}
