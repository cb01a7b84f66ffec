package exporter

import (
	"log/slog"
	"sync"
	"sync/atomic"
)

// Stats tells what became of the telemetry since the start.
type Stats struct {
	// Traces counts spans.
	Traces SignalStats
	// Metrics counts exports. A failed one loses nothing: what it held is in the next.
	Metrics SignalStats
}

// SignalStats counts spans or exports, see [Stats].
type SignalStats struct {
	// Sent were accepted by the receiver.
	Sent uint64
	// Failed were given up after an error.
	Failed uint64
	// Dropped were never tried: the buffer was full, or the exporter had been shut down.
	Dropped uint64
	// Queued are waiting.
	Queued int
	// Rejected counts exports that the receiver accepted but for a part.
	Rejected uint64
	// Retries counts further attempts after a connection could not be made, or was found closed.
	Retries uint64
}

// outcome counts what became of a signal's exports, and logs the first success and the first failure.
type outcome struct {
	logger      *slog.Logger
	signal      signal
	destination string

	sent, failed, dropped, rejected, retries atomic.Uint64
	logSuccess, logFailure                   sync.Once
}

func newOutcome(l *slog.Logger, s signal, destination string) *outcome {
	return &outcome{logger: l, signal: s, destination: destination}
}

// exported counts one export of n items that ended with err. It returns nil if it was accepted, also in part.
func (o *outcome) exported(n int, accepted bool, err error) error {
	if err != nil {
		o.logFailure.Do(func() {
			o.logger.Warn("exporter: first failed export; further ones are only counted",
				"signal", o.signal, "destination", o.destination, "error", err)
		})
	}
	if err != nil && !accepted {
		o.failed.Add(uint64(n))
		return err
	}
	if err != nil {
		o.rejected.Add(1)
	}
	o.sent.Add(uint64(n))
	o.logSuccess.Do(func() {
		o.logger.Info("exporter: first successful export", "signal", o.signal, "destination", o.destination)
	})
	return nil
}

func (o *outcome) stats() SignalStats {
	return SignalStats{
		Sent:     o.sent.Load(),
		Failed:   o.failed.Load(),
		Dropped:  o.dropped.Load(),
		Rejected: o.rejected.Load(),
		Retries:  o.retries.Load(),
	}
}
