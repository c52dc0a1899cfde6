//go:build !purego

package writer

import "unsafe"

// textOf views text as a string without a copy. The string must not outlive the call that borrowed
// text, and text must not change meanwhile. TestErrorOwnsItsName checks that no error keeps one.
func textOf(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }
