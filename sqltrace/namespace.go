package sqltrace

import (
	"cmp"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNamespace is the longest name of a database that is believed to be one, in bytes. Databases allow 63 to 128.
const maxNamespace = 128

// namespaceOf returns the database that a data source name names, or nothing. It never returns what could be another
// part of the data source name: whatever is not of a well-known form has no name here.
func namespaceOf(system, dsn string) string {
	var name string
	switch system {
	case "sqlite":
		name = sqliteFile(dsn)
	case "mysql", "mariadb":
		name = mysqlDatabase(dsn)
	case "postgresql", "cockroachdb", "aws.redshift":
		if u := parseURL(dsn); u != nil {
			name = cmp.Or(u.Query().Get("dbname"), strings.TrimPrefix(u.Path, "/"))
		} else {
			name = keyword(dsn, "dbname")
		}
	case "microsoft.sql_server":
		if u := parseURL(dsn); u != nil {
			name = u.Query().Get("database")
		} else {
			name = setting(dsn, "database")
		}
	default:
		if u := parseURL(dsn); u != nil {
			name = cmp.Or(u.Query().Get("database"), strings.TrimPrefix(u.Path, "/"))
		}
	}
	if len(name) > maxNamespace || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}

// parseURL returns the URL that dsn is, or nil. The error of [url.Parse] has the password in it, so it stays here.
func parseURL(dsn string) *url.URL {
	if !strings.Contains(dsn, "://") {
		return nil
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" && u.Path == "" {
		return nil
	}
	return u
}

// keyword returns the value of a key of libpq's form: host=/run user=u password='it\'s' dbname=shop. The last one wins.
// Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
func keyword(dsn, key string) string {
	var found string
	for rest := strings.TrimLeftFunc(dsn, unicode.IsSpace); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return "" // Not of this form: nothing in it can be trusted.
		}
		var value string
		value, rest, ok = keywordValue(strings.TrimLeftFunc(after, unicode.IsSpace))
		if !ok {
			return ""
		}
		if strings.TrimSpace(name) == key {
			found = value
		}
	}
	return found
}

// keywordValue reads a value, which may be in single quotes; a backslash escapes a character.
func keywordValue(s string) (value, rest string, ok bool) {
	quoted := strings.HasPrefix(s, "'")
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case quoted && c == '\'':
			return b.String(), s[i+1:], true
		case !quoted && unicode.IsSpace(rune(c)):
			return b.String(), s[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", !quoted
}

// setting returns the value of a key of the form server=db;user id=sa;password=x;database=shop. With quotes or braces
// in it a value may hold semicolons, and a password may look like a database: then there is no name.
func setting(dsn, key string) string {
	if strings.ContainsAny(dsn, `"'{}`) {
		return ""
	}
	for part := range strings.SplitSeq(dsn, ";") {
		if name, value, ok := strings.Cut(part, "="); ok && strings.EqualFold(strings.TrimSpace(name), key) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// mysqlDatabase returns the database of user:password@net(address)/database?parameters. A password may hold any of
// these signs, so what stands before the slash must look like the end of an address.
// Source: https://github.com/go-sql-driver/mysql#dsn-data-source-name
func mysqlDatabase(dsn string) string {
	if u := parseURL(dsn); u != nil && (u.Scheme == "mysql" || u.Scheme == "mariadb") {
		return strings.TrimPrefix(u.Path, "/")
	}
	i := strings.LastIndexByte(dsn, '/')
	if i < 0 {
		return ""
	}
	address := dsn[:i]
	if j := strings.LastIndexByte(address, '@'); j >= 0 {
		address = address[j+1:]
	}
	switch {
	case address == "", address == "tcp", address == "unix":
	case strings.HasSuffix(address, ")") && strings.Contains(address, "("):
	default:
		return ""
	}
	name, _, _ := strings.Cut(dsn[i+1:], "?")
	name, err := url.PathUnescape(name)
	if err != nil {
		return ""
	}
	return name
}

// sqliteFile returns the base name of the file, or ":memory:".
// Source: https://www.sqlite.org/uri.html
func sqliteFile(dsn string) string {
	path, query, _ := strings.Cut(dsn, "?")
	if uri, ok := strings.CutPrefix(path, "file:"); ok {
		path, _, _ = strings.Cut(uri, "#")
		if unescaped, err := url.PathUnescape(path); err == nil {
			path = unescaped
		}
	}
	if path == ":memory:" || strings.Contains("&"+query+"&", "&mode=memory&") {
		return ":memory:"
	}
	return path[strings.LastIndexAny(path, `/\`)+1:]
}
