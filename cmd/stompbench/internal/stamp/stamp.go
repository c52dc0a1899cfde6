// Package stamp writes and reads the stamp, a block at the head of every message body that
// stompbench sends: the sender, the sequence number, when it was due, when it was sent, and a
// checksum of the whole body.
//
// The block is [Size] bytes of little-endian words, each on an 8-byte boundary:
//
//	 0  magic     "stompbn1"
//	 8  run       random, one per run; or the one that several processes agreed on
//	16  producer  number of the stream, from 0: one for each destination of a producer
//	20  priority  4 bits, if messages differ in it; bit 4: of the warm-up
//	21  part      3 bytes: which of the run's processes sent it, 0 if it has one
//	24  sequence  of that stream, 1, 2, 3, …
//	32  due       ns since the Unix epoch: when the schedule wanted it sent
//	40  sent      ns since the Unix epoch: when it was handed to the connection
//	48  check     CRC-32C of the payload, then of words 0 to 5
//	52  length    of the whole body, 4 bytes
//
// The payload comes first in the checksum, so that a payload that is sent repeatedly is summed once
// and each message costs the checksum of 48 bytes.
//
// If a body has no room for the block, or must not be changed, the block is in the header [Header]
// instead, in base64; the payload is then the whole body.
//
// Times come from one reading of the wall clock and the monotonic clock after it (see [Clock]):
// exact within a process, comparable between machines as far as their clocks agree.
//
// Nothing here allocates. Imports: the standard library only.
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

// Errors of Read. They distinguish foreign messages from damaged messages of ours.
var (
	ErrForeign = errors.New("stamp: not a stompbench message")
	ErrCorrupt = errors.New("stamp: body does not match its checksum")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stamp is the content of a block.
type Stamp struct {
	Run      uint64
	Producer uint32
	Part     uint32 // the process of the run that sent it, up to MaxPart; 0 if there is only one
	Priority uint8  // 0 to MaxPriority; 0 if all messages have the same
	Warmup   bool   // it was due in the warm-up
	Sequence uint64
	Due      int64
	Sent     int64
}

// PayloadSum returns the checksum of what follows the block in body, for Write. It is computed once
// per payload.
func PayloadSum(body []byte) uint32 { return BodySum(body[Size:]) }

// Write puts the block of s at the head of body, which must be at least Size bytes long. payloadSum is
// PayloadSum(body).
func Write(body []byte, s *Stamp, payloadSum uint32) {
	put((*[Size]byte)(body), s, payloadSum, len(body))
}

// The layout of the producer's word, in bits.
const (
	priorityAt   = 32
	priorityBits = 4
	warmupBit    = 1 << 36
	unusedBits   = 7 << 37
	partAt       = 40
)

// sender returns the producer's word.
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

// Read checks body and fills s from its block. ErrForeign means that there is no block. With
// ErrCorrupt s contains the damaged block's values, which may be wrong. body is borrowed: Read
// keeps no reference to it.
func Read(body []byte, s *Stamp) error {
	// A body that is cut off inside the block cannot be distinguished from a foreign one unless the
	// magic survived.
	if len(body) < 8 || binary.LittleEndian.Uint64(body) != magic {
		return ErrForeign
	}
	if len(body) < Size {
		return ErrCorrupt
	}
	return get((*[Size]byte)(body), s, PayloadSum(body), len(body))
}

// get fills s and checks it against the checksum and the length of its payload.
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
