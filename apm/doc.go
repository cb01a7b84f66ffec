// Package apm starts and stops daybook, and is its face: what is recorded, by hand or by the
// wrappers of the packages middleware, sqltrace and httpclient, is read here.
//
// [Start] makes an [Agent]. From then on each wrapped request is a transaction. [Agent.Snapshot] tells what all
// transactions of each endpoint came to, [Agent.Active] which are running now. Work that is no HTTP request is recorded
// with [StartTransaction], a part of it with [StartSegment]. Adapters for drivers and clients that the library does not know are
// built on [StartStatement] and [StartRemote].
//
// Everything may be called before Start and after Shutdown: it then does nothing.
package apm
