package frameworks_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

// newGin returns a service whose handlers pass *gin.Context itself on. Without ContextWithFallback it has none of the
// values of the request's context.
func newGin(t *testing.T, b backend) http.Handler {
	gin.SetMode(gin.ReleaseMode) // Else it prints its routes.
	engine := gin.New()
	for _, name := range names {
		engine.GET("/"+name+"/:id", func(c *gin.Context) {
			daybookhttp.SetRoute(c.Request.Context(), c.FullPath())
			b.query(c, t, name)
			b.update(c, t, name)
			b.get(c, t)
		})
	}
	return engine
}

var ginWork = work{
	route:      "GET /{name}/:id",
	statements: []string{"SELECT amount FROM {name}", "UPDATE {name} SET amount = ?"},
	external:   1,
}

func TestGin(t *testing.T) {
	b := newBackend(t)
	agent := start(t, apm.WithGoroutineLabels())
	load(t, newGin(t, b))
	if diff := cmp.Diff(ginWork.attributed(), accounts(agent)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGinWithoutOption(t *testing.T) {
	b := newBackend(t)
	agent := start(t)
	load(t, newGin(t, b))
	if diff := cmp.Diff(ginWork.stray(), accounts(agent)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
