package sqltext

import (
	"slices"
	"strings"
)

const (
	// maxSummary is the longest summary, in bytes (the conventions say 255 characters). No operation or target is
	// cut in two.
	maxSummary = 255
	// maxLocals is how many names of common table expressions a text can have that are not taken for tables.
	maxLocals = 32
)

// A summary collects the operations of a text and what they are applied to, in their order:
//
//	SELECT users orders
//	INSERT shipping_details SELECT orders
//	CREATE TABLE public.users
//
// Operations are keywords in upper case; targets are as they were written, without their quotes where they need
// none. The name of a common table expression is no target: it means nothing outside the text.
type summary struct {
	dialect *dialect

	text      []byte
	operation string // The first outside of brackets, or else the first.
	outermost bool   // The operation was found outside of brackets.

	scope  scope
	outer  []scope  // The scopes of the brackets that are open.
	locals []string // Names of common table expressions.
	prev   token

	name   []byte // The target being read, with the names that qualify it.
	dotted bool   // The name goes on.
	full   bool
}

// A scope is what is known between two brackets.
type scope struct {
	verb   string // The operation whose clauses these are.
	object string // What is created, altered or dropped.
	mark   int    // The length of the summary just after the verb.

	start   bool // A statement may begin here.
	query   bool // WITH may begin a query here.
	target  bool // A name here is a target.
	more    bool // After a comma there is another target.
	joined  bool // There was a JOIN: USING names columns.
	with    bool // In the list of common table expressions.
	naming  bool // The next name is that of one of them.
	defines bool // These brackets are around one of them.
}

func newSummary(d *dialect) summary { return summary{dialect: d, scope: scope{start: true}} }

func (s *summary) add(t token) {
	if s.continuesName(t) {
		s.prev = t
		return
	}
	s.endName()
	switch t.kind {
	case word:
		s.addWord(t)
	case quotedName:
		s.addName(t)
		s.scope.start = false
	case symbol:
		s.addSymbol(t)
	default:
		s.scope.target, s.scope.start = false, false
	}
	s.scope.query = t.kind == symbol && t.text == "("
	s.prev = t
}

// end must be called after the last token.
func (s *summary) end() { s.endName() }

func (s *summary) addSymbol(t token) {
	switch t.text {
	case "(":
		s.enter()
	case ")":
		s.leave()
	case ",":
		s.scope.target = s.scope.more
		s.scope.naming = s.scope.with
		if s.scope.with {
			s.scope.start = false
		}
	case ";":
		s.scope, s.outer, s.locals = scope{start: true}, s.outer[:0], s.locals[:0]
	case "{": // ODBC's {call …}.
	default:
		s.scope.target, s.scope.start = false, false
	}
}

func (s *summary) enter() {
	inner := scope{}
	switch {
	case s.scope.with && (s.prev.keyword == "AS" || s.prev.keyword == "MATERIALIZED"):
		inner = scope{start: true, defines: true}
	case s.scope.with && s.prev.keyword == "WITH":
		s.scope.with, s.scope.naming = false, false // SQL Server's hints.
	case s.scope.target:
		inner = scope{verb: s.scope.verb, mark: s.scope.mark, target: true, more: true}
	case s.scope.start && s.scope.verb == "":
		inner = scope{start: true} // (SELECT …) UNION (SELECT …)
	}
	s.scope.target = false
	s.outer = append(s.outer, s.scope)
	s.scope = inner
}

func (s *summary) leave() {
	if len(s.outer) == 0 {
		return
	}
	defines := s.scope.defines
	s.scope = s.outer[len(s.outer)-1]
	s.outer = s.outer[:len(s.outer)-1]
	if defines {
		s.scope.start = true
	}
}

