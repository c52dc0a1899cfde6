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
