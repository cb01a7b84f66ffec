package apm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/daybook-apm/daybook/internal/semconv"
)

// newResource describes the process. Command line and owner are left out: command lines carry secrets.
// Of one key the last wins: detected, from the environment, from options.
func newResource(ctx context.Context, c config) (*resource.Resource, error) {
	defaults := []attribute.KeyValue{
		semconv.ServiceName.String("unknown_service:" + filepath.Base(os.Args[0])),
		// Instances of one service must not share a series, and a host may run many.
		semconv.ServiceInstanceID.String(uuid.NewString()),
	}
	if v := buildVersion(); v != "" {
		defaults = append(defaults, semconv.ServiceVersion.String(v))
	}
	var chosen []attribute.KeyValue
	for _, a := range []attribute.KeyValue{
		semconv.ServiceName.String(c.serviceName),
		semconv.ServiceVersion.String(c.serviceVersion),
		semconv.DeploymentEnvironment.String(c.environment),
	} {
		if a.Value.AsString() != "" {
			chosen = append(chosen, a)
		}
	}
	r, err := resource.New(ctx,
		resource.WithSchemaURL(semconv.SchemaURL),
		resource.WithAttributes(defaults...),
		resource.WithHost(),
		resource.WithOSType(),
		resource.WithContainerID(),
		resource.WithProcessPID(),
		resource.WithProcessExecutableName(),
		resource.WithProcessRuntimeName(),
		resource.WithProcessRuntimeVersion(),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(),
		resource.WithAttributes(chosen...),
		resource.WithAttributes(c.resource...),
	)
	// A container or a host that cannot be found out is no reason not to start.
	if errors.Is(err, resource.ErrPartialResource) || errors.Is(err, resource.ErrSchemaURLConflict) {
		err = nil
	}
	return r, err
}

// buildVersion returns the version of the main module, else the revision it was built from.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

func resourceValue(r *resource.Resource, key attribute.Key) string {
	v, _ := r.Set().Value(key)
	return v.AsString()
}
