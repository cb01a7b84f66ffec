// Package sqltrace observes databases that are used through database/sql: each statement, its rows and its time are
// entered into the transaction of the request that runs it.
//
// [Open] takes the place of [sql.Open] and [OpenDB] that of [sql.OpenDB]; nothing else changes. For libraries that
// open databases themselves there are [Register], [WrapDriver] and [WrapConnector]. The observed driver does what the bare
// one does: package sql makes the same calls with the same results, and errors are the driver's own values. While
// no agent runs, statements go to the driver without a detour.
//
// # Pass the context
//
// A statement belongs to the transaction of its context, so use QueryContext, ExecContext and the like with the context
// of the request. A prepared statement belongs to the context of each execution, not to that of the preparation. Within
// an SQL transaction, what has no context of a request belongs to the one that BeginTx had. Everything else is counted
// under "(no transaction)".
//
// # What is counted
//
// One Query or Exec by the caller is one call, whatever the driver does underneath:
//
//   - If the driver answers driver.ErrSkip and package sql prepares the statement instead, that is still one call, and no
//     error. If this preparation fails, the call has failed.
//   - If the driver answers driver.ErrBadConn, package sql tries again with another connection, three times in all. Only
//     the last attempt is counted. Outside of a request's transaction attempts cannot be told from each other and none of
//     those is counted; within an SQL transaction, where nothing is tried again, each one is. (On a [sql.Conn] nothing
//     is tried again either, but a driver cannot see that.)
//   - A call whose rows cannot be read to their end, or closed, without an error has failed.
//   - Rows are the rows read, or those that an Exec affected, if the driver's result has them at hand: it is
//     [driver.RowsAffected] or from a driver known for it (those of PostgreSQL, MySQL and SQLite).
//   - The time of a call is the time the driver needs to answer. The time in Rows.Next, NextResultSet and Close is fetch
//     time; what the caller does between them is the caller's.
//   - Connecting, pinging, preparing, beginning, committing and rolling back are SQL time, but no
//     calls. If they fail, that is counted as an error of the endpoint, unless package sql tries again. The end of an SQL
//     transaction belongs to the request that began it.
//   - Waiting for a connection of the pool is not seen by a driver: it is time of the application. The pool's own
//     statistics show the waits, see [RegisterStats]. Closing a prepared statement is not timed either.
//
// Rows that are read after the end of their transaction, and statements that are executed then, still count for
// their statement.
//
// Failed calls have an error.type: canceled or timeout if the context was the reason, else the SQLSTATE, the error number
// of MySQL and SQL Server or the code of SQLite, bad_connection, else the Go type of the error. The texts of errors
// are never read.
//
// # What leaves the process
//
// Query texts with all literals masked, and their summaries, such as "SELECT users". [WithoutQueryText] keeps even the
// masked texts back. Arguments are never read. The name of the database is taken from the data source name where
// that is safe; nothing else of it is kept, least of all a password.
//
// # The driver's own connection
//
// [sql.Conn.Raw] gives the observed connection, as it does with any driver that is wrapped. It has a method Raw,
// which returns the driver's own:
//
//	err := conn.Raw(func(c any) error {
//		if observed, ok := c.(interface{ Raw() driver.Conn }); ok {
//			c = observed.Raw()
//		}
//		return c.(*stdlib.Conn).Conn().Ping(ctx) // For instance that of pgx.
//	})
//
// What is done with it is not observed. [sql.DB.Driver] returns the driver's own.
package sqltrace
