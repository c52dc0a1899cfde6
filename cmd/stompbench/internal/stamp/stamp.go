package stamp

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Size is the number of bytes of a block, and so the size of the smallest body.
const Size = 56

// MaxPriority is the highest priority that a message can have.
const MaxPriority = 9

// magic is "stompbn1" read as a little-endian word.
const magic = 0x316e62706d6f7473

// Offsets of the words; see the package comment.
const (
	atRun      = 8
	atProducer = 16
	atSequence = 24
	atDue      = 32
	atSent     = 40
	atCheck    = 48
	atLength   = 52
)

// Errors of Read. Which one it is decides whether a message is somebody else's
// or ours and damaged.
var (
	ErrForeign = errors.New("stamp: not a stompbench message")
	ErrCorrupt = errors.New("stamp: body does not match its checksum")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stamp is what a block says.
type Stamp struct {
	Run      uint64
	Producer uint32
	Priority uint8 // 0 to MaxPriority; 0 if that of all messages is the same
	Sequence uint64
	Due      int64
	Sent     int64
}

// PayloadSum returns the checksum of what follows the block in body. It is an
// argument of Write, to be computed once per payload.
func PayloadSum(body []byte) uint32 { return crc32.Update(0, castagnoli, body[Size:]) }

// Write puts the block of s at the head of body, which must be at least Size
// bytes long. payloadSum is PayloadSum(body).
func Write(body []byte, s *Stamp, payloadSum uint32) {
	put((*[Size]byte)(body), s, payloadSum, len(body))
}

func put(b *[Size]byte, s *Stamp, sum uint32, length int) {
	binary.LittleEndian.PutUint64(b[:], magic)
	binary.LittleEndian.PutUint64(b[atRun:], s.Run)
	binary.LittleEndian.PutUint64(b[atProducer:], uint64(s.Priority)<<32|uint64(s.Producer))
	binary.LittleEndian.PutUint64(b[atSequence:], s.Sequence)
	binary.LittleEndian.PutUint64(b[atDue:], uint64(s.Due))
	binary.LittleEndian.PutUint64(b[atSent:], uint64(s.Sent))
	binary.LittleEndian.PutUint32(b[atCheck:], crc32.Update(sum, castagnoli, b[:atCheck]))
	binary.LittleEndian.PutUint32(b[atLength:], uint32(length))
}

// Read checks body and fills s from its block. ErrForeign means that there is no
// block; with ErrCorrupt s holds what the damaged block says, for what that is
// worth. body is borrowed: Read keeps nothing of it.
func Read(body []byte, s *Stamp) error {
	// A body cut short inside the block cannot be told from a foreign one unless
	// the magic survived.
	if len(body) < 8 || binary.LittleEndian.Uint64(body) != magic {
		return ErrForeign
	}
	if len(body) < Size {
		return ErrCorrupt
	}
	return get((*[Size]byte)(body), s, PayloadSum(body), len(body))
}

// get fills s and checks it against the sum and the length of what it goes with.
func get(b *[Size]byte, s *Stamp, sum uint32, length int) error {
	s.Run = binary.LittleEndian.Uint64(b[atRun:])
	producer := binary.LittleEndian.Uint64(b[atProducer:])
	s.Producer, s.Priority = uint32(producer), uint8(producer>>32)
	s.Sequence = binary.LittleEndian.Uint64(b[atSequence:])
	s.Due = int64(binary.LittleEndian.Uint64(b[atDue:]))
	s.Sent = int64(binary.LittleEndian.Uint64(b[atSent:]))
	if crc32.Update(sum, castagnoli, b[:atCheck]) != binary.LittleEndian.Uint32(b[atCheck:]) ||
		uint64(length) != uint64(binary.LittleEndian.Uint32(b[atLength:])) ||
		producer>>32 > MaxPriority {
		return ErrCorrupt
	}
	return nil
}
