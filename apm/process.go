package apm

import (
	"context"
	"os"

	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/process"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/daybook-apm/daybook/internal/semconv"
)

// observeProcess registers process.cpu.time (s, by cpu.mode), process.memory.usage (By, resident),
// process.unix.file_descriptor.count and apm.filesystem.free (By): a full disk is the quietest way to lose a service.
// What the platform does not tell is left out.
// Source: https://opentelemetry.io/docs/specs/semconv/system/process-metrics/
func observeProcess(m metric.Meter) error {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return err
	}
	cpu, err := m.Float64ObservableCounter("process.cpu.time", metric.WithUnit("s"),
		metric.WithDescription("Total CPU seconds broken down by different CPU modes."))
	if err != nil {
		return err
	}
	memory, err := m.Int64ObservableUpDownCounter("process.memory.usage", metric.WithUnit("By"),
		metric.WithDescription("The amount of physical memory in use."))
	if err != nil {
		return err
	}
	files, err := m.Int64ObservableUpDownCounter("process.unix.file_descriptor.count", metric.WithUnit("{file_descriptor}"),
		metric.WithDescription("Number of unix file descriptors in use by the process."))
	if err != nil {
		return err
	}
	free, err := m.Int64ObservableGauge("apm.filesystem.free", metric.WithUnit("By"),
		metric.WithDescription("Free space of the file system that holds the directory."))
	if err != nil {
		return err
	}
	user := metric.WithAttributes(semconv.CPUMode.String("user"))
	system := metric.WithAttributes(semconv.CPUMode.String("system"))
	_, err = m.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		if t, err := self.TimesWithContext(ctx); err == nil {
			o.ObserveFloat64(cpu, t.User, user)
			o.ObserveFloat64(cpu, t.System, system)
		}
		if usage, err := self.MemoryInfoWithContext(ctx); err == nil {
			o.ObserveInt64(memory, int64(usage.RSS))
		}
		if n, err := self.NumFDsWithContext(ctx); err == nil {
			o.ObserveInt64(files, int64(n))
		}
		for _, d := range directories() {
			if usage, err := disk.UsageWithContext(ctx, d.path); err == nil {
				o.ObserveInt64(free, int64(usage.Free), metric.WithAttributes(d.name))
			}
		}
		return nil
	}, cpu, memory, files, free)
	return err
}

type directory struct {
	name attribute.KeyValue
	path string
}

// directories are those that a service writes to without being told. Their
// paths stay here: they say more about the host than a metric should.
func directories() []directory {
	list := []directory{{semconv.DirectoryKey.String("temporary"), os.TempDir()}}
	if wd, err := os.Getwd(); err == nil {
		list = append(list, directory{semconv.DirectoryKey.String("working"), wd})
	}
	return list
}
