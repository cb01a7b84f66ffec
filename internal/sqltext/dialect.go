package sqltext

// A dialect is what the lexer must know of a database system.
type dialect struct {
	// system is the db.system.name under which the dialect's overflow account goes.
	system string

	backslash    backslashRule
	doubleQuote  doubleQuoteRule
	hash         hashRule
	nested       nestingRule // Comments in comments.
	backtickName bool        // `…` is a name; else ` is an operator.
	bracket      bracketRule

	dollarQuote   bool // $tag$…$tag$ is a string.
	dollarMoney   bool // $1.50 is a number; else $1 is a placeholder.
	dollarName    bool // $name is a placeholder.
	numberedMarks bool // ?1 is a placeholder.
	numberedColon bool // :1 is a placeholder.

	dashNeedsSpace bool // -- begins a comment only before white space.
	returnEndsLine bool // A lone carriage return ends a -- comment.
	quotePrefixes  bool // q'[…]' is Oracle's string.
	tripleQuotes   bool // '''…''' is a string of its own kind.
}

// A backslashRule says what a backslash does in a string.
type backslashRule uint8

const (
	backslashPlain   backslashRule = iota // Nothing.
	backslashEscapes                      // It escapes what follows.
	backslashUnknown                      // One or the other.
)

// A doubleQuoteRule says what "…" is.
type doubleQuoteRule uint8

const (
	doubleQuoteName   doubleQuoteRule = iota
	doubleQuoteString                 // Also where it is a name in truth, but nobody can be sure.
	doubleQuoteEither                 // A name, but a string where no column has that name: SQLite.
)

// A hashRule says what # is.
type hashRule uint8

const (
	hashOperator hashRule = iota
	hashComment           // To the end of the line.
	hashLetter            // A letter of a name.
	hashUnknown           // One or the other.
)

// A nestingRule says what a comment in a comment does.
type nestingRule uint8

const (
	nestingNone    nestingRule = iota // The first */ ends both.
	nestingCounts                     // Each */ ends one.
	nestingUnknown                    // One or the other.
)

// A bracketRule says what […] is.
type bracketRule uint8

const (
	bracketOperator bracketRule = iota // A subscript or an array.
	bracketName
	bracketNameDoubled // A name, in which ]] is a bracket.
	bracketUnknown     // A name if it looks like one.
)

var (
	postgres = &dialect{
		system: "postgresql",
		nested: nestingCounts, dollarQuote: true, returnEndsLine: true,
	}
	mysql = &dialect{
		system:    "mysql",
		backslash: backslashEscapes, doubleQuote: doubleQuoteString, hash: hashComment, backtickName: true,
		dashNeedsSpace: true,
	}
	sqlite = &dialect{
		system:      "sqlite",
		doubleQuote: doubleQuoteEither, backtickName: true, bracket: bracketName,
		dollarName: true, numberedMarks: true, numberedColon: true,
	}
	sqlserver = &dialect{
		system:      "microsoft.sql_server",
		doubleQuote: doubleQuoteString, hash: hashLetter, nested: nestingCounts, bracket: bracketNameDoubled,
		dollarMoney: true,
	}
	unknown = &dialect{
		system:    "other_sql",
		backslash: backslashUnknown, doubleQuote: doubleQuoteString, hash: hashUnknown, nested: nestingUnknown,
		backtickName: true, bracket: bracketUnknown,
		dollarQuote: true, dollarName: true, numberedColon: true, quotePrefixes: true, tripleQuotes: true,
	}
)

var dialects = []*dialect{postgres, mysql, sqlite, sqlserver, unknown}

// dialectOf returns the dialect of a db.system.name.
func dialectOf(system string) *dialect {
	switch system {
	case "postgresql", "cockroachdb", "aws.redshift":
		return postgres
	case "mysql", "mariadb":
		return mysql
	case "sqlite":
		return sqlite
	case "microsoft.sql_server":
		return sqlserver
	default:
		return unknown
	}
}
