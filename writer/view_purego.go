//go:build purego

package writer

// textOf copies text, for want of a way to view it without unsafe. It allocates
// if text has over 32 bytes.
func textOf(text []byte) string { return string(text) }
