//go:build !pooldebug

package pool

// poison does nothing outside a debug build; see debug_on.go.
func poison([]byte) {}
