package apm

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// defaultRatio is the part of transactions without a parent that is sampled.
const defaultRatio = 0.01

// environment is what Start reads of the environment by itself; the exporters and the resource read the rest.
type environment struct {
	disabled   bool
	sampling   sampling
	propagator propagation.TextMapPropagator
	w3c        bool
	traces     string // otlp, console or none.
	metrics    string
	stateDir   string
}

// sampling is the decision on live spans.
type sampling struct {
	root         string // The setting it comes from, for error messages.
	ratio        float64
	ignoreParent bool
}

// String returns the name of the sampler in OTEL_TRACES_SAMPLER.
func (s sampling) String() string {
	name := "traceidratio"
	switch s.ratio {
	case 0:
		name = "always_off"
	case 1:
		name = "always_on"
	}
	if s.ignoreParent {
		return name
	}
	return "parentbased_" + name
}

func (s sampling) sampler() transaction.Sampler {
	return transaction.NewSampler(s.ratio, s.ignoreParent)
}

// sdk is the same decision for spans that the program begins by itself.
func (s sampling) sdk() sdktrace.Sampler {
	root := sdktrace.TraceIDRatioBased(s.ratio)
	if s.ignoreParent {
		return root
	}
	return sdktrace.ParentBased(root)
}

func readEnvironment() (environment, error) {
	var e environment
	var errs []error
	var err error
	if v := os.Getenv("OTEL_SDK_DISABLED"); v != "" {
		e.disabled = strings.EqualFold(v, "true")
	}
	e.stateDir = os.Getenv("DAYBOOK_STATE_DIR")
	if e.sampling, err = readSampler(); err != nil {
		errs = append(errs, err)
	}
	if e.propagator, e.w3c, err = readPropagators(); err != nil {
		errs = append(errs, err)
	}
	if e.traces, err = readExporter("TRACES"); err != nil {
		errs = append(errs, err)
	}
	if e.metrics, err = readExporter("METRICS"); err != nil {
		errs = append(errs, err)
	}
	return e, errors.Join(errs...)
}

// samplers are the accepted values of OTEL_TRACES_SAMPLER: the ratio if it takes none, and whether the parent is ignored.
// Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
var samplers = []struct {
	name         string
	ratio        float64
	takesRatio   bool
	ignoreParent bool
}{
	{"always_on", 1, false, true},
	{"always_off", 0, false, true},
	{"traceidratio", 1, true, true},
	{"parentbased_always_on", 1, false, false},
	{"parentbased_always_off", 0, false, false},
	{"parentbased_traceidratio", 1, true, false},
}

func readSampler() (sampling, error) {
	const variable, argument = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
	name, arg := strings.ToLower(strings.TrimSpace(os.Getenv(variable))), strings.TrimSpace(os.Getenv(argument))
	if name == "" {
		// The argument alone is an obvious wish as well.
		if arg == "" {
			return sampling{variable, defaultRatio, false}, nil
		}
		name = "parentbased_traceidratio"
	}
	names := make([]string, len(samplers))
	for i, s := range samplers {
		names[i] = s.name
		if s.name != name {
			continue
		}
		ratio := s.ratio
		if s.takesRatio && arg != "" {
			var err error
			if ratio, err = strconv.ParseFloat(arg, 64); err != nil || !validRatio(ratio) {
				return sampling{}, fmt.Errorf("%s=%q: want a number from 0 to 1", argument, arg)
			}
		}
		return sampling{variable, ratio, s.ignoreParent}, nil
	}
	return sampling{}, fmt.Errorf("%s=%q: want one of %s", variable, name, strings.Join(names, ", "))
}

func validRatio(r float64) bool { return r >= 0 && r <= 1 }

func readPropagators() (p propagation.TextMapPropagator, w3c bool, err error) {
	const variable = "OTEL_PROPAGATORS"
	var names []string
	for name := range strings.SplitSeq(os.Getenv(variable), ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = []string{"tracecontext", "baggage"}
	}
	w3c = len(names) == 2 && slices.Contains(names, "tracecontext") && slices.Contains(names, "baggage")
	p, err = autoprop.TextMapPropagator(names...)
	if err != nil {
		return nil, false, fmt.Errorf(
			"%s=%q: want a list of tracecontext, baggage, b3, b3multi, jaeger, xray, ottrace, or none: %w",
			variable, os.Getenv(variable), err)
	}
	return p, w3c, nil
}

// readExporter returns which exporter a signal has. Without a variable that asks for one it is none: the library
// never sends anything anywhere that nobody has named.
func readExporter(signal string) (string, error) {
	variable := "OTEL_" + signal + "_EXPORTER"
	switch v := strings.ToLower(strings.TrimSpace(os.Getenv(variable))); v {
	case "otlp", "console", "none":
		return v, nil
	case "":
	default:
		return "", fmt.Errorf("%s=%q: want otlp, console or none", variable, os.Getenv(variable))
	}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != "" {
		return "otlp", nil
	}
	return "none", nil
}

// check rejects options that cannot be meant.
func (c config) check() error {
	var errs []error
	if !validRatio(c.sampling.ratio) {
		errs = append(errs, fmt.Errorf("%s(%v): want a number from 0 to 1", c.sampling.root, c.sampling.ratio))
	}
	if c.slow <= 0 {
		errs = append(errs, fmt.Errorf("WithSlowThreshold(%v): want a duration above zero", c.slow))
	}
	for route, d := range c.slowRoutes {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("WithRouteThreshold(%q, %v): want a duration above zero", route, d))
		}
	}
	if c.maxEndpoints <= 0 {
		errs = append(errs, fmt.Errorf("WithMaxEndpoints(%d): want a number above zero", c.maxEndpoints))
	}
	return errors.Join(errs...)
}
