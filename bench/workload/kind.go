package workload

import "fmt"

// Kind is what each request of a workload does.
type Kind string

// The kinds of work. Each request writes a small JSON body as well.
const (
	// Full is two queries of two rows each, one exec and one outbound call.
	Full Kind = "full"
	// HTTP is nothing more than the body.
	HTTP Kind = "http"
	// Query is one query of two rows.
	Query Kind = "query"
	// Call is one outbound call whose body is read.
	Call Kind = "call"
)

// Kinds returns all kinds of work.
func Kinds() []Kind { return []Kind{Full, HTTP, Query, Call} }

// ParseKind returns the kind called name.
func ParseKind(name string) (Kind, error) {
	for _, k := range Kinds() {
		if string(k) == name {
			return k, nil
		}
	}
	return "", fmt.Errorf("workload: unknown kind %q", name)
}

// Statements returns how many SQL statements a request of this kind runs.
func (k Kind) Statements() int {
	switch k {
	case Full:
		return 3
	case Query:
		return 1
	default:
		return 0
	}
}

// Calls returns how many outbound calls a request of this kind makes.
func (k Kind) Calls() int {
	switch k {
	case Full, Call:
		return 1
	default:
		return 0
	}
}
