package sqltext

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxName is the longest name that is shown, in bytes; databases allow 64 to 128 characters. What is longer is
	// data that was put where a name belongs.
	maxName = 256
	// maxPlaceholder is the longest name of a placeholder that is shown, in bytes.
	maxPlaceholder = 64
	// maxOrdinal is the greatest number of digits of a placeholder: no database takes more than 65,535 arguments.
	maxOrdinal = 5
)

type kind uint8

const (
	endOfText   kind = iota
	word             // A keyword, or a name without quotes.
	quotedName       // A name in quotes, with its quotes.
	literal          // Its text must not be shown.
	placeholder      // ?, $1, :name, @p1.
	symbol           // An operator, or a byte of one; punctuation.
)

type token struct {
	kind    kind
	text    string // Valid UTF-8, unless the token is a literal.
	keyword string // The text in upper case, if it is one of the keywords.
	space   bool   // White space or a comment stood before it.
}

// A lexer splits a text into tokens, without comments. It needs time linear in the text, allocates nothing, and
// takes any bytes.
type lexer struct {
	dialect *dialect
	text    string
	pos     int
	prev    token
}

func (l *lexer) next() token {
	space := l.skipSpace()
	t := token{kind: endOfText}
	if l.pos < len(l.text) {
		t = l.scan()
	}
	t.space = space
	if t.kind == word {
		t.keyword = keywordOf(t.text)
	}
	l.prev = t
	return t
}

// at returns the byte that is offset bytes ahead, 0 behind the end.
func (l *lexer) at(offset int) byte {
	if l.pos+offset < len(l.text) {
		return l.text[l.pos+offset]
	}
	return 0
}

func (l *lexer) take(kind kind, end int) token {
	t := token{kind: kind, text: l.text[l.pos:end]}
	l.pos = end
	return t
}

// rest gives up: whatever follows is one literal.
func (l *lexer) rest() token { return l.take(literal, len(l.text)) }

// skipSpace skips white space and comments and reports whether there were any.
func (l *lexer) skipSpace() bool {
	start := l.pos
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '-' && l.at(1) == '-' && (!l.dialect.dashNeedsSpace || l.pos+2 >= len(l.text) || isSpace(l.at(2))),
			c == '#' && l.dialect.hash == hashComment:
			l.skipLine()
		case c == '/' && l.at(1) == '*':
			l.skipComment()
		default:
			return l.pos > start
		}
	}
	return l.pos > start
}

func (l *lexer) skipLine() {
	ends := "\n"
	if l.dialect.returnEndsLine {
		ends = "\r\n"
	}
	if i := strings.IndexAny(l.text[l.pos:], ends); i >= 0 {
		l.pos += i
		return
	}
	l.pos = len(l.text)
}

func (l *lexer) skipComment() {
	depth := 0
	for ; l.pos < len(l.text); l.pos++ {
		switch {
		case l.at(0) == '/' && l.at(1) == '*':
			if depth > 0 && l.dialect.nested == nestingUnknown {
				l.pos = len(l.text)
				return
			}
			if depth == 0 || l.dialect.nested == nestingCounts {
				depth++
				l.pos++
			}
		case l.at(0) == '*' && l.at(1) == '/':
			depth--
			l.pos++
			if depth == 0 {
				l.pos++
				return
			}
		}
	}
}

// scan reads the token that begins here.
func (l *lexer) scan() token {
	switch c := l.text[l.pos]; {
	case isNameStart(c) || c == '#' && l.dialect.hash == hashLetter:
		return l.scanWord()
	case isDigit(c) || c == '.' && isDigit(l.at(1)) && !l.afterOperand():
		return l.take(literal, l.numberEnd(l.pos))
	}
	switch l.text[l.pos] {
	case '\'':
		return l.scanString(l.pos, l.dialect.backslash)
	case '"':
		return l.scanDoubleQuote()
	case '`':
		if l.dialect.backtickName {
			return l.scanName('`', true)
		}
	case '[':
		return l.scanBracket()
	case '$':
		return l.scanDollar()
	case ':':
		return l.scanColon()
	case '@':
		return l.scanAt()
	case '?':
		if l.dialect.numberedMarks {
			if end := l.ordinalEnd(); end > 0 {
				return l.take(placeholder, end)
			}
		}
		return l.take(placeholder, l.pos+1)
	case '#':
		if l.dialect.hash == hashUnknown {
			return l.rest()
		}
	case '+', '-':
		if end := l.signedEnd(); end > 0 {
			return l.take(literal, end)
		}
	}
	return l.take(symbol, l.pos+1)
}

// scanWord reads a name or keyword, or the string that it is the prefix of.
func (l *lexer) scanWord() token {
	end := l.pos + 1
	for end < len(l.text) && (isNamePart(l.text[end]) || l.text[end] == '#' && l.dialect.hash == hashLetter) {
		end++
	}
	if end < len(l.text) && l.text[end] == '\'' {
		switch prefix := l.text[l.pos:end]; {
		case isOneOf(prefix, "N", "B", "X"):
			return l.scanString(end, l.dialect.backslash)
		case isOneOf(prefix, "E") && l.dialect == postgres:
			return l.scanString(end, backslashEscapes)
		case isOneOf(prefix, "Q", "NQ") && l.dialect.quotePrefixes:
			return l.scanOracleString(end)
		}
	}
	return l.takeName(word, end)
}

