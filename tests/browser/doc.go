// Package browser tests the console as people use it: in Chromium, with a keyboard and a mouse, in both languages, light
// and dark, on a wide and on a narrow screen. Every test fails on any error in the browser's log, a report of the
// content security policy among them.
//
// With SCREENSHOTS set to the path of a folder, pictures of all pages are written there for a person to look at.
// testdata holds axe-core 4.14.1 as its authors publish it on npm, which finds what keeps people with disabilities out.
package browser
