package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

//go:embed locale
var locales embed.FS

// language is one catalogue of texts.
type language struct {
	Tag   string
	texts map[string]string
}

// languages are all there are, the default first.
var languages = []*language{newLanguage("en"), newLanguage("ko")}

func newLanguage(tag string) *language {
	l := &language{Tag: tag}
	content, err := locales.ReadFile("locale/" + tag + ".json")
	if err == nil {
		err = json.Unmarshal(content, &l.texts)
	}
	if err != nil {
		panic("console: damaged catalogue: " + err.Error()) // It is part of the program, and a test reads it.
	}
	return l
}

// text returns the text of a key, with args put in as [fmt.Sprintf] does. A key that is missing is its own text.
func (l *language) text(key string, args ...any) string {
	s, ok := l.texts[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// has reports whether there is a text for key.
func (l *language) has(key string) bool { _, ok := l.texts[key]; return ok }

// chooseLanguage returns that of the URL, else the one that the browser likes best.
func chooseLanguage(r *http.Request) *language {
	if l := languageOf(r.URL.Query().Get("lang")); l != nil {
		return l
	}
	best, quality := languages[0], 0.0
	for choice := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, parameter, _ := strings.Cut(strings.TrimSpace(choice), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64)
		}
		if l := languageOf(tag); l != nil && q > quality {
			best, quality = l, q
		}
	}
	return best
}

// languageOf returns the language of a tag such as ko or ko-KR, or nil.
func languageOf(tag string) *language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	for _, l := range languages {
		if l.Tag == primary {
			return l
		}
	}
	return nil
}
