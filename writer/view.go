//go:build !purego

package writer

import "unsafe"

// textOf views text as a string, for as long as nobody changes it: the string
// must not outlive the call that borrowed text. TestErrorOwnsItsName holds that
// none does.
func textOf(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }
