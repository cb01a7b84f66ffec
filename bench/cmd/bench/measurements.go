package main

// measurements is all that one run has measured. Parts that were left out are empty.
type measurements struct {
	contestants []contestant
	works       []work
	loads       loads
	memory      memory
	sockets     sockets
	scaling     scaling
}
