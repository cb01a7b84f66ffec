package console

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// maxResponse is how many bytes one response has at most.
const maxResponse = 1 << 20

//go:embed assets
var assets embed.FS

// Handler returns the console of agent. It may be mounted at any path that ends in a slash, with or without
// [http.StripPrefix]; its own requests are in no figure of the agent. It may be called from any number of goroutines.
func Handler(agent *apm.Agent, opts ...Option) http.Handler { return newConsole(agent, opts) }

// console serves the pages.
type console struct {
	config
	pages  []*page
	source *source
	turns  *turns
}

func newConsole(agent *apm.Agent, opts []Option) *console {
	return &console{
		config: newConfig(opts),
		pages:  newPages(),
		source: newSource(agent),
		turns:  newTurns(),
	}
}

func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	apm.Ignore(r.Context())
	if !c.allowed(r) {
		http.NotFound(w, r)
		return
	}
	protect(w.Header())
	at := c.locate(r.URL.Path)
	switch {
	case at.asset != "":
		serveAsset(w, r, at.asset)
	case at.page == nil:
		http.NotFound(w, r)
	default:
		c.servePage(w, r, at)
	}
}

// mediaTypes are fixed: what the machine's own tables say of .js may keep a browser from running it.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	mediaType := mediaTypes[path.Ext(name)]
	content, err := assets.ReadFile("assets/" + name)
	if err != nil || mediaType == "" {
		http.NotFound(w, r)
		return
	}
	write(w, http.StatusOK, mediaType, content)
}

// servePage makes one page in the form that is asked for.
func (c *console) servePage(w http.ResponseWriter, r *http.Request, at location) {
	q, err := newQuery(r, at)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	page, err := c.turns.take(r.Context(), q.key(), func() response { return c.render(q) })
	switch {
	case errors.Is(err, errBusy):
		c.source.refuse()
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	case err != nil: // The client has gone.
		return
	case page.err != nil:
		http.Error(w, page.err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Language", q.lang.Tag)
	w.Header().Set("Vary", "Accept-Language")
	write(w, page.status, at.format.mediaType, page.body)
}

// errNotFound says that what a page is about is not there, or no longer.
var errNotFound = errors.New("console: not found")

func (c *console) render(q query) response {
	began, status := time.Now(), http.StatusOK
	content, err := q.page.content(c, q)
	switch {
	case errors.Is(err, errNotFound):
		content, status = missing(c, q), http.StatusNotFound
	case err != nil:
		return response{err: err}
	}
	out := &limited{limit: maxResponse}
	err = q.format.write(out, &document{
		query: q, content: content, console: c,
		overview: c.source.snapshot(q.window.duration),
	})
	if err != nil {
		return response{err: fmt.Errorf("console: render %s: %w", q.page.name, err)}
	}
	c.source.spend(time.Since(began), out.Len())
	return response{status: status, body: out.Bytes()}
}

// missing is the page in place of one that there is nothing to say on.
func missing(c *console, q query) *content {
	s := section{Key: "missing", Notes: []string{q.lang.text("error.not_found")}}
	if q.page.name == "trace" {
		s.Notes = append(s.Notes, q.lang.text("note.missing"))
	}
	if p := c.page(q.page.parent); p != nil {
		s.Links = []link{{Label: q.lang.text("note.back"), Href: q.link(p.address())}}
	}
	return &content{sections: []section{s}, name: "error", data: s.Notes[0]}
}

func write(w http.ResponseWriter, status int, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // The client has gone: there is nobody to tell.
}

// limited is a buffer that refuses to grow beyond its limit.
type limited struct {
	bytes.Buffer
	limit int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.limit {
		return 0, fmt.Errorf("more than %d bytes; a filter or a shorter window makes it less", l.limit)
	}
	return l.Buffer.Write(p)
}

// format is a form in which a page is given.
type format struct {
	extension string
	mediaType string
	write     func(io.Writer, *document) error
}

var (
	formatHTML = &format{"", "text/html; charset=utf-8", writeHTML}
	formatJSON = &format{".json", "application/json", writeJSON}
	formatCSV  = &format{".csv", "text/csv; charset=utf-8", writeCSV}
	formatText = &format{".txt", "text/plain; charset=utf-8", writeText}
)

// location is what a path names.
type location struct {
	asset  string
	page   *page
	format *format
	id     string
}

// locate reads a path from its end, so that it does not matter where the console is mounted.
func (c *console) locate(p string) location {
	segments := strings.Split(p, "/")
	last := segments[len(segments)-1]
	below := func(folders ...string) bool {
		n := len(segments) - 1 - len(folders)
		if n < 0 {
			return false
		}
		for i, f := range folders {
			if segments[n+i] != f {
				return false
			}
		}
		return true
	}
	switch {
	case below("assets"):
		return location{asset: last}
	case below("api", "v1", "traces") && last != "":
		return location{page: c.page("trace"), format: formatJSON, id: last}
	case below("api", "v1"):
		for _, p := range c.pages {
			if p.api == last && last != "" {
				return location{page: p, format: formatJSON}
			}
		}
		return location{}
	case last == "":
		return location{page: c.page("live"), format: formatHTML}
	}
	for _, f := range []*format{formatJSON, formatCSV, formatText} {
		if name, ok := strings.CutSuffix(last, f.extension); ok {
			return location{page: c.page(name), format: f}
		}
	}
	return location{page: c.page(last), format: formatHTML}
}

// page returns the page of a name, or nil.
func (c *console) page(name string) *page {
	for _, p := range c.pages {
		if p.name == name {
			return p
		}
	}
	return nil
}
