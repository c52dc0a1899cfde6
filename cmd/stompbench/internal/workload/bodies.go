package workload

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

// Bodies are the bodies that a producer sends in turn. They differ from each other, and are made
// before the run, with their checksums. It is for one goroutine.
type Bodies struct {
	bodies [][]byte
	sums   []uint32
	next   int
}

// NewBodies makes the bodies of one of the plan's producers. The same seed gives the same payloads.
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
	for _, body := range b.bodies {
		b.sums = append(b.sums, sum(body))
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

// budget is the memory for the bodies of one producer: 1 MiB, and 64 MiB of them all.
func (p *Plan) budget() int { return min(1<<20, 64<<20/max(p.Producers, 1)) }

// minBodies is how many bodies of a class begin at different places, however large they are.
const minBodies = 2

// makeBodies makes as many bodies as there is memory for, in random order: up to 4096 and, if sizes
// differ, at least 128, so that all sizes can have their shares.
//
// If memory is short the bodies of a class share it: several begin in the same piece. Only the stamp
// at the head is ever written, just before the body is sent.
func (p *Plan) makeBodies(random *rand.ChaCha8) (out [][]byte) {
	budget := p.budget()
	n := min(max(budget/max(p.Size, 1), minBodies), 4096)
	if !p.Sizes.Fixed() {
		n = max(n, 128)
	}
	for i, sizes := range p.Sizes.spread(n) {
		largest := p.Sizes[i].Max
		pieces := min(max(budget/len(p.Sizes)/max(largest, 1), minBodies), len(sizes))
		memory := make([]byte, pieces*largest)
		p.Payload.fill(memory, random)
		for k, size := range sizes {
			at := k % pieces * largest
			out = append(out, memory[at:at+size:at+size])
		}
	}
	rand.New(random).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
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
