package link

import (
	"testing"
	"unsafe"
)

// TestSendTouchesOneCacheLine: the fields that each frame sent touches lie in one cache line,
// the first of the link. The allocator puts up to 8 bytes in front of it.
func TestSendTouchesOneCacheLine(t *testing.T) {
	const line, header = 64, 8
	if end := unsafe.Offsetof(Link{}.wantDrain) + 1; end > line-header {
		t.Errorf("the fields end at %d, of %d", end, line-header)
	}
}
