package apm

import (
	"fmt"
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// globals remembers which of OpenTelemetry's globals are ours, to give them back.
type globals struct {
	tracing, metering, propagating bool
}

// set makes the agent's providers the global ones. What the program has set by itself is left alone.
func (g *globals) set(a *Agent, env environment) {
	var kept []string
	if g.tracing = untouched(otel.GetTracerProvider()); g.tracing {
		otel.SetTracerProvider(a.core.TracerProvider)
	} else {
		kept = append(kept, "tracer provider")
	}
	if g.metering = untouched(otel.GetMeterProvider()); g.metering {
		otel.SetMeterProvider(a.metering)
	} else {
		kept = append(kept, "meter provider")
	}
	if g.propagating = untouched(otel.GetTextMapPropagator()); g.propagating {
		otel.SetTextMapPropagator(env.propagator)
	} else {
		kept = append(kept, "propagator")
	}
	if len(kept) > 0 {
		a.logger.Info("daybook: the program's own global OpenTelemetry "+strings.Join(kept, ", ")+" is left alone",
			slog.String("avoid", "call apm.Start first, or apm.WithoutGlobals"))
	}
}

// reset takes the agent's providers out of the globals. A provider that was shut down must not stay
// there: it would hide from a second Start that nobody has set it.
func (g *globals) reset() {
	if g.tracing {
		otel.SetTracerProvider(tracenoop.NewTracerProvider())
	}
	if g.metering {
		otel.SetMeterProvider(metricnoop.NewMeterProvider())
	}
	if g.propagating {
		otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())
	}
	*g = globals{}
}

// untouched reports whether a global is still what it was when the program began, or what reset left there.
func untouched(global any) bool {
	switch name := fmt.Sprintf("%T", global); name {
	case "*global.tracerProvider", "*global.meterProvider", "*global.textMapPropagator":
		return true
	case "noop.TracerProvider", "noop.MeterProvider":
		return true
	}
	p, ok := global.(propagation.TextMapPropagator)
	return ok && len(p.Fields()) == 0
}
