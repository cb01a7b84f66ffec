package stack

import (
	"runtime"
	"strconv"
	"strings"
)

// depth is how many frames a stack has at most, before the library's own are taken away.
const depth = 48

// Stack is the calls that led to a place, innermost first. To take one is cheap; to print it is not.
type Stack []uintptr

// Take returns the stack of its caller.
func Take() Stack {
	var pcs [depth]uintptr
	return append(Stack(nil), pcs[:runtime.Callers(2, pcs[:])]...)
}

// String returns the stack as the runtime prints it, two lines a frame, without the frames of the runtime, of this library
// and of log/slog. Of a panic that is being handled it begins where the panic was raised.
func (s Stack) String() string {
	if len(s) == 0 {
		return ""
	}
	var b strings.Builder
	frames := runtime.CallersFrames(s)
	for {
		f, more := frames.Next()
		if f.Function != "" && !isOwn(f.Function) && !hasPackage(f.Function, "runtime") && !hasPackage(f.Function, "log/slog") {
			b.WriteString(f.Function)
			b.WriteString("\n\t")
			b.WriteString(place(f))
			b.WriteByte('\n')
		}
		if !more {
			return b.String()
		}
	}
}

func place(f runtime.Frame) string { return f.File + ":" + strconv.Itoa(f.Line) }
