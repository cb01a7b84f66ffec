package transaction

// SetRoute names the endpoint. The last call before the end wins; an empty route changes nothing.
func (t *Transaction) SetRoute(route string) {
	if t == nil || route == "" {
		return
	}
	t.mu.Lock()
	if !t.ended {
		t.route = route
		t.routed++
	}
	t.mu.Unlock()
	if t.binding != nil {
		t.rebind(route)
	}
}

// EndpointNow is [Transaction.Endpoint] while t runs: the route is what is known so far, and empty if nothing is.
func (t *Transaction) EndpointNow() Endpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Endpoint{t.method, t.route}
}

// ClaimRoute announces that the caller is going to find out the route of what it calls. route is what is known so far:
// it names the endpoint if nobody has set or claimed the route before. The claim goes to [Transaction.SettleRoute].
func (t *Transaction) ClaimRoute(route string) (claim int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.routed == 0 && !t.ended && route != "" {
		t.route = route
	}
	t.routed++
	return t.routed
}

// SettleRoute names the endpoint by what find returns, unless the route has been set or claimed since the claim was
// made; claim 0 is made by Begin. When find has nothing to say, the claim is taken back and an earlier one counts.
//
// find is called with t locked, and not at all if there is a later claim: what it reads may be
// changed by whoever claims the route first, in whatever goroutine.
func (t *Transaction) SettleRoute(claim int32, find func() string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.routed != claim {
		return
	}
	if route := find(); route != "" {
		t.route = route
	} else if claim > 0 {
		t.routed--
	}
}
