package sqltrace

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"

	"github.com/daybook-apm/daybook/internal/pool"
)

// RegisterStats has the pool of db observed each time metrics are collected: db.client.connection.count
// ({connection}, with db.client.connection.state idle or used), the most connections that it may open, and how
// often and for how long connections were waited for. All have db.client.connection.pool.name: the name given by
// [WithDBName], else the database system, with a number if the name is taken. Other options mean nothing here.
//
// [Open] and [OpenDB] do it by themselves; for those a second registration changes nothing. Call stop before
// closing db; a second call does nothing. Nothing here keeps db alive. It returns an error, and a stop that does nothing,
// if db is nil or 100 pools are registered; db works as before.
// Source: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
func RegisterStats(db *sql.DB, opts ...Option) (stop func(), err error) {
	if db == nil {
		return func() {}, errors.New("sqltrace: register stats: the database is nil")
	}
	c := newConfig(opts)
	name := cmp.Or(c.namespace, c.system)
	if name == "" {
		name = productOf(ownDriver(db.Driver()), "").system
	}
	return registerStats(db, name)
}

func registerStats(db *sql.DB, name string) (stop func(), err error) {
	stop, ok := pool.Register(db, name)
	if !ok {
		return stop, fmt.Errorf("sqltrace: register stats: %d pools are registered already", pool.Max)
	}
	return stop, nil
}
