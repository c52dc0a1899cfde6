package writer_test

import (
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// guarded returns memory with unmapped pages before and behind it, where an access
// outside ends the test.
func guarded(t *testing.T) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	all, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(all) })
	for _, edge := range [][]byte{all[:page], all[2*page:]} {
		if err := syscall.Mprotect(edge, syscall.PROT_NONE); err != nil {
			t.Skip(err)
		}
	}
	return all[page : 2*page]
}

// TestLinesStayInside puts texts and room at both edges of their memory.
func TestLinesStayInside(t *testing.T) {
	text, room := guarded(t), guarded(t)
	copy(text, strings.Repeat("x", len(text)))
	for n := range 70 {
		for _, s := range []string{unsafe.String(&text[0], n), unsafe.String(&text[len(text)-max(n, 1)], n)} {
			h := []frame.Field{{Name: s, Value: s}}
			for _, p := range [][]byte{room[:2*n+2], room[len(room)-2*n-2:]} {
				size, lines := writer.PutPlainLines(p, h)
				if want := min(n, 1); lines != want || size != want*(2*n+2) {
					t.Fatalf("%d octets: %d lines, %d bytes", n, lines, size)
				}
			}
		}
	}
}
