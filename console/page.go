package console

import "time"

// page is one of the console's.
type page struct {
	name    string        // The last segment of its address.
	refresh time.Duration // How often a script renews it; 0 is never.
	// key jumps to it, after a g. Pages without one are reached from a row of another.
	key string
	// parent is the page that leads to it, if it has no key.
	parent   string
	windowed bool   // Its figures are those of the window.
	filtered bool   // Its rows can be searched.
	api      string // Its name in the versioned JSON, if it is part of that.
	content  func(*console, query) (*content, error)
}

// newPages returns all pages, in the order of the navigation.
func newPages() []*page {
	const often, sometimes = time.Second, 5 * time.Second
	return []*page{
		{name: "live", key: "l", refresh: often, api: "live", content: livePage},
		{name: "active", key: "a", refresh: often, filtered: true, api: "active", content: activePage},
		{name: "stack", parent: "active", content: stackPage},
		{name: "endpoints", key: "e", refresh: sometimes, windowed: true, filtered: true, api: "endpoints", content: endpointsPage},
		{name: "endpoint", parent: "endpoints", refresh: sometimes, windowed: true, content: endpointPage},
		{name: "sql", key: "s", refresh: sometimes, windowed: true, filtered: true, api: "statements", content: statementsPage},
		{name: "statement", parent: "sql", refresh: sometimes, windowed: true, content: statementPage},
		{name: "external", key: "x", refresh: sometimes, windowed: true, filtered: true, api: "remotes", content: remotesPage},
		{name: "remote", parent: "external", refresh: sometimes, windowed: true, content: remotePage},
		{name: "traces", key: "t", refresh: sometimes, filtered: true, api: "traces", content: tracesPage},
		{name: "transactions", parent: "live", filtered: true, api: "transactions", content: transactionsPage},
		{name: "scatter", parent: "live", content: scatterPage},
		{name: "trace", parent: "traces", content: tracePage},
		{name: "errors", key: "r", refresh: sometimes, windowed: true, filtered: true, api: "errors", content: errorsPage},
		{name: "error", parent: "errors", refresh: sometimes, windowed: true, content: errorPage},
		{name: "daily", key: "d", refresh: time.Minute, api: "daily", content: dailyPage},
		{name: "deploys", key: "v", refresh: sometimes, api: "deploys", content: deploysPage},
		{name: "runtime", key: "u", refresh: sometimes, api: "runtime", content: runtimePage},
	}
}

// address is the page's own, relative to where the console is mounted.
func (p *page) address() string {
	if p.name == "live" {
		return "./"
	}
	return p.name
}
