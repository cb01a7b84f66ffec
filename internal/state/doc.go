// Package state keeps what must survive a restart: small files in one directory, each replaced as a whole.
//
// A file is written beside its predecessor, synced and renamed, so that a crash leaves the old one or the new one and
// never a half. Each begins with a version and ends with a checksum: what is damaged is told from what is there. Processes that
// share a directory have files of their own: each takes the lowest number that no other one holds.
package state
