//go:build race

package conn_test

import "math"

// Under the race detector everything is slow, and pools forget a part of what they are given, on purpose.
const (
	hugeBody  = 16 << 20
	hugeTaken = math.MaxInt64
)
