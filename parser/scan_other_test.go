//go:build !amd64 || purego

package parser

import "iter"

const vectorised = false

// machines yields once: there is only the portable walk.
func machines() iter.Seq[int] {
	return func(yield func(int) bool) { yield(0) }
}
