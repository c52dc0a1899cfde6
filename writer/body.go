package writer

import (
	"bytes"
	"slices"

	"github.com/stompwire/stompwire/frame"
)

// AppendBody appends what follows the headers: the blank line, the body and the NUL that ends the
// frame. The body is borrowed for the call. The caller must make sure that the frame may have a
// body, and has content-length if it needs one.
func AppendBody(dst, body []byte) []byte {
	dst = slices.Grow(dst, len("\n")+len(body)+len("\x00"))
	dst = append(dst, '\n')
	dst = append(dst, body...)
	return append(dst, 0)
}

// AppendHeartBeat appends the line feed of a heart-beat (STOMP 1.2, Heart-beating). It is allowed
// between frames only.
func AppendHeartBeat(dst []byte) []byte { return append(dst, '\n') }

// appendCounted appends the content-length line, then as AppendBody. It grows dst once, so it
// checks the capacity once.
func appendCounted(dst, body []byte) []byte {
	dst = slices.Grow(dst, len(lengthPrefix)+maxUint+len("\n\n")+len(body)+len("\x00"))
	p := dst[len(dst):cap(dst)]
	size := copy(p, lengthPrefix)
	size += putCountedBody(p[size:], body)
	return dst[:len(dst)+size]
}

// putCountedBody writes what follows lengthPrefix to the beginning of p, which must have room for
// it and maxUint digits. It returns the size.
func putCountedBody(p, body []byte) int {
	size := putUint(p, uint64(len(body)))
	p[size] = '\n'
	p[size+1] = '\n'
	size += 2
	size += copy(p[size:], body)
	p[size] = 0
	return size + 1
}

// checkUncounted refuses a body whose end only a content-length can mark: "MUST ... if the frame
// body contains NULL octets" (1.2, Header content-length).
func checkUncounted(v frame.Version, cmd frame.Command, body []byte) error {
	if bytes.IndexByte(body, 0) >= 0 {
		return &FrameError{Command: cmd, Version: v, Reason: ErrNULInBody}
	}
	return nil
}