// takeName takes a name, unless it cannot be one.
func (l *lexer) takeName(kind kind, end int) token {
	text := l.text[l.pos:end]
	if len(text) > maxName || !utf8.ValidString(text) || kind == quotedName && strings.ContainsFunc(text, isControl) {
		kind = literal
	}
	return l.take(kind, end)
}

// scanString reads the string that begins here and whose quote is at open: a prefix may stand between.
func (l *lexer) scanString(open int, rule backslashRule) token {
	end := l.quotedEnd(open+1, l.text[open], rule)
	if l.dialect == postgres && rule == backslashEscapes {
		for next := l.continuation(end); next > 0; next = l.continuation(end) {
			end = l.quotedEnd(next+1, '\'', rule)
		}
	}
	if l.dialect.tripleQuotes && l.tripleEnd(open, end) != end {
		return l.rest()
	}
	return l.take(literal, end)
}

// continuation returns where PostgreSQL goes on with the string that ended at i, 0 if it does not. Over a line break
// the next string is part of the one before, and its backslashes escape as they did there.
func (l *lexer) continuation(i int) int {
	for broken := false; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\n' || c == '\r':
			broken = true
		case isSpace(c):
		case c == '\'' && broken:
			return i
		case strings.HasPrefix(l.text[i:], "--"):
			line := strings.IndexAny(l.text[i:], "\r\n")
			if line < 0 {
				return 0
			}
			i += line - 1 // The line break is next.
		default:
			return 0
		}
	}
	return 0
}

// tripleEnd returns where the string whose quote is at open ends if three quotes begin a string of its own kind, and
// end if there are not three.
func (l *lexer) tripleEnd(open, end int) int {
	const length = len(`'''`)
	if open+length > len(l.text) || l.text[open+1] != l.text[open] || l.text[open+2] != l.text[open] {
		return end
	}
	i := strings.Index(l.text[open+length:], l.text[open:open+length])
	if i < 0 {
		return len(l.text)
	}
	return open + length + i + length
}

// scanOracleString reads q'[…]', whose quote is at open.
func (l *lexer) scanOracleString(open int) token {
	start := open + 2
	if start >= len(l.text) {
		return l.rest()
	}
	closing := l.text[open+1 : start]
	if i := strings.Index("[{(<", closing); i >= 0 {
		closing = "]})>"[i : i+1]
	}
	i := strings.Index(l.text[start:], closing+"'")
	if i < 0 {
		return l.rest()
	}
	return l.take(literal, start+i+2)
}

func (l *lexer) scanDoubleQuote() token {
	if l.dialect.doubleQuote == doubleQuoteString {
		return l.scanString(l.pos, l.dialect.backslash)
	}
	compared := l.dialect.doubleQuote == doubleQuoteEither && l.afterComparison()
	t := l.scanName('"', true)
	if compared && l.at(0) != '.' {
		t.kind = literal
	}
	return t
}

