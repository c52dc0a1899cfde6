package ledger

import (
	"math/bits"
	"slices"
)

// blockLen is how many numbers a block covers: 2^16 of them take 8 KiB.
const blockLen = 1 << 16

// maxBlocks bounds the blocks of a Set: 2^14 of them take 128 MiB and cover 2^30 numbers.
const maxBlocks = 1 << 14

// dense holds missing numbers that are too many to list, one bit each: if consumers of a queue
// share it between two machines, every other number is missing on each. The zero value is empty.
type dense struct{ blocks []block } // in ascending order, none empty

// block holds the missing ones of the numbers at·blockLen+1 to (at+1)·blockLen.
type block struct {
	at      uint64
	n       uint32
	missing *[blockLen / 64]uint64
}

// last is the last number of the block.
func (b *block) last() uint64 { return (b.at + 1) * blockLen }

// add adds a gap, of which no number is in yet.
func (d *dense) add(gap Interval) {
	for from := gap.First - 1; from < gap.Last; {
		at := from / blockLen
		to := min((at+1)*blockLen, gap.Last) // after the last number of this block
		b := d.block(at)
		for n := from; n < to; n++ {
			b.missing[n%blockLen/64] |= 1 << (n % 64)
		}
		b.n += uint32(to - from)
		from = to
	}
}

// block returns the block at, and makes it if it does not exist.
func (d *dense) block(at uint64) *block {
	i, found := d.find(at)
	if !found {
		d.blocks = slices.Insert(d.blocks, i, block{at: at, missing: new([blockLen / 64]uint64)})
	}
	return &d.blocks[i]
}

func (d *dense) find(at uint64) (int, bool) {
	return slices.BinarySearchFunc(d.blocks, at, func(b block, at uint64) int {
		switch {
		case b.at < at:
			return -1
		case b.at > at:
			return 1
		}
		return 0
	})
}

// has reports whether n is missing.
func (d *dense) has(n uint64) bool {
	n--
	i, found := d.find(n / blockLen)
	return found && d.blocks[i].missing[n%blockLen/64]&(1<<(n%64)) != 0
}

// fill removes n and reports whether it was in.
func (d *dense) fill(n uint64) bool {
	if !d.has(n) {
		return false
	}
	n--
	i, _ := d.find(n / blockLen)
	b := &d.blocks[i]
	b.missing[n%blockLen/64] &^= 1 << (n % 64)
	if b.n--; b.n == 0 {
		d.blocks = slices.Delete(d.blocks, i, i+1)
	}
	return true
}

// drop removes the first n blocks. It returns how many numbers they contained, and the last number
// that they cover.
func (d *dense) drop(n int) (missing, last uint64) {
	for i := range d.blocks[:n] {
		missing += uint64(d.blocks[i].n)
		last = d.blocks[i].last()
	}
	d.blocks = slices.Delete(d.blocks, 0, n)
	return missing, last
}

// runs iterates over the numbers of a dense in runs, in ascending order.
type runs struct {
	blocks []block // the first is the current one
	from   uint64  // the next bit of the current block
}

// next returns the next run. Runs end with their block at the latest.
func (r *runs) next() (Interval, bool) {
	for ; len(r.blocks) > 0; r.blocks, r.from = r.blocks[1:], 0 {
		b := &r.blocks[0]
		first := b.seek(r.from, 0)
		if first == blockLen {
			continue
		}
		end := b.seek(first, ^uint64(0))
		r.from = end
		return Interval{b.at*blockLen + first + 1, b.at*blockLen + end}, true
	}
	return Interval{}, false
}

// seek returns the first bit from from on that is set, or with flip, that is not set; blockLen if
// there is none.
func (b *block) seek(from, flip uint64) uint64 {
	for from < blockLen {
		if word := (b.missing[from/64] ^ flip) >> (from % 64); word != 0 {
			return from + uint64(bits.TrailingZeros64(word))
		}
		from = (from/64 + 1) * 64
	}
	return blockLen
}
