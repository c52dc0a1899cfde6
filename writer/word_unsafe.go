//go:build !purego && (amd64 || arm64)

package writer

import "unsafe"

// All of the package's unsafe code is here; word_purego.go says the same without.
// It is for machines that read little-endian words from any address.
//
// The invariant of the four accessors is that the octets i to i+7 (or i+3) lie
// inside the text; their callers, plain.go and text.go, have compared i with its
// length. Bounds checks and the masks that go with reslicing cost a quarter of
// the time of a whole frame here. TestPlain holds every length against a
// byte-by-byte model with guards on both sides, and FuzzWriter the whole.

func load8(s string, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

func load4(s string, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

func store8(p []byte, i int, x uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(p)), i)) = x
}

func store4(p []byte, i int, x uint32) {
	*(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(p)), i)) = x
}

// textOf views text as a string, for as long as nobody changes it: the string
// must not outlive the call that borrowed text.
func textOf(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }
