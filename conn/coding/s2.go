package coding

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// s2Block is how many bytes are compressed at a time. Larger blocks compress better and cost the
// reader memory.
const s2Block = 1 << 20

// s2Reader is a pooled decoder with its input.
type s2Reader struct {
	src bytes.Reader
	r   *s2.Reader
}

// Blocks of up to 4 MiB, which other writers make, are accepted; memory follows the bytes that
// arrive.
var s2Readers = sync.Pool{New: func() any { return &s2Reader{r: s2.NewReader(nil, s2.ReaderAllocBlock(64<<10))} }}

func decodeS2(out *output, body []byte, max int) error {
	u := s2Readers.Get().(*s2Reader)
	defer func() {
		u.src.Reset(nil)
		s2Readers.Put(u)
	}()
	u.src.Reset(body)
	u.r.Reset(&u.src)
	return out.inflate(u.r, max)
}

// The stream format (github.com/google/snappy, framing_format.txt, with the magic of s2).
const (
	s2Magic      = "\xff\x06\x00\x00S2sTwO"
	s2Compressed = 0x00
	s2Plain      = 0x01
	s2ChunkHead  = 8 // type, 3 bytes of length, 4 of checksum
)

// newS2Appender writes the chunks itself, because s2.Writer allocates for each and holds buffers of
// its own.
func newS2Appender(level Level) appender {
	encode := [...]func(dst, src []byte) []byte{
		LevelDefault: s2.Encode, LevelFastest: s2.Encode, LevelBetter: s2.EncodeBetter, LevelBest: s2.EncodeBest,
	}[level]
	return appender{
		bound: func(n int) int {
			return len(s2Magic) + n/s2Block*(s2ChunkHead+s2.MaxEncodedLen(s2Block)) + s2ChunkHead + s2.MaxEncodedLen(n%s2Block)
		},
		append: func(dst, body []byte) ([]byte, bool) {
			start := len(dst)
			dst = append(dst, s2Magic...)
			for rest := body; len(rest) > 0; {
				block := rest[:min(len(rest), s2Block)]
				rest = rest[len(block):]
				dst = appendS2Chunk(dst, block, encode)
			}
			return dst, len(dst)-start < len(body)
		},
	}
}

func appendS2Chunk(dst, block []byte, encode func(dst, src []byte) []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, s2ChunkHead+s2.MaxEncodedLen(len(block)))
	dst = append(dst, make([]byte, s2ChunkHead)...)
	kind, data := byte(s2Compressed), encode(dst[len(dst):cap(dst)], block)
	if len(data) >= len(block) {
		kind, data = s2Plain, block
	}
	dst = append(dst, data...) // onto itself, except for an uncompressed block
	head := dst[start : start+s2ChunkHead]
	binary.LittleEndian.PutUint32(head, uint32(len(data)+4)<<8|uint32(kind))
	binary.LittleEndian.PutUint32(head[4:], s2Checksum(block))
	return dst
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// s2Checksum is masked, so that the checksum of data that contains checksums is as good
// (framing_format.txt, section 3).
func s2Checksum(block []byte) uint32 {
	return bits.RotateLeft32(crc32.Checksum(block, castagnoli), -15) + 0xa282ead8
}
