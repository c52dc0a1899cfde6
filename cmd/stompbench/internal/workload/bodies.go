package workload

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

// The memory for the bodies of one producer, and of all of them, in bytes.
const (
	bodiesEach = 1 << 20
	bodiesAll  = 64 << 20
	maxBodies  = 4096
	minBodies  = 2
	// minSpread is the number of bodies from which all sizes can have their shares.
	minSpread = 128
)

// Bodies are the bodies that a producer sends in turn. They differ from each
// other, and are made before the run, with their checksums. It is for one
// goroutine.
type Bodies struct {
	bodies [][]byte
	sums   []uint32
	next   int
}

// NewBodies makes the bodies of one of the plan's producers. The same seed gives
// the same payloads.
func (p *Plan) NewBodies(producer int) *Bodies {
	b := &Bodies{}
	if p.Payload.Files != nil {
		b.bodies = p.Payload.Files // read-only: their stamps are in headers
		b.next = producer % len(b.bodies)
	} else {
		b.bodies = p.makeBodies(p.random(uint64(producer)))
	}
	sum := stamp.PayloadSum
	if p.Stamp == StampHeader {
		sum = stamp.BodySum
	}
	b.sums = make([]uint32, len(b.bodies))
	for i := range b.bodies {
		b.sums[i] = sum(b.bodies[i])
	}
	return b
}

// random returns a source of the seed's random numbers: bodies count from 0, headers from the end.
func (p *Plan) random(stream uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], p.Seed)
	binary.LittleEndian.PutUint64(key[8:], stream)
	return rand.NewChaCha8(key)
}

// budget is the memory for the bodies of one producer.
func (p *Plan) budget() int { return min(bodiesEach, bodiesAll/max(p.Producers, 1)) }

// makeBodies makes as many bodies as there is memory for, in random order.
func (p *Plan) makeBodies(random *rand.ChaCha8) [][]byte {
	budget := p.budget()
	n := min(max(budget/max(p.Size, 1), minBodies), maxBodies)
	if !p.Sizes.Fixed() {
		n = max(n, minSpread)
	}
	var out [][]byte
	for i, sizes := range p.Sizes.spread(n) {
		out = append(out, p.makeClass(sizes, p.Sizes[i].Max, budget/len(p.Sizes), random)...)
	}
	rand.New(random).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// makeClass makes the bodies of a class. If memory is short they share it: several bodies begin in
// the same piece. Only the stamp at the head is ever written, just before the body is sent.
func (p *Plan) makeClass(sizes []int, largest, budget int, random *rand.ChaCha8) [][]byte {
	pieces := min(max(budget/max(largest, 1), minBodies), len(sizes))
	memory := make([]byte, pieces*largest)
	p.Payload.fill(memory, random)
	out := make([][]byte, len(sizes))
	for i, size := range sizes {
		at := i % pieces * largest
		out[i] = memory[at : at+size : at+size]
	}
	return out
}

// Next returns a body to stamp and send, and the checksum of its payload. It is borrowed: the same
// body is returned again later. It does not allocate.
func (b *Bodies) Next() (body []byte, payloadSum uint32) {
	i := b.next
	if b.next++; b.next == len(b.bodies) {
		b.next = 0
	}
	return b.bodies[i], b.sums[i]
}

// BodiesMemory returns about how many bytes the bodies of all producers take.
func (p *Plan) BodiesMemory() (n int) {
	for _, f := range p.Payload.Files {
		n += len(f)
	}
	if n > 0 {
		return n
	}
	for _, c := range p.Sizes {
		n += p.Producers * max(minBodies*c.Max, p.budget()/len(p.Sizes))
	}
	return n
}
