package console

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// formatCount writes an integer with its thousands apart.
func formatCount(n float64) string { return group(strconv.FormatFloat(math.Round(n), 'f', 0, 64)) }

// formatNumber writes a number with as many decimals as its size is worth.
func formatNumber(v float64) string {
	size := math.Abs(v)
	switch {
	case v == 0:
		return "0"
	case size < 0.005:
		return "<0.01"
	case size < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case size < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return formatCount(v)
}

// formatMillis writes a duration in ms.
func formatMillis(d time.Duration) string { return formatNumber(1000 * d.Seconds()) }

// formatShare writes a part of a whole in per cent.
func formatShare(part float64) string {
	v := 100 * part
	switch {
	case v == 0:
		return "0"
	case math.Abs(v) < 0.05:
		return "<0.1"
	case math.Abs(v) < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return formatCount(v)
}

// formatChange writes by how much something differs, in per cent with its sign.
func formatChange(part float64) string {
	if part > 0 {
		return "+" + formatCount(100*part)
	}
	return strings.Replace(formatCount(100*part), "-", "−", 1)
}

// elapsed writes how long something takes or is ago, in its largest units.
func (l *language) elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return l.text("elapsed.ms", formatMillis(d))
	case d < 10*time.Second:
		return l.text("elapsed.s", strconv.FormatFloat(d.Seconds(), 'f', 1, 64))
	case d < time.Minute:
		return l.text("elapsed.s", strconv.Itoa(int(d.Seconds())))
	case d < time.Hour:
		return l.text("elapsed.min", int(d.Minutes()))
	case d < 48*time.Hour:
		return l.text("elapsed.h", int(d.Hours()), int(d.Minutes())%60)
	}
	return l.text("elapsed.d", int(d.Hours()/24))
}

// formatTime writes a moment: the time, and the day if it is not today's.
func formatTime(t, now time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Format(time.TimeOnly)
	}
	return t.Format("01-02 15:04:05")
}

// formatMinute writes a moment to the minute.
func formatMinute(t, now time.Time) string {
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("01-02 15:04")
}

func group(digits string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(digits, "-"); ok {
		sign, digits = "-", rest
	}
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}
