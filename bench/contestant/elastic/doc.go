// Package elastic instruments the program with Elastic's Go agent, its handler and transport
// wrappers and its SQL driver. What it sends is encoded and compressed, and dropped.
package elastic
