package stamp

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Header is the name of the header that holds the block of a body which has no
// room for it. Brokers that make a property of each header take this name for one.
const Header = "stompbench"

// HeaderSize is the length of the header's value.
const HeaderSize = (Size*8 + 5) / 6

// BodySum returns the checksum of a whole body. It is an argument of AppendHeader,
// to be computed once per payload.
func BodySum(body []byte) uint32 { return crc32.Update(0, castagnoli, body) }

// AppendHeader appends the block of s as the value of a header to dst. bodySum is
// BodySum of the body that goes with it, and length is its length. It does not
// allocate if dst has room for HeaderSize and Size more.
func AppendHeader(dst []byte, s *Stamp, bodySum uint32, length int) []byte {
	// The block is made behind the place where its text goes. On the stack it
	// would not stay: the checksum is computed by a function variable.
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

// Read is like the function Read, for a block in a header. No value is ErrForeign.
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
