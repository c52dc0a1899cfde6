package stamp

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
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
// BodySum of the body that goes with it, and length is its length.
func AppendHeader(dst []byte, s *Stamp, bodySum uint32, length int) []byte {
	var b [Size]byte
	put(&b, s, bodySum, length)
	return base64.RawURLEncoding.AppendEncode(dst, b[:])
}

// ReadHeader is Read for a block in a header. No value is ErrForeign.
func ReadHeader(value, body []byte, s *Stamp) error {
	if len(value) == 0 {
		return ErrForeign
	}
	var b [Size]byte
	if len(value) != HeaderSize {
		return ErrCorrupt
	}
	if n, err := base64.RawURLEncoding.Decode(b[:], value); err != nil || n != Size || binary.LittleEndian.Uint64(b[:]) != magic {
		return ErrCorrupt
	}
	return get(&b, s, BodySum(body), len(body))
}
