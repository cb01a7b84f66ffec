package failure

import (
	"bytes"
	"strings"
)

const (
	maxMessage = 256
	// maxWord is the longest word that is a word.
	maxWord = 40
	// maxName is the longest word with digits in it that may be a name, such as "utf8" or "x509".
	maxName = 20
	// minHex is the shortest word of hexadecimal digits that is a number.
	minHex = 4
)

// A masker copies a text without its data, piece by piece. When it is in doubt, it hides.
type masker struct {
	text   string
	pos    int
	out    []byte
	quoted int // Where in out the first quotes are; -1: none so far.
	lastAt int // Where the last @ is; -1: there is none.
	source int // Where the @ of a data source for MySQL is; -1: there is none.
}

func newMasker(text string) masker {
	m := masker{text: text, out: make([]byte, 0, min(len(text)+8, maxMessage+8)), quoted: -1, source: -1}
	if m.lastAt = strings.LastIndexByte(text, '@'); m.lastAt >= 0 {
		m.source = max(strings.LastIndex(text, "@tcp("), strings.LastIndex(text, "@unix("))
	}
	return m
}

// at returns a byte of the text, 0 outside of it.
func (m *masker) at(i int) byte {
	if i < 0 || i >= len(m.text) {
		return 0
	}
	return m.text[i]
}

// next copies or masks one piece.
func (m *masker) next() {
	c := m.text[m.pos]
	if m.startsToken() && m.hideAddress() {
		return
	}
	switch {
	case isSpace(c):
		m.space()
	case c == '"' || c == '`':
		m.quote(c)
	case c == '\'':
		m.apostrophe()
	case c == 0xE2 && m.typographicQuote():
	case c == '$' && m.dollarQuote():
	case strings.HasPrefix(m.text[m.pos:], "://"):
		m.url()
	case c == '=':
		m.value()
	case c == '(' && bytes.HasSuffix(m.out, []byte(" is ")):
		m.parentheses() // "The duplicate key value is (…)."
	case c == '?' && !isSpace(m.at(m.pos-1)) && m.pos > 0:
		m.query()
	case isWord(c):
		m.word()
	default:
		m.out = append(m.out, c)
		m.pos++
	}
}

// hide writes a "?" for the text up to end.
func (m *masker) hide(end int) {
	m.pos = max(m.pos, end)
	// Numbers that belong together, as in 10.0.0.1:80 or 2026-11-22, are one.
	tail := bytes.TrimRight(m.out, ".:-+/")
	if len(tail) < len(m.out) && bytes.HasSuffix(tail, []byte("?")) {
		m.out = tail
	}
	if !bytes.HasSuffix(m.out, []byte("?")) {
		m.out = append(m.out, '?')
	}
}

// rest hides all that is left.
func (m *masker) rest() { m.hide(len(m.text)) }

func (m *masker) space() {
	for m.pos < len(m.text) && isSpace(m.text[m.pos]) {
		m.pos++
	}
	if len(m.out) > 0 {
		m.out = append(m.out, ' ')
	}
}

func (m *masker) startsToken() bool { return m.pos == 0 || isSpace(m.text[m.pos-1]) }

// tokenEnd returns where the white space after i begins.
func (m *masker) tokenEnd(i int) int {
	for i < len(m.text) && !isSpace(m.text[i]) {
		i++
	}
	return i
}

// hideAddress hides a token with an @: a mail address, or user and password of a data source. Of
// a data source for MySQL the password may have spaces, so all that stands before it is hidden as well.
func (m *masker) hideAddress() bool {
	if m.lastAt < m.pos {
		return false
	}
	if m.source > m.pos {
		m.hide(m.tokenEnd(m.source))
		return true
	}
	if c := m.text[m.pos]; c == '"' || c == '\'' || c == '`' {
		return false // The quotes hide it, and may go further.
	}
	end := m.tokenEnd(m.pos)
	if strings.IndexByte(m.text[m.pos:end], '@') < 0 || strings.Contains(m.text[m.pos:end], "://") {
		return false
	}
	m.hide(end)
	return true
}

// quote hides what is in quotes that begin here. Unless it is sure where they end, it hides the rest.
func (m *masker) quote(q byte) {
	if m.quoted < 0 {
		m.quoted = len(m.out)
	}
	for i := m.pos + 1; i < len(m.text); i++ {
		switch {
		case m.text[i] == '\\' && m.at(i+1) == q:
			m.rest() // It escapes the quote in one language and does not in another.
			return
		case m.text[i] != q:
		case m.at(i+1) == q && i > m.pos+1:
			i++ // Doubled: a quote in the text.
		case q == '\'' && isWord(m.at(i+1)):
			// MySQL writes 'O'Brien'.
		default:
			m.out = append(m.out, q, '?', q)
			m.pos = i + 1
			return
		}
	}
	m.rest()
}

// apostrophe tells a quote from an apostrophe.
func (m *masker) apostrophe() {
	switch start := m.wordStart(); {
	case start == m.pos:
		m.quote('\'')
	case m.pos-start > 1 && !hasDigit(m.text[start:m.pos]) && !strings.Contains(m.text[start:m.pos], "_") && isWord(m.at(m.pos+1)):
		m.out = append(m.out, '\'') // "can't". A prefix of a string has one letter, as in N'…', or is like _utf8'…'.
		m.pos++
	case m.quoted >= 0:
		// What has passed for quotes before was something else.
		m.out = m.out[:m.quoted]
		m.rest()
	case strings.IndexByte(m.text[m.pos+1:], '\'') >= 0 || m.pos-start == 1:
		m.quote('\'')
	default:
		m.out = append(m.out, '\'')
		m.pos++
	}
}

