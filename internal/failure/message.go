package failure

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

const (
	// maxRead is how much of a text is looked at, in bytes.
	maxRead = 1 << 10
	// unspeakable is the message of an error that cannot be asked.
	unspeakable = "(its Error method panicked)"
)

// Message returns what an error, or the value of a panic, has to say, masked by [Mask]. A value that has neither a
// text nor a basic type says its type only: its fields may be anything, and may be changing. nil has no message.
func Message(value any) (message string) {
	defer func() {
		if recover() != nil {
			message = unspeakable
		}
	}()
	switch v := value.(type) {
	case nil:
		return ""
	case error:
		return Mask(v.Error())
	case fmt.Stringer:
		return Mask(v.String())
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return Mask(v.String())
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return Mask(fmt.Sprint(value))
	default:
		return v.Type().String()
	}
}

// Mask returns the text of an error without its data, in at most 256 bytes of valid UTF-8 on one line. Two errors that differ in
// their data only have the same mask.
//
// A "?" stands for: what is in quotes; numbers, also as a part of a word; UUIDs, hexadecimal numbers and other long words with
// digits; what follows the scheme of a URL, and the query of a path; the value in key=value; words with an @; all
// that follows the name of a secret. Where it is in doubt what a quote encloses, the rest of the text is gone.
// It takes any text and reads its first KiB only.
func Mask(text string) string {
	if len(text) > maxRead {
		text = text[:maxRead]
		for len(text) > maxRead-utf8.UTFMax && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
	}
	text = strings.ReplaceAll(text, "\x00", " ")
	m := newMasker(text)
	for m.pos < len(m.text) && len(m.out) < maxMessage {
		m.next()
	}
	masked := strings.ToValidUTF8(string(m.out[:min(len(m.out), maxMessage)]), "")
	return strings.TrimRight(masked, " ")
}
