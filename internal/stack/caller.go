package stack

import (
	"path"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// Caller returns the file and line, as "/src/store/user.go:42", of the innermost call by the program itself: its main
// module. A program that is built without modules, or calls from none of its own code, gets the innermost
// frame that is neither of this library nor of the standard one. It returns an empty string if there is none.
func Caller() string {
	var pcs [depth]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	var other string
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "" || isOwn(f.Function):
		case isProgram(f.Function):
			return place(f)
		case other == "" && !isStandard(f.Function):
			other = place(f)
		}
		if !more {
			return other
		}
	}
}

const library = "github.com/daybook-apm/daybook"

// own are the packages of the library that others call, relative to it; those below them are adapters.
var own = [...]string{"apm", "middleware", "sqltrace", "httpclient", "internal"}

// isOwn reports whether a function belongs to this library. Its tests, examples and benchmarks are programs that use it.
func isOwn(function string) bool {
	name, ok := strings.CutPrefix(packageOf(function), library+"/")
	if !ok || strings.HasSuffix(name, "_test") {
		return false
	}
	first, _, _ := strings.Cut(name, "/")
	for _, o := range own {
		if first == o {
			return true
		}
	}
	return false
}

// mainModule is the path of the module that the program is built from; empty: not known.
var mainModule = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Path
})

func isProgram(function string) bool {
	name, module := packageOf(function), mainModule()
	return name == "main" || module != "" && (name == module || strings.HasPrefix(name, module+"/"))
}

// isStandard reports whether a function is of the standard library, whose packages alone have no dot in their first element.
func isStandard(function string) bool {
	first, _, _ := strings.Cut(packageOf(function), "/")
	return !strings.Contains(first, ".")
}

func hasPackage(function, name string) bool { return packageOf(function) == name }

// packageOf returns the import path in the name of a function, such as "net/http" of "net/http.(*conn).serve".
func packageOf(function string) string {
	// A type argument in brackets has slashes and dots of its own.
	function, _, _ = strings.Cut(function, "[")
	dir, last := path.Split(function)
	last, _, _ = strings.Cut(last, ".")
	return dir + last
}
