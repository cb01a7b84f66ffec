package sqltext

// The bounds, which tests reach.
const (
	MaxDatabases  = maxDatabases
	MaxStatements = maxStatements
	MaxText       = maxText
	MaxSummary    = maxSummary
)

// NewDatabase returns a database that no other test shares.
func NewDatabase(system string) *Database { return newDatabase(system, "test") }

// Parse reads a query without interning it: Database and ID are not set.
func Parse(system, query string) Statement { return parse(dialectOf(system), query) }

// Mask returns the Text of Parse.
func Mask(system, query string) string { return Parse(system, query).Text }

// Tokens reads a text to its end and returns the number of its tokens.
func Tokens(system, query string) int {
	l := lexer{dialect: dialectOf(system), text: query}
	n := 0
	for l.next().kind != endOfText {
		n++
	}
	return n
}
