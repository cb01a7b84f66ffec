// Package sqltext reads SQL: it masks every literal of a text, so that it may leave the process, and says in a few
// words what the text does. [Open] gives the [Database] whose dialect is to be read, [Database.Statement] the
// [Statement] of a text; both are the same pointers whenever the same is asked for, so that they are cheap keys.
//
// One lexer reads a text once, from front to back, and never looks back further than a token. It is no parser: it
// knows what ends a string or a comment in each dialect, and that is what masking needs to be right. Where it cannot
// know (an unknown dialect, in which 'it\' may or may not end a string), it masks all the rest.
//
// Sources: the database span conventions, "Sanitization of db.query.text" and "Generating a summary of the query"
// (https://opentelemetry.io/docs/specs/semconv/db/database-spans/), and the lexical rules of PostgreSQL
// (https://www.postgresql.org/docs/current/sql-syntax-lexical.html), MySQL
// (https://dev.mysql.com/doc/refman/en/language-structure.html), SQLite (https://www.sqlite.org/lang.html) and
// SQL Server.
package sqltext