// scanName reads a name in quotes, of which closing is the second.
func (l *lexer) scanName(closing byte, doubled bool) token {
	for end := l.pos + 1; end < len(l.text); end++ {
		if l.text[end] != closing {
			continue
		}
		if doubled && end+1 < len(l.text) && l.text[end+1] == closing {
			end++
			continue
		}
		t := l.takeName(quotedName, end+1)
		if l.dialect == unknown && strings.ContainsAny(t.text, `'"\`) {
			return l.rest()
		}
		return t
	}
	return l.rest()
}

func (l *lexer) scanBracket() token {
	switch l.dialect.bracket {
	case bracketName:
		return l.scanName(']', false)
	case bracketNameDoubled:
		return l.scanName(']', true)
	case bracketUnknown:
		if !isNameStart(l.at(1)) {
			break
		}
		end := l.pos + 1
		for end < len(l.text) && end-l.pos < maxName && (isNamePart(l.text[end]) || l.text[end] == ' ') {
			end++
		}
		if end < len(l.text) && l.text[end] == ']' {
			return l.takeName(quotedName, end+1)
		}
	}
	return l.take(symbol, l.pos+1)
}

func (l *lexer) scanDollar() token {
	if isDigit(l.at(1)) || l.at(1) == '.' && isDigit(l.at(2)) {
		if end := l.ordinalEnd(); end > 0 && !l.dialect.dollarMoney {
			return l.take(placeholder, end)
		}
		return l.take(literal, l.numberEnd(l.pos+1))
	}
	tag := l.pos + 1
	for tag < len(l.text) && isNamePart(l.text[tag]) && l.text[tag] != '$' {
		tag++
	}
	if l.dialect.dollarQuote && tag < len(l.text) && l.text[tag] == '$' {
		delimiter := l.text[l.pos : tag+1]
		i := strings.Index(l.text[tag+1:], delimiter)
		if i < 0 {
			return l.rest()
		}
		return l.take(literal, tag+1+i+len(delimiter))
	}
	if l.dialect.dollarName && tag > l.pos+1 {
		return l.takePlaceholder(tag)
	}
	return l.take(symbol, l.pos+1)
}

func (l *lexer) scanColon() token {
	switch c := l.at(1); {
	case c == ':' || c == '=':
		return l.take(symbol, l.pos+2)
	case isNameStart(c):
		return l.takePlaceholder(l.nameEnd(l.pos + 1))
	case l.dialect.numberedColon && !l.afterOperand() && l.prev.text != "[":
		if end := l.ordinalEnd(); end > 0 {
			return l.take(placeholder, end)
		}
	}
	return l.take(symbol, l.pos+1)
}

func (l *lexer) scanAt() token {
	start := l.pos + 1
	if l.at(1) == '@' {
		start++
	}
	if start < len(l.text) && isNameStart(l.text[start]) {
		return l.takePlaceholder(l.nameEnd(start))
	}
	return l.take(symbol, l.pos+1)
}

func (l *lexer) takePlaceholder(end int) token {
	text := l.text[l.pos:end]
	if len(text) > maxPlaceholder || !utf8.ValidString(text) {
		return l.take(literal, end)
	}
	return l.take(placeholder, end)
}

// quotedEnd returns the end of the string whose content begins at i, or the end of the text if there is none, or
// none that is certain.
func (l *lexer) quotedEnd(i int, quote byte, rule backslashRule) int {
	for ; i < len(l.text); i++ {
		switch l.text[i] {
		case quote:
			if i+1 == len(l.text) || l.text[i+1] != quote {
				return i + 1
			}
			i++
		case '\\':
			if rule == backslashPlain {
				continue
			}
			i++
			if rule == backslashUnknown && i < len(l.text) && l.text[i] == quote {
				return len(l.text)
			}
		}
	}
	return len(l.text)
}

func (l *lexer) nameEnd(i int) int {
	for i < len(l.text) && isNamePart(l.text[i]) {
		i++
	}
	return i
}

// ordinalEnd returns the end of the placeholder that is one byte and a small number, 0 if there is none here.
func (l *lexer) ordinalEnd() int {
	end := l.pos + 1
	for end < len(l.text) && isDigit(l.text[end]) {
		end++
	}
	digits := end - l.pos - 1
	if digits == 0 || digits > maxOrdinal {
		return 0
	}
	if end < len(l.text) && (isNamePart(l.text[end]) || l.text[end] == '.') {
		return 0
	}
	return end
}

// numberEnd returns the end of the number that begins at i. It takes letters as well: nothing that begins with a
// digit is worth showing.
func (l *lexer) numberEnd(i int) int {
	hexadecimal := i+1 < len(l.text) && l.text[i] == '0' && l.text[i+1]|0x20 == 'x'
	for ; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case isNamePart(c), c == '.':
		case (c == '+' || c == '-') && !hexadecimal && l.text[i-1]|0x20 == 'e' && i+1 < len(l.text) && isDigit(l.text[i+1]):
		default:
			return i
		}
	}
	return i
}

// signedEnd returns the end of the number whose sign is here, 0 if this is no sign of a number.
func (l *lexer) signedEnd() int {
	if l.afterOperand() {
		return 0
	}
	i := l.pos + 1
	for i < len(l.text) && isSpace(l.text[i]) {
		i++
	}
	if i < len(l.text) && isDigit(l.text[i]) || i+1 < len(l.text) && l.text[i] == '.' && isDigit(l.text[i+1]) {
		return l.numberEnd(i)
	}
	return 0
}

// afterOperand reports whether what came before ends an operand, so that a sign here is an operator.
func (l *lexer) afterOperand() bool {
	switch l.prev.kind {
	case word:
		return l.prev.keyword == "" || isValue(l.prev.keyword)
	case quotedName, literal, placeholder:
		return true
	case symbol:
		return l.prev.text == ")" || l.prev.text == "]"
	default:
		return false
	}
}

// afterComparison reports whether what came before compares or assigns, so that a value is likely here.
func (l *lexer) afterComparison() bool {
	switch l.prev.kind {
	case symbol:
		return l.prev.text == "=" || l.prev.text == "<" || l.prev.text == ">"
	case word:
		switch l.prev.keyword {
		case "LIKE", "GLOB", "REGEXP", "MATCH", "BETWEEN":
			return true
		}
	}
	return false
}

func isSpace(c byte) bool { return c <= ' ' || c == 0x7f }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isNameStart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c >= utf8.RuneSelf
}
func isNamePart(c byte) bool { return isNameStart(c) || isDigit(c) || c == '$' }
func isControl(r rune) bool  { return r < ' ' || r == 0x7f }

func isOneOf(text string, words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(text, w) {
			return true
		}
	}
	return false
}
