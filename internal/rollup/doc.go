// Package rollup keeps figures over time: what the ledger only knows as sums since the start, it looks at once a
// second and keeps the differences, by the second, the minute and the hour, of the whole process and of each endpoint.
//
// All that happened between two looks belongs to the interval in which the first of them was taken, by the clock of the
// host at that moment. So nothing is lost and nothing counted twice, whatever the clock does: when it is set back, the
// intervals that come again get what is added to them, and when it is set forward, those in between stay empty.
//
// What is kept is small: each interval is a string of about a hundred bytes that holds the totals and the
// exponential histogram, and idle intervals have none. The same strings are the file that survives a restart.
package rollup