// wordStart returns where the word begins that ends here.
func (m *masker) wordStart() int {
	i := m.pos
	for i > 0 && isWord(m.text[i-1]) {
		i--
	}
	return i
}

// typographicQuote hides what is in “…” and ‘…’.
func (m *masker) typographicQuote() bool {
	for _, q := range [...][2]string{{"“", "”"}, {"‘", "’"}} {
		if !strings.HasPrefix(m.text[m.pos:], q[0]) {
			continue
		}
		i := strings.Index(m.text[m.pos:], q[1])
		if i < 0 {
			m.rest()
			return true
		}
		m.hide(m.pos + i + len(q[1]))
		return true
	}
	return false
}

// dollarQuote hides the rest after PostgreSQL's $$ or $tag$.
func (m *masker) dollarQuote() bool {
	i := m.pos + 1
	for isWord(m.at(i)) {
		i++
	}
	if m.at(i) != '$' {
		return false
	}
	m.rest()
	return true
}

// url hides what follows the scheme. A password may have been written with spaces in it.
func (m *masker) url() {
	m.out = append(m.out, "://"...)
	m.pos += len("://")
	end := m.tokenEnd(m.pos)
	if m.lastAt >= m.pos {
		end = max(end, m.tokenEnd(m.lastAt))
	}
	m.out = append(m.out, '?')
	m.pos = end
}

// query hides what follows the path in a token such as /users?name=….
func (m *masker) query() {
	if end := m.tokenEnd(m.pos); end > m.pos+1 {
		m.pos = end
	} else {
		m.pos++
	}
	m.out = append(m.out, '?')
}

// value hides the value of key=value.
func (m *masker) value() {
	before := m.at(m.pos - 1)
	m.out = append(m.out, '=')
	m.pos++
	if strings.IndexByte("=!<>~", before) >= 0 && before != 0 || m.at(m.pos) == '=' || m.at(m.pos) == '>' {
		return // A comparison.
	}
	for isSpace(m.at(m.pos)) {
		m.pos++
	}
	switch c := m.at(m.pos); c {
	case 0, '"', '\'', '`':
		return
	case '(':
		m.parentheses()
		return
	}
	end := m.pos
	for end < len(m.text) && !isSpace(m.text[end]) && strings.IndexByte("&;,)]}\"'`", m.text[end]) < 0 {
		end++
	}
	if end > m.pos {
		m.hide(end)
	}
}

// parentheses hides what is in parentheses that begin here.
func (m *masker) parentheses() {
	m.out = append(m.out, '(')
	i := strings.IndexByte(m.text[m.pos:], ')')
	if i < 0 {
		m.rest()
		return
	}
	m.out = append(m.out, "?)"...)
	m.pos += i + 1
}

// word copies a word, or hides it, or the part of it that is a number.
func (m *masker) word() {
	end := m.pos
	for isWord(m.at(end)) || m.at(end) == '-' && isWord(m.at(end+1)) {
		end++
	}
	word := m.text[m.pos:end]
	switch {
	case m.separator(end) != "" && isSecret(word):
		m.out = append(m.out, word...)
		m.out = append(m.out, m.separator(end)...)
		m.pos = len(m.text)
		m.out = append(m.out, '?')
	case !hasDigit(word):
		if len(word) > maxWord {
			m.hide(end)
			return
		}
		m.out = append(m.out, word...)
		m.pos = end
	case isDigit(word[0]), len(word) >= maxName, len(word) >= minHex && isHex(word):
		m.hide(end)
	default:
		m.name(word)
		m.pos = end
	}
}

// name writes a word such as "utf8" with a "?" for each number in it.
func (m *masker) name(word string) {
	for i := 0; i < len(word); i++ {
		switch {
		case !isDigit(word[i]):
			m.out = append(m.out, word[i])
		case i == 0 || !isDigit(word[i-1]):
			m.out = append(m.out, '?')
		}
	}
}

// secrets are parts of words that name what nobody may see.
var secrets = [...]string{
	"password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "api_key", "api-key", "accesskey", "access_key",
	"access-key", "credential", "authorization", "bearer", "cookie",
}

func isSecret(word string) bool {
	lower := strings.ToLower(word)
	for _, s := range secrets {
		if strings.Contains(lower, s) {
			return true
		}
	}
	return false
}

// separator returns what stands between a secret's name, which ends at i, and its value.
func (m *masker) separator(i int) string {
	switch rest := strings.TrimLeft(m.text[i:], " \t"); {
	case strings.HasPrefix(rest, "="):
		return "="
	case strings.HasPrefix(rest, ":"):
		return ": "
	case strings.EqualFold(m.text[max(0, i-len("bearer")):i], "bearer") && rest != "":
		return " "
	}
	return ""
}

func isSpace(c byte) bool { return c <= ' ' && c != 0 || c == 0x7F }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWord reports whether c is a part of a word. All of UTF-8 beyond ASCII is, but the quotes of [masker.typographicQuote],
// which stand alone more often than not.
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c >= 0x80 && c != 0xE2
}

func hasDigit(word string) bool { return strings.ContainsAny(word, "0123456789") }

func isHex(word string) bool {
	for _, c := range []byte(word) {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') && c != '-' {
			return false
		}
	}
	return true
}
