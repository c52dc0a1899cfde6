//go:build !purego

package parser

import "iter"

// machines yields once for each means that walk has on this processor, with wide
// set to it.
func machines() iter.Seq[int] {
	return func(yield func(int) bool) {
		had := wide
		defer func() { wide = had }()
		wide = false
		if yield(0) && had {
			wide = true
			yield(1)
		}
	}
}
