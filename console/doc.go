// Package console is the live page of a service that has no other backend: which endpoint is called, which is slow and
// why, what hangs now, and what today looks like beside yesterday.
//
// [Serve] gives it a listener of its own; [Handler] is a part of the program's own server, wherever that mounts it.
//
// Every page is rendered on the server and complete without JavaScript; scripts only renew, sort and draw. The state of
// a page is its URL, so that a link shows another person the same. Each page is also there as data: the same
// address with .json, .csv or .txt at its end, and as versioned JSON below api/v1/.
//
// Figures are those of the window in the URL (window=1m, 5m, 15m, 1h, 6h, 24h, 48h or all, the time since the start; without it 15
// minutes). Errors too: only those are listed that happened in it, with their number in it (count in JSON and CSV) and since the start
// (total, since_start).
//
// # Cost
//
// At most two pages are made at once, and of each window the agent is asked once a second, however many look. Who asks for the same page at
// the same time gets the same one. Pages take at most 0.5 % of the processors when they are asked for without end, and a little more at
// once when they are not: so a thousand who ask without end add no more than 3 % to the CPU time of a busy service. Who does not get
// his turn within eight seconds is told 503 with Retry-After. The Runtime page says what the console has taken.
//
// # Access
//
// A page like this tells much about a service. So only the same machine may see it: the peer of the connection must be
// a loopback address or a Unix socket, no header may tell of a proxy in between, and the Host must be a name of the
// loopback, because a foreign web page can make its own name point there. [WithAuth] replaces these three rules by
// one's own. Whatever the rules, only GET and HEAD are served, requests of scripts of other sites are refused, and
// refused means 404. Shown are routes, masked statements and figures: no paths, query values, headers, literals,
// environment or credentials.
package console
