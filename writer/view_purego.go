//go:build purego

package writer

// textOf copies text, because it cannot be viewed without unsafe. It allocates if text has more
// than 32 bytes.
func textOf(text []byte) string { return string(text) }
