// Package golden compares texts with files below testdata, which -update renews. It is for tests.
package golden
