//go:build pooldebug

package pool

// poison overwrites released bytes. 0xDB is not ASCII, not UTF-8 and not NUL, so code that still
// reads them fails to parse them.
func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}
