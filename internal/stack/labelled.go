package stack

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
)

// Labelled returns the stacks of all goroutines that have the pprof label, as [Stack.String] prints them but with all
// frames, each under the number of goroutines that it is the stack of. It returns nil if there are none.
//
// It takes the goroutine profile of the whole program. That stops the program for a moment, and costs about 15 µs
// for each goroutine that there is: it is for a person who asks, not for each request.
func Labelled(key, value string) []byte {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return nil // A buffer takes all.
	}
	return labelled(profile.Bytes(), key, value)
}

// labelled finds the goroutines in the text form of the profile. A quotation mark inside a label is
// escaped there, so no other label can pass for this one.
func labelled(profile []byte, key, value string) []byte {
	want := []byte(strconv.Quote(key) + ":" + strconv.Quote(value))
	var found []byte
	for block := range bytes.SplitSeq(profile, []byte("\n\n")) {
		head, frames, ok := bytes.Cut(block, []byte("\n# labels: "))
		if !ok {
			continue
		}
		list, frames, _ := bytes.Cut(frames, []byte("\n"))
		if !bytes.Contains(list, want) {
			continue
		}
		if found != nil {
			found = append(found, '\n')
		}
		// The block before the first one has the title in front.
		count := head[bytes.LastIndexByte(head, '\n')+1:]
		count, _, _ = bytes.Cut(count, []byte(" "))
		found = fmt.Appendf(found, "goroutines: %s\n", count)
		for line := range strings.Lines(string(frames)) {
			found = appendFrame(found, line)
		}
	}
	return found
}

// appendFrame appends what a line of the profile says, "#	0x48e3a1	main.load+0x41	/src/main.go:12": its columns are filled up with tabs.
func appendFrame(b []byte, line string) []byte {
	columns := strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool { return r == '\t' })
	if len(columns) < 4 {
		return b // A frame without a name.
	}
	function, place := columns[2], columns[3]
	if i := strings.LastIndexByte(function, '+'); i > 0 {
		function = function[:i]
	}
	return append(b, function+"\n\t"+place+"\n"...)
}
