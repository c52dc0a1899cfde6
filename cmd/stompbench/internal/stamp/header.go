package stamp

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Header is the name of the header that contains the block if the body has no room for it. The name
// is also valid for brokers that turn headers into message properties.
const Header = "stompbench"

// HeaderSize is the length of the header's value.
const HeaderSize = (Size*8 + 5) / 6

// BodySum returns the checksum of a whole body, for AppendHeader. It is computed once per payload.
func BodySum(body []byte) uint32 { return crc32.Update(0, castagnoli, body) }

// AppendHeader appends the block of s as the value of a header to dst. bodySum is BodySum of the
// body, and length its length. It does not allocate if dst has capacity for HeaderSize and Size
// more bytes.
func AppendHeader(dst []byte, s *Stamp, bodySum uint32, length int) []byte {
	// The block is built behind the place of its text. It would escape from the stack, because the
	// checksum is computed by a function variable.
	dst = slices.Grow(dst, HeaderSize+Size)
	at := len(dst)
	block := (*[Size]byte)(dst[at+HeaderSize : at+HeaderSize+Size])
	put(block, s, bodySum, length)
	dst = dst[:at+HeaderSize]
	base64.RawURLEncoding.Encode(dst[at:], block[:])
	return dst
}

// HeaderReader reads blocks from headers. The zero value is ready; it is for one
// goroutine.
type HeaderReader struct{ block [Size]byte }

// Read is like the function Read, for a block in a header. An empty value returns ErrForeign.
func (r *HeaderReader) Read(value, body []byte, s *Stamp) error {
	if len(value) == 0 {
		return ErrForeign
	}
	if len(value) != HeaderSize {
		return ErrCorrupt
	}
	if _, err := base64.RawURLEncoding.Decode(r.block[:], value); err != nil || binary.LittleEndian.Uint64(r.block[:]) != magic {
		return ErrCorrupt
	}
	return get(&r.block, s, BodySum(body), len(body))
}
