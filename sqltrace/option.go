package sqltrace

// Option changes how a database is seen. The zero set of options is complete.
type Option interface {
	apply(*config)
}

// config is comparable: [Register] knows equal sets of options by it.
type config struct {
	system      string
	namespace   string
	withoutText bool
}

func newConfig(opts []Option) config {
	var c config
	for _, o := range opts {
		o.apply(&c)
	}
	return c
}

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// WithDBSystem sets the db.system.name of the database, a value of the OpenTelemetry conventions such as "mariadb". It
// also decides by which rules query texts are masked. Default: what the driver's package says, else the driver's name,
// else "other_sql", whose texts are masked with the greatest caution.
// Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
func WithDBSystem(system string) Option {
	return optionFunc(func(c *config) { c.system = system })
}

// WithDBName sets the db.namespace of the database, which is the name of its pool as well. Default: the database that
// the data source name says, where it says one, the base name of the file for SQLite.
func WithDBName(name string) Option {
	return optionFunc(func(c *config) { c.namespace = name })
}

// WithoutQueryText keeps the texts of queries, which are masked in any case, out of all telemetry. What is left is
// their summary, such as "SELECT users", and their fingerprint.
func WithoutQueryText() Option {
	return optionFunc(func(c *config) { c.withoutText = true })
}
