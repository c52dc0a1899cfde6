// Package ladder tests the import ladder: which package may import which. It contains only tests.
package ladder
