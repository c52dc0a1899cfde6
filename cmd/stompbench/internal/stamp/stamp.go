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

// MaxPart is the highest number that a part of a run can have.
const MaxPart = 1<<24 - 1

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
	Part     uint32 // of the run that sent it, up to MaxPart; 0 if it has but one
	Priority uint8  // 0 to MaxPriority; 0 if that of all messages is the same
	Warmup   bool   // it was due in the warm-up
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

// Where things are in the word of the producer, by bits.
const (
	priorityAt   = 32
	priorityBits = 4
	warmupBit    = 1 << 36
	unusedBits   = 7 << 37
	partAt       = 40
)

// sender is the word of the producer.
func (s *Stamp) sender() uint64 {
	word := uint64(s.Part)<<partAt | uint64(s.Priority)<<priorityAt | uint64(s.Producer)
	if s.Warmup {
		word |= warmupBit
	}
	return word
}

func put(b *[Size]byte, s *Stamp, sum uint32, length int) {
	binary.LittleEndian.PutUint64(b[:], magic)
	binary.LittleEndian.PutUint64(b[atRun:], s.Run)
	binary.LittleEndian.PutUint64(b[atProducer:], s.sender())
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
	s.Producer, s.Part = uint32(producer), uint32(producer>>partAt)
	s.Priority, s.Warmup = uint8(producer>>priorityAt)&(1<<priorityBits-1), producer&warmupBit != 0
	s.Sequence = binary.LittleEndian.Uint64(b[atSequence:])
	s.Due = int64(binary.LittleEndian.Uint64(b[atDue:]))
	s.Sent = int64(binary.LittleEndian.Uint64(b[atSent:]))
	if crc32.Update(sum, castagnoli, b[:atCheck]) != binary.LittleEndian.Uint32(b[atCheck:]) ||
		uint64(length) != uint64(binary.LittleEndian.Uint32(b[atLength:])) ||
		s.Priority > MaxPriority || producer&unusedBits != 0 {
		return ErrCorrupt
	}
	return nil
}