func (s *summary) addWord(t token) {
	k := t.keyword
	switch {
	case s.scope.naming:
		if k != "RECURSIVE" {
			s.addLocal(t.text)
		}
		return
	case k == "":
		s.addName(t)
		s.scope.start = s.scope.start && s.scope.verb == "EXPLAIN"
		return
	case s.scope.target && isModifier(k, s.prev.keyword):
		return
	case k == "SELECT" && s.scope.verb != "GRANT" && s.scope.verb != "REVOKE":
		s.addOperation(k)
		return
	case k == "WITH" && (s.scope.start || s.scope.query || s.prev.keyword == "AS" || isWrite(s.scope.verb)):
		s.scope.with, s.scope.naming, s.scope.target = true, true, false
		return
	case s.scope.start && isOperation(k) && (s.scope.verb != "EXPLAIN" || k != "ANALYZE"):
		s.addOperation(k)
		return
	case isObject(k) && isDefinition(s.scope.verb) && s.scope.object == "":
		s.addObject(k)
		return
	}
	s.addClause(t)
	s.scope.start = s.scope.start && s.scope.verb == "EXPLAIN"
}

func (s *summary) addOperation(k string) {
	s.addPart(k)
	if outermost := len(s.outer) == 0; s.operation == "" || outermost && !s.outermost {
		s.operation, s.outermost = k, outermost
	}
	s.scope = scope{
		verb:    k,
		mark:    len(s.text),
		defines: s.scope.defines,
		start:   k == "EXPLAIN" || k == "BEGIN",
	}
	switch k {
	case "CALL", "COPY", "DELETE", "DESC", "DESCRIBE", "EXEC", "INSERT", "LOCK", "MERGE", "PRAGMA", "REPLACE",
		"UPSERT", "USE":
		s.scope.target = true
	case "EXECUTE": // Elsewhere than in SQL Server it names a prepared statement, and those names are made up.
		s.scope.target = s.dialect == sqlserver
	case "TRUNCATE", "UPDATE":
		s.scope.target, s.scope.more = true, true
	}
}

// addObject makes CREATE a CREATE TABLE.
func (s *summary) addObject(k string) {
	s.scope.object = k
	if s.operation == s.scope.verb && len(s.outer) == 0 {
		s.operation += " " + k
	}
	if len(s.text) == s.scope.mark {
		s.addPart(k)
	}
	switch k {
	case "ROLE", "USER": // Who that is, is no business of ours.
		s.scope.target = false
	default:
		s.scope.target, s.scope.more = true, s.scope.verb == "DROP" || s.scope.verb == "TRUNCATE"
	}
}

// addClause reads a keyword within a statement.
func (s *summary) addClause(t token) {
	verb := s.scope.verb
	target := s.scope.target
	s.scope.target = false
	switch t.keyword {
	case "FROM":
		switch {
		case s.prev.keyword == "DISTINCT": // IS DISTINCT FROM
		case verb == "DELETE":
			// What stood before was an alias: DELETE u FROM users u.
			s.text = s.text[:s.scope.mark]
			s.scope.target, s.scope.more = true, true
		case verb == "SELECT", verb == "UPDATE":
			s.scope.target, s.scope.more = true, true
		}
	case "JOIN", "STRAIGHT_JOIN", "APPLY":
		s.scope.target, s.scope.joined = verb != "", true
	case "USING":
		if verb == "MERGE" || verb == "DELETE" && !s.scope.joined {
			s.scope.target, s.scope.more = true, verb == "DELETE"
		}
	case "ON":
		s.scope.target = s.scope.object == "INDEX" || s.scope.object == "TRIGGER" || s.scope.object == "POLICY"
	case "AS":
		s.scope.start = s.scope.object == "TABLE" || s.scope.object == "VIEW"
		s.scope.target = false
		return
	case "WHERE", "SET", "GROUP", "ORDER", "HAVING", "LIMIT", "RETURNING", "WINDOW", "UNION", "EXCEPT", "INTERSECT",
		"VALUES", "FETCH", "OFFSET", "FOR":
		s.scope.more = false
	default:
		s.scope.target = target
		s.addName(t) // Not every keyword of one database is reserved in another.
	}
}

// addName begins the name of a target, if there is one to be named here.
func (s *summary) addName(t token) {
	switch {
	case s.scope.naming:
		s.addLocal(unquoted(t.text))
	case s.scope.target:
		s.scope.target = false
		s.name = append(s.name, unquoted(t.text)...)
	}
}

