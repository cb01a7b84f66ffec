package rollup

import "time"

// Begin is Open without the goroutine: the test ticks by itself.
func Begin(c Config, now time.Time) *History { return newHistory(c, now) }

// Tick is what the goroutine does once a second, Finish what it does last.
func (h *History) Tick(now time.Time)   { h.tick(now) }
func (h *History) Finish(now time.Time) { h.finish(now) }

// Read takes up the content of a file.
func (h *History) Read(content []byte) error { return h.read(content) }

// FileName is the name of the file in the state directory.
const FileName, FileVersion = fileName, fileVersion
