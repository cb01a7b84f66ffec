package sqltext

import "bytes"

const (
	// maxText is the longest masked text, in bytes. It ends with a whole token, so that what is left of a text that
	// was cut reads as it did before.
	maxText = 4 << 10
	// maxWork is how far a text is masked: a row that will be dropped may reach beyond maxText for a while.
	maxWork = 2 * maxText
)

// A masker writes tokens without their literals: each is a "?". White space becomes one space at most, lists that
// differ in their length only become the same, and a semicolon at the end is dropped.
type masker struct {
	dialect *dialect
	out     []byte
	fit     int // How much of out is whole tokens within maxText.

	lists     []list
	depth     int
	prev      token
	tight     bool // No space before the next token.
	semicolon bool // One is due if anything follows.
}

// A list is one whose length is not to be seen: the elements of IN (…), VALUES (…) and ARRAY […], in which equal
// neighbours become one, or the rows of VALUES, of which the first stays.
type list struct {
	rows  bool
	depth int // How many brackets are open around an element.

	elements           int
	start              int // Where the present element begins, for rows: where the first row ends.
	prevStart, prevEnd int
}

// full reports whether what follows will be cut off.
func (m *masker) full() bool { return len(m.out) > maxWork }

func (m *masker) text() []byte { return bytes.TrimRight(m.out[:m.fit], " ") }

func (m *masker) add(t token) {
	if t.kind == symbol && t.text == ";" {
		m.semicolon = len(m.out) > 0
		m.lists, m.depth = m.lists[:0], 0
		m.prev = t
		return
	}
	if m.semicolon {
		m.semicolon = false
		m.out = append(m.out, "; "...)
		m.tight = true
	}
	m.leaveRows(t)
	switch {
	case t.kind != symbol:
		m.addOperand(t)
	case t.text == "(" || t.text == "[":
		m.open(t)
	case t.text == ")" || t.text == "]":
		m.close(t)
	case t.text == ",":
		m.comma(t)
	default:
		m.write(t, t.text)
	}
	if len(m.out) <= maxText {
		m.fit = len(m.out)
	}
	m.prev = t
}

// top returns the innermost list, if its elements are here and not in brackets of their own.
func (m *masker) top() *list {
	if n := len(m.lists); n > 0 && m.lists[n-1].depth == m.depth {
		return &m.lists[n-1]
	}
	return nil
}

func (m *masker) pop() { m.lists = m.lists[:len(m.lists)-1] }

// leaveRows ends the rows of VALUES at whatever is no row: the comma before a row is a part of them, the one in
// "a = VALUES(a), b = 1" is not, but no harm is done if the rows end behind it.
func (m *masker) leaveRows(t token) {
	for l := m.top(); l != nil && l.rows; l = m.top() {
		if t.kind == symbol && (t.text == "(" || t.text == ",") || t.keyword == "ROW" {
			return
		}
		m.pop()
	}
}

func (m *masker) addOperand(t token) {
	if l := m.top(); l != nil && len(m.out) == l.start && (t.keyword == "SELECT" || t.keyword == "WITH") {
		m.pop() // A query, no list.
	}
	inList := len(m.lists) > 1 || len(m.lists) == 1 && !m.lists[0].rows
	switch {
	case t.kind == literal, t.kind == placeholder && inList, m.isDoubtfulElement(t):
		m.write(t, "?")
	default:
		m.write(t, t.text)
	}
	if t.keyword == "VALUES" {
		m.lists = append(m.lists, list{rows: true, depth: m.depth})
	}
}

// isDoubtfulElement reports whether t is a "…" that begins an element of a list where that may be a string.
func (m *masker) isDoubtfulElement(t token) bool {
	l := m.top()
	return m.dialect.doubleQuote == doubleQuoteEither && t.kind == quotedName && t.text[0] == '"' &&
		l != nil && len(m.out) == l.start
}

func (m *masker) open(t token) {
	l := m.top()
	isList := l != nil && (l.rows || len(m.out) == l.start) ||
		t.text == "(" && m.prev.keyword == "IN" || t.text == "[" && m.prev.keyword == "ARRAY"
	m.write(t, t.text)
	m.tight = true
	m.depth++
	if isList {
		m.lists = append(m.lists, list{depth: m.depth, start: len(m.out)})
	}
}

func (m *masker) close(t token) {
	if l := m.top(); l != nil {
		m.endElement(l)
		m.pop()
	}
	m.depth = max(m.depth-1, 0)
	m.tight = true
	m.write(t, t.text)
	if l := m.top(); l != nil && l.rows {
		if l.elements == 0 {
			l.start = len(m.out)
		}
		l.elements++
		m.out = m.out[:l.start]
	}
}

func (m *masker) comma(t token) {
	l := m.top()
	if l != nil && !l.rows {
		m.endElement(l)
	}
	m.tight = true
	m.write(t, ", ")
	m.tight = true
	if l != nil && !l.rows {
		l.start = len(m.out)
	}
}

// endElement drops the element that ends here if it is like the one before. A NULL among values is a value.
func (m *masker) endElement(l *list) {
	element := m.out[l.start:]
	if len(element) <= maxKeyword && isValue(keywordOf(string(element))) {
		m.out = append(m.out[:l.start], '?')
	}
	if l.elements > 0 && bytes.Equal(m.out[l.start:], m.out[l.prevStart:l.prevEnd]) {
		m.out = m.out[:l.prevEnd]
		return
	}
	l.elements++
	l.prevStart, l.prevEnd = l.start, len(m.out)
}

func (m *masker) write(t token, text string) {
	if n := len(m.out); n > 0 {
		// Two operators that stood apart must not become the beginning of a comment.
		comment := m.out[n-1] == '-' && text[0] == '-' || m.out[n-1] == '/' && text[0] == '*'
		if comment || t.space && !m.tight {
			m.out = append(m.out, ' ')
		}
	}
	m.tight = false
	m.out = append(m.out, text...)
}