// continuesName takes t if it is a part of the name that was begun.
func (s *summary) continuesName(t token) bool {
	switch {
	case len(s.name) == 0:
		return false
	case t.kind == symbol && t.text == ".":
		s.name = append(s.name, '.')
		s.dotted = true
		return true
	case s.dotted && (t.kind == word || t.kind == quotedName):
		s.name = append(s.name, unquoted(t.text)...)
		s.dotted = false
		return true
	}
	return false
}

func (s *summary) endName() {
	if len(s.name) == 0 {
		return
	}
	isLocal := slices.ContainsFunc(s.locals, func(local string) bool { return strings.EqualFold(local, string(s.name)) })
	// A name that ends with a dot had a literal in it.
	if !isLocal && !s.dotted {
		s.addPart(string(s.name))
	}
	s.name, s.dotted = s.name[:0], false
}

func (s *summary) addLocal(name string) {
	s.scope.naming = false
	if len(s.locals) < maxLocals {
		s.locals = append(s.locals, unquoted(name))
	}
}

func (s *summary) addPart(part string) {
	if s.full || len(s.text)+1+len(part) > maxSummary {
		s.full = true
		return
	}
	if len(s.text) > 0 {
		s.text = append(s.text, ' ')
	}
	s.text = append(s.text, part...)
}

// unquoted returns a name without its quotes if it means the same without them, apart from the case of its letters.
func unquoted(name string) string {
	inner := name
	if n := len(name); n > 2 && strings.IndexByte("\"`[", name[0]) >= 0 {
		inner = name[1 : n-1]
	}
	if !isNameStart(inner[0]) {
		return name
	}
	for i := range len(inner) {
		if !isNamePart(inner[i]) {
			return name
		}
	}
	return inner
}

// isOperation reports whether a statement may begin with k.
func isOperation(k string) bool {
	switch k {
	case "ABORT", "ALTER", "ANALYZE", "ATTACH", "BEGIN", "CALL", "CHECKPOINT", "CLOSE", "COMMENT", "COMMIT", "COPY",
		"CREATE", "DEALLOCATE", "DECLARE", "DELETE", "DESC", "DESCRIBE", "DETACH", "DISCARD", "DO", "DROP", "END",
		"EXEC", "EXECUTE", "EXPLAIN", "FETCH", "FLUSH", "GRANT", "INSERT", "KILL", "LISTEN", "LOAD", "LOCK", "MERGE",
		"NOTIFY", "OPTIMIZE", "PRAGMA", "PREPARE", "REFRESH", "REINDEX", "RELEASE", "RENAME", "REPLACE", "RESET",
		"REVOKE", "ROLLBACK", "SAVEPOINT", "SELECT", "SET", "SHOW", "START", "TRUNCATE", "UNLISTEN", "UNLOCK",
		"UPDATE", "UPSERT", "USE", "VACUUM", "VALUES":
		return true
	}
	return false
}

// isDefinition reports whether the operation k says next what kind of object it is for.
func isDefinition(k string) bool {
	switch k {
	case "ALTER", "CREATE", "DROP", "REFRESH", "TRUNCATE":
		return true
	}
	return false
}

func isObject(k string) bool {
	switch k {
	case "DATABASE", "EXTENSION", "FUNCTION", "INDEX", "POLICY", "PROCEDURE", "ROLE", "SCHEMA", "SEQUENCE", "TABLE",
		"TRIGGER", "TYPE", "USER", "VIEW":
		return true
	}
	return false
}

func isWrite(k string) bool { return k == "INSERT" || k == "REPLACE" || k == "UPSERT" }

// isModifier reports whether k, where a target is expected, comes before the target.
func isModifier(k, prev string) bool {
	switch k {
	case "CONCURRENTLY", "DELAYED", "EXISTS", "HIGH_PRIORITY", "IF", "IGNORE", "INTO", "LATERAL", "LOW_PRIORITY", "NOT",
		"ONLY", "OR", "OVERWRITE", "QUICK", "TABLES":
		return true
	case "TABLE":
		return prev != "TRUNCATE"
	}
	return prev == "OR" // INSERT OR REPLACE.
}
