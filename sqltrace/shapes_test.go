package sqltrace_test

import "database/sql/driver"

// The shapes of connections, statements and rows that the differential tests use. Go has no other way to make a method absent
// than a type without it.

type connShape struct {
	name string
	wrap func(*fakeConn) driver.Conn
}

var connShapes = []connShape{
	{"all", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeQueryer
			fakeResetter
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeQueryer{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"all but exec", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeQueryer
			fakeResetter
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeQueryer{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"all but query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeResetter
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"all but exec, query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeResetter
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"all but reset", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeQueryer
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeQueryer{c}, fakeValidator{c}}
	}},
	{"all but exec, reset", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeQueryer
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeQueryer{c}, fakeValidator{c}}
	}},
	{"all but query, reset", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeValidator{c}}
	}},
	{"all but exec, query, reset", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeValidator{c}}
	}},
	{"all but valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeQueryer
			fakeResetter
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeQueryer{c}, fakeResetter{c}}
	}},
	{"all but exec, valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeQueryer
			fakeResetter
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeQueryer{c}, fakeResetter{c}}
	}},
	{"all but query, valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeResetter
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeResetter{c}}
	}},
	{"all but exec, query, valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeResetter
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeResetter{c}}
	}},
	{"all but reset, valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeQueryer
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeQueryer{c}}
	}},
	{"all but exec, reset, valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeQueryer
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeQueryer{c}}
	}},
	{"all but query, reset, valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}}
	}},
	{"all but exec, query, reset, valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeChecker
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}}
	}},
	{"all but ping", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePreparer
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeQueryer
			fakeResetter
			fakeValidator
		}{c, fakePreparer{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeQueryer{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"all but prepare", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakeBeginner
			fakeChecker
			fakeExecer
			fakeQueryer
			fakeResetter
			fakeValidator
		}{c, fakePinger{c}, fakeBeginner{c}, fakeChecker{c}, fakeExecer{c}, fakeQueryer{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"all but begin", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeChecker
			fakeExecer
			fakeQueryer
			fakeResetter
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeChecker{c}, fakeExecer{c}, fakeQueryer{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"all but check", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakePinger
			fakePreparer
			fakeBeginner
			fakeExecer
			fakeQueryer
			fakeResetter
			fakeValidator
		}{c, fakePinger{c}, fakePreparer{c}, fakeBeginner{c}, fakeExecer{c}, fakeQueryer{c}, fakeResetter{c}, fakeValidator{c}}
	}},
	{"nothing", func(c *fakeConn) driver.Conn {
		return c
	}},
	{"only oldexec, oldquery", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldExecer
			fakeOldQueryer
		}{c, fakeOldExecer{c}, fakeOldQueryer{c}}
	}},
	{"only oldexec, query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldExecer
			fakeQueryer
		}{c, fakeOldExecer{c}, fakeQueryer{c}}
	}},
	{"only oldexec, oldquery, query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldExecer
			fakeOldQueryer
			fakeQueryer
		}{c, fakeOldExecer{c}, fakeOldQueryer{c}, fakeQueryer{c}}
	}},
	{"only exec, oldquery", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeExecer
			fakeOldQueryer
		}{c, fakeExecer{c}, fakeOldQueryer{c}}
	}},
	{"only exec, query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeExecer
			fakeQueryer
		}{c, fakeExecer{c}, fakeQueryer{c}}
	}},
	{"only exec, oldquery, query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeExecer
			fakeOldQueryer
			fakeQueryer
		}{c, fakeExecer{c}, fakeOldQueryer{c}, fakeQueryer{c}}
	}},
	{"only oldexec, exec, oldquery", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldExecer
			fakeExecer
			fakeOldQueryer
		}{c, fakeOldExecer{c}, fakeExecer{c}, fakeOldQueryer{c}}
	}},
	{"only oldexec, exec, query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldExecer
			fakeExecer
			fakeQueryer
		}{c, fakeOldExecer{c}, fakeExecer{c}, fakeQueryer{c}}
	}},
	{"only oldexec, exec, oldquery, query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldExecer
			fakeExecer
			fakeOldQueryer
			fakeQueryer
		}{c, fakeOldExecer{c}, fakeExecer{c}, fakeOldQueryer{c}, fakeQueryer{c}}
	}},
	{"only oldexec", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldExecer
		}{c, fakeOldExecer{c}}
	}},
	{"only oldquery", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeOldQueryer
		}{c, fakeOldQueryer{c}}
	}},
	{"only check", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			fakeChecker
		}{c, fakeChecker{c}}
	}},
}

type stmtShape struct {
	name string
	wrap func(*fakeStmt) driver.Stmt
}

