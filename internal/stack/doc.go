// Package stack tells where the program was: the one line that called the library, or the whole way there. What belongs
// to the library, and to the runtime, is left out: nobody looks for a fault there.
package stack
