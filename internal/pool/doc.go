// Package pool is the process-wide list of connection pools: sqltrace writes it, whoever exports statistics reads it.
// It does not keep a [sql.DB] alive.
package pool
