// Package browser tests the console as people use it: in Chromium, with a keyboard and a mouse, in both languages, light
// and dark, on a wide and on a narrow screen: on a service of its own that something is wrong with, on one that has run for two
// days, and on the quickstart, which is built and run as anybody would, at rest and under its load. Every test fails on
// any error in the browser's log, a report of the content security policy among them.
//
// With SCREENSHOTS set to the path of a folder, pictures of all pages, and what was printed, are written there for a
// person to look at.
// testdata holds axe-core 4.14.1 as its authors publish it on npm, which finds what keeps people with disabilities out.
package browser
