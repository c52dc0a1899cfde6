//go:build linux

package parser

import (
	"syscall"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// TestScanStaysInside puts the bytes at the very end and at the very start of a
// readable page: reading an octet outside of them would be a fault.
func TestScanStaysInside(t *testing.T) {
	page := syscall.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no mmap: ", err)
	}
	defer func() { _ = syscall.Munmap(mem) }()
	for _, guard := range [][]byte{mem[:page], mem[2*page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Skip("no mprotect: ", err)
		}
	}
	wire := "MESSAGE\nsubscription:7\ncontent-length:5\n" +
		"content-lengths:1\nx-content-len:2\ndestination:/queue/orders.incoming\nid\\c:1\n\xc3\xa4:2\n\nhello\x00"
	for n := range len(wire) {
		for _, at := range []int{page, 2*page - n} {
			data := mem[at : at+n : at+n]
			copy(data, wire)
			p := Parser{Version: frame.Version12}
			if _, _, err := p.Parse(data); err != ErrIncomplete {
				t.Fatalf("%d bytes: %v", n, err)
			}
		}
	}
}
