package ledger

// budget bounds the memory that a book takes when it is read, and the work of closing it, however
// well it is compressed. The encoder keeps to it too, so that what it writes can be read.
type budget struct {
	left    int64
	block   uint64 // the container of the bitmap that numbers are added to
	inBlock uint64 // bytes taken for it
}

// maxMemory is what a book may take, in bytes: 2^15 containers that are full of scattered numbers
// and cover 2^31 messages.
const maxMemory = 256 << 20

// What the pieces of a book take, in bytes. A pair is an account that a copy is closed against.
const (
	partSize    = 64
	streamSize  = 640
	copySize    = 128
	arrivalSize = 512
	pairSize    = 8
	blockSize   = 8 << 10 // the largest container
)

func newBudget() budget { return budget{left: maxMemory} }

// take takes bytes, and reports whether they were left.
func (b *budget) take(bytes uint64) bool {
	b.left -= int64(min(bytes, maxMemory+1))
	b.left = max(b.left, -1)
	return b.left >= 0
}

// begin begins another bitmap.
func (b *budget) begin() { b.block, b.inBlock = 0, 0 }

// run takes the memory for a run of numbers in a bitmap, the runs of which ascend: 2 bytes a number,
// or one full container. A long run takes little memory, but closing visits each number of it.
func (b *budget) run(first, n uint64) bool {
	last := first + n - 1
	if block := last >> 16; block > b.block {
		b.take((block - b.block) * containerSize)
		b.block, b.inBlock = block, 0
	}
	bytes := min(2*n, blockSize-b.inBlock)
	b.inBlock += bytes
	return b.take(bytes + n/4)
}

// pairs takes what closing the book visits: for each copy the accounts of its destination, with the
// containers of their sets.
func (b *budget) pairs(of *Book) bool {
	all, sentTo := uint64(0), make(map[uint32]uint64)
	for i := range of.Sent {
		for k := range of.Sent[i].Streams {
			s := &of.Sent[i].Streams[k]
			weight := pairSize + s.Confirmed.containers() + s.Rejected.containers()
			all += weight
			sentTo[s.Destination] += weight
		}
	}
	for i := range of.Received {
		if to := of.Received[i].Destination; to == 0 {
			b.take(all)
		} else {
			b.take(sentTo[0] + sentTo[to])
		}
	}
	return b.left >= 0
}

// containers returns how many containers the missing numbers of s are in. s may be nil.
func (s *Set) containers() uint64 {
	if s == nil {
		return 0
	}
	return s.missing.Stats().Containers
}