var stmtShapes = []stmtShape{
	{"all", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
			fakeStmtQueryer
			fakeStmtChecker
			fakeStmtConverter
		}{s, fakeStmtExecer{s}, fakeStmtQueryer{s}, fakeStmtChecker{s}, fakeStmtConverter{s}}
	}},
	{"query, check, convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtQueryer
			fakeStmtChecker
			fakeStmtConverter
		}{s, fakeStmtQueryer{s}, fakeStmtChecker{s}, fakeStmtConverter{s}}
	}},
	{"exec, check, convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
			fakeStmtChecker
			fakeStmtConverter
		}{s, fakeStmtExecer{s}, fakeStmtChecker{s}, fakeStmtConverter{s}}
	}},
	{"check, convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtChecker
			fakeStmtConverter
		}{s, fakeStmtChecker{s}, fakeStmtConverter{s}}
	}},
	{"exec, query, convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
			fakeStmtQueryer
			fakeStmtConverter
		}{s, fakeStmtExecer{s}, fakeStmtQueryer{s}, fakeStmtConverter{s}}
	}},
	{"query, convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtQueryer
			fakeStmtConverter
		}{s, fakeStmtQueryer{s}, fakeStmtConverter{s}}
	}},
	{"exec, convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
			fakeStmtConverter
		}{s, fakeStmtExecer{s}, fakeStmtConverter{s}}
	}},
	{"convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtConverter
		}{s, fakeStmtConverter{s}}
	}},
	{"exec, query, check", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
			fakeStmtQueryer
			fakeStmtChecker
		}{s, fakeStmtExecer{s}, fakeStmtQueryer{s}, fakeStmtChecker{s}}
	}},
	{"query, check", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtQueryer
			fakeStmtChecker
		}{s, fakeStmtQueryer{s}, fakeStmtChecker{s}}
	}},
	{"exec, check", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
			fakeStmtChecker
		}{s, fakeStmtExecer{s}, fakeStmtChecker{s}}
	}},
	{"check", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtChecker
		}{s, fakeStmtChecker{s}}
	}},
	{"exec, query", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
			fakeStmtQueryer
		}{s, fakeStmtExecer{s}, fakeStmtQueryer{s}}
	}},
	{"query", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtQueryer
		}{s, fakeStmtQueryer{s}}
	}},
	{"exec", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			fakeStmtExecer
		}{s, fakeStmtExecer{s}}
	}},
	{"nothing", func(s *fakeStmt) driver.Stmt {
		return s
	}},
}

type rowsShape struct {
	name string
	wrap func(*fakeRows) driver.Rows
}

var rowsShapes = []rowsShape{
	{"all", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNextResultSet
			fakeScanType
			fakeTypeName
			fakeLength
			fakeNullable
			fakePrecision
		}{r, fakeNextResultSet{r}, fakeScanType{r}, fakeTypeName{r}, fakeLength{r}, fakeNullable{r}, fakePrecision{r}}
	}},
	{"nothing", func(r *fakeRows) driver.Rows {
		return r
	}},
	{"only next result set", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNextResultSet
		}{r, fakeNextResultSet{r}}
	}},
	{"only scan type", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeScanType
		}{r, fakeScanType{r}}
	}},
	{"only type name", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeTypeName
		}{r, fakeTypeName{r}}
	}},
	{"only length", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeLength
		}{r, fakeLength{r}}
	}},
	{"only nullable", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNullable
		}{r, fakeNullable{r}}
	}},
	{"only precision", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakePrecision
		}{r, fakePrecision{r}}
	}},
	{"all but next result set", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeScanType
			fakeTypeName
			fakeLength
			fakeNullable
			fakePrecision
		}{r, fakeScanType{r}, fakeTypeName{r}, fakeLength{r}, fakeNullable{r}, fakePrecision{r}}
	}},
	{"all but scan type", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNextResultSet
			fakeTypeName
			fakeLength
			fakeNullable
			fakePrecision
		}{r, fakeNextResultSet{r}, fakeTypeName{r}, fakeLength{r}, fakeNullable{r}, fakePrecision{r}}
	}},
	{"all but type name", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNextResultSet
			fakeScanType
			fakeLength
			fakeNullable
			fakePrecision
		}{r, fakeNextResultSet{r}, fakeScanType{r}, fakeLength{r}, fakeNullable{r}, fakePrecision{r}}
	}},
	{"all but length", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNextResultSet
			fakeScanType
			fakeTypeName
			fakeNullable
			fakePrecision
		}{r, fakeNextResultSet{r}, fakeScanType{r}, fakeTypeName{r}, fakeNullable{r}, fakePrecision{r}}
	}},
	{"all but nullable", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNextResultSet
			fakeScanType
			fakeTypeName
			fakeLength
			fakePrecision
		}{r, fakeNextResultSet{r}, fakeScanType{r}, fakeTypeName{r}, fakeLength{r}, fakePrecision{r}}
	}},
	{"all but precision", func(r *fakeRows) driver.Rows {
		return struct {
			*fakeRows
			fakeNextResultSet
			fakeScanType
			fakeTypeName
			fakeLength
			fakeNullable
		}{r, fakeNextResultSet{r}, fakeScanType{r}, fakeTypeName{r}, fakeLength{r}, fakeNullable{r}}
	}},
}

// What a fake database has if the test does not say.
var (
	fullConn = connShapes[0].wrap
	fullStmt = stmtShapes[0].wrap
	fullRows = rowsShapes[0].wrap
)
