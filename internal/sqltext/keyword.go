package sqltext

// keywords are the words that the masker and the summary act upon. The list is closed: whatever is named after a
// keyword has few values, also for a text that is no SQL.
var keywords = keywordSet(
	// Operations, as a statement begins with them.
	"ABORT", "ALTER", "ANALYZE", "ATTACH", "BEGIN", "CALL", "CHECKPOINT", "CLOSE", "COMMENT", "COMMIT", "COPY",
	"CREATE", "DEALLOCATE", "DECLARE", "DELETE", "DESC", "DESCRIBE", "DETACH", "DISCARD", "DO", "DROP", "END", "EXEC",
	"EXECUTE", "EXPLAIN", "FETCH", "FLUSH", "GRANT", "INSERT", "KILL", "LISTEN", "LOAD", "LOCK", "MERGE", "NOTIFY",
	"OPTIMIZE", "PRAGMA", "PREPARE", "REFRESH", "REINDEX", "RELEASE", "RENAME", "REPLACE", "RESET", "REVOKE",
	"ROLLBACK", "SAVEPOINT", "SELECT", "SET", "SHOW", "START", "TRUNCATE", "UNLISTEN", "UNLOCK", "UPDATE", "UPSERT",
	"USE", "VACUUM", "VALUES", "WITH",
	// What CREATE, ALTER, DROP and TRUNCATE are for.
	"DATABASE", "EXTENSION", "FUNCTION", "INDEX", "POLICY", "PROCEDURE", "ROLE", "SCHEMA", "SEQUENCE", "TABLE",
	"TABLES", "TRIGGER", "TYPE", "USER", "VIEW",
	// Words between an operation and its target, and words before one.
	"APPLY", "CONCURRENTLY", "DELAYED", "EXISTS", "FROM", "HIGH_PRIORITY", "IF", "IGNORE", "INTO", "JOIN", "LATERAL",
	"LOW_PRIORITY", "MATERIALIZED", "NOT", "ONLY", "OR", "OVERWRITE", "QUICK", "RECURSIVE", "STRAIGHT_JOIN", "USING",
	// Words after which there is no target any more, or an operand follows.
	"ALL", "AND", "AS", "BETWEEN", "BY", "CASE", "DISTINCT", "ELSE", "ESCAPE", "EXCEPT", "FIRST", "FOR", "GLOB",
	"GROUP", "HAVING", "IN", "INTERSECT", "INTERVAL", "IS", "LIKE", "LIMIT", "MATCH", "NEXT", "OFFSET", "ON", "ORDER",
	"REGEXP", "RETURN", "RETURNING", "THEN", "TO", "TOP", "UNION", "WHEN", "WHERE", "WINDOW",
	// What a list may be made of.
	"ARRAY", "DEFAULT", "FALSE", "NULL", "ROW", "TRUE",
)

// maxKeyword is the length of the longest keyword.
const maxKeyword = len("STRAIGHT_JOIN")

func keywordSet(words ...string) map[string]string {
	set := make(map[string]string, len(words))
	for _, w := range words {
		set[w] = w
	}
	return set
}

// keywordOf returns text in upper case if it is a keyword, else nothing.
func keywordOf(text string) string {
	if len(text) > maxKeyword {
		return ""
	}
	var buffer [maxKeyword]byte
	upper := buffer[:len(text)]
	for i := range upper {
		c := text[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	return keywords[string(upper)]
}

// isValue reports whether a keyword is an operand by itself.
func isValue(keyword string) bool {
	switch keyword {
	case "DEFAULT", "END", "FALSE", "NULL", "TRUE":
		return true
	}
	return false
}
