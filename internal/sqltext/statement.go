package sqltext

import "sync/atomic"

// Statement is one masked SQL text of one [Database]. There is one for every masked text, so that its pointer is its
// identity. But for its caller, which is learnt later, it never changes, and any goroutine may read it.
type Statement struct {
	Database *Database

	// Text is the query with a "?" for each literal (db.query.text): valid UTF-8 of at most 4 KiB, cut off after a
	// whole token. TRUE, FALSE, NULL and placeholders stay, except in a list of values.
	Text string

	// Summary says what the query does in at most 255 bytes (db.query.summary): its operations and their targets in
	// their order, such as "SELECT users orders". It is empty if the text begins with no known operation.
	Summary string

	// Operation is what the query does above all (db.operation.name): one of a closed list of keywords in upper case,
	// such as "SELECT" or "CREATE TABLE". It is empty if Summary is.
	Operation string

	// ID is a fingerprint of Text, 16 hexadecimal digits, the same in every process.
	ID string

	caller atomic.Pointer[string]
}

// HasCaller reports whether the caller is known.
func (s *Statement) HasCaller() bool { return s.caller.Load() != nil }

// SetCaller says which line of the program runs the statement. The first one stays: finding it out costs more than
// many a statement takes.
func (s *Statement) SetCaller(place string) { s.caller.CompareAndSwap(nil, &place) }

// Caller returns the line of the program that ran the statement first, such as "/src/store/user.go:42". It is empty
// while it is not known.
func (s *Statement) Caller() string {
	if p := s.caller.Load(); p != nil {
		return *p
	}
	return ""
}

// parse masks a query and reads what it does; Database and ID are left to the caller.
func parse(d *dialect, query string) Statement {
	l := lexer{dialect: d, text: query}
	m := masker{dialect: d, out: make([]byte, 0, min(len(query)+16, maxText))}
	s := newSummary(d)
	for t := l.next(); t.kind != endOfText && !m.full(); t = l.next() {
		m.add(t)
		s.add(t)
	}
	s.end()
	return Statement{Text: string(m.text()), Summary: string(s.text), Operation: s.operation}
}
