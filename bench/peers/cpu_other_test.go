//go:build !unix

package peers

import "testing"

// cpuTime reports nothing here.
func cpuTime(*testing.B) (report func()) { return func() {} }
