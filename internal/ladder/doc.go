// Package ladder holds the test of the import ladder: which package may import
// which. It has no code of its own.
package ladder
