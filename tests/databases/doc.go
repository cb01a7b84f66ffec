// Package databases holds the proof on real databases: one suite over SQLite, PostgreSQL and MariaDB with the drivers
// that services use. It has tests only.
//
// The differential suite runs each case twice, on the bare driver and on the wrapped one. A case writes down all that a
// program can see (values, types, errors and their chains, counts) and the two transcripts must be the same. The truth
// tests let statements take known times and compare what the library says with what happened.
//
// The spans of sampled statements are compared with those of otelsql for the same calls, in a golden file for each
// database; each known fault of otelsql has a test of its own, and so has each way of having both around one driver.
package databases
