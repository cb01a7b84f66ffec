package main

import (
	"fmt"
	"io"
	"strings"
)

const mebi = 1 << 20

// table is a Markdown table whose columns are the contestants.
type table struct {
	contestants []contestant
	rows        []row
}

type row struct {
	title string
	cells []string
}

// add appends a row unless all its cells are empty.
func (t *table) add(title string, cell func(c contestant) string) {
	r := row{title: title}
	empty := true
	for _, c := range t.contestants {
		text := cell(c)
		empty = empty && text == ""
		r.cells = append(r.cells, text)
	}
	if !empty {
		t.rows = append(t.rows, r)
	}
}

// write writes the table with its columns aligned, so that it can be read in a terminal too.
func (t *table) write(w io.Writer) error {
	head := row{title: "added to bare, unless said otherwise"}
	rule := row{}
	for _, c := range t.contestants {
		head.cells = append(head.cells, c.title)
	}
	widths := make([]int, len(t.contestants)+1)
	for _, r := range append([]row{head}, t.rows...) {
		for i, text := range append([]string{r.title}, r.cells...) {
			widths[i] = max(widths[i], len([]rune(text)))
		}
	}
	rule.title = strings.Repeat("-", widths[0])
	for _, width := range widths[1:] {
		rule.cells = append(rule.cells, strings.Repeat("-", width-1)+":")
	}
	for _, r := range append([]row{head, rule}, t.rows...) {
		line := fmt.Sprintf("| %-*s |", widths[0], r.title)
		for i, text := range r.cells {
			line += fmt.Sprintf(" %*s |", widths[i+1], text)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// newTable builds the table of all that was measured.
func newTable(m measurements) *table {
	t := &table{contestants: m.contestants}
	for _, w := range m.works {
		t.addWork(m.loads, w)
	}
	t.add("share of requests delivered, %", func(c contestant) string {
		if percent, ok := m.loads.recorded(fullWork, c.name); ok {
			return fmt.Sprintf("%.1f", percent)
		}
		return ""
	})
	t.addMemory(m.memory)
	t.addSockets(m.sockets)
	t.addScaling(m.scaling)
	return t
}

func (t *table) addWork(l loads, w work) {
	t.add(w.title+": CPU, µs", func(c contestant) string {
		if c.name == bareName {
			return whole(l.cpu(w.name, bareName), 2)
		}
		return cell(l.addedCPU(w.name, c.name), 2)
	})
	t.add("– of otel at 1 %", func(c contestant) string {
		if c.name == bareName {
			return ""
		}
		return cell(over(l.addedCPU(w.name, c.name), l.addedCPU(w.name, otelName)), 3)
	})
	t.add("– allocations", func(c contestant) string {
		if c.name == bareName {
			return whole(l.allocations(w.name, bareName), 1)
		}
		return cell(l.addedAllocations(w.name, c.name), 1)
	})
}

func (t *table) addMemory(m memory) {
	above := func(values map[string]float64, c contestant) string {
		value, ok := values[c.name]
		if !ok {
			return ""
		}
		if c.name == bareName {
			return fmt.Sprintf("(%.1f)", value/mebi)
		}
		return fmt.Sprintf("%.1f", (value-values[bareName])/mebi)
	}
	t.add(fmt.Sprintf("kept heap, %d endpoints, MiB", manyRoutes), func(c contestant) string { return above(m.heap, c) })
	t.add("binary, MiB", func(c contestant) string { return above(m.binary, c) })
	t.add(fmt.Sprintf("one collection, %d endpoints: CPU, ms", manyRoutes), func(c contestant) string {
		if r, ok := m.collect[c.name]; ok {
			return fmt.Sprintf("%.2f", r.Collect.Seconds()*1e3)
		}
		return ""
	})
	t.add("– allocations", func(c contestant) string {
		if r, ok := m.collect[c.name]; ok {
			return fmt.Sprint(r.CollectAllocations)
		}
		return ""
	})
	t.add("one export of it as OTLP: CPU, ms", func(c contestant) string {
		if r, ok := m.collect[c.name]; ok {
			return fmt.Sprintf("%.2f", r.Export.Seconds()*1e3)
		}
		return ""
	})
	t.add("– compressed, KiB", func(c contestant) string {
		if r, ok := m.collect[c.name]; ok {
			return fmt.Sprint(r.ExportBytes >> 10)
		}
		return ""
	})
}

func (t *table) addSockets(s sockets) {
	t.add("real sockets, SQLite: requests/s (whole)", func(c contestant) string { return cell(s.rate[c.name], 0) })
	t.add("– p99, ms (whole)", func(c contestant) string { return cell(s.p99[c.name], 2) })
	t.add("– server CPU a request, µs (whole)", func(c contestant) string { return cell(s.cpu[c.name], 1) })
	t.add("– of bare; under bare: with 5 µs of spinning in each request", func(c contestant) string {
		if c.name == bareName {
			return cell(over(s.cpu[yardstick.name], s.cpu[bareName]), 3)
		}
		return cell(over(s.cpu[c.name], s.cpu[bareName]), 3)
	})
}

func (t *table) addScaling(s scaling) {
	for _, e := range endpoints {
		for _, n := range processors {
			t.add(fmt.Sprintf("GOMAXPROCS=%d, %d endpoint(s): CPU, µs", n, e), func(c contestant) string {
				if c.name == bareName {
					return whole(s[scalingKey{bareName, n, e}], 2)
				}
				return cell(s.added(c.name, n, e), 2)
			})
		}
	}
}

func cell(s sample, decimals int) string {
	if len(s) == 0 {
		return ""
	}
	return s.format(decimals)
}

// whole is for the bare column, whose values are not added to anything.
func whole(s sample, decimals int) string {
	if len(s) == 0 {
		return ""
	}
	return "(" + s.format(decimals) + ")"
}
