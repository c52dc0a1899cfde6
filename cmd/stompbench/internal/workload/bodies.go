package workload

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

// How much memory the bodies of one producer, and of all of them, may take.
const (
	bodiesEach = 1 << 20
	bodiesAll  = 64 << 20
	maxBodies  = 4096
	minBodies  = 2
)

// Bodies are the bodies that a producer sends in turn. Their payloads are random,
// different from each other and incompressible, so that no broker or disk looks
// faster than it is; they are made before the run, with their checksums. It is
// for one goroutine.
type Bodies struct {
	bodies [][]byte
	sums   []uint32
	next   int
}

// NewBodies makes the bodies of one of the plan's producers. The same seed gives
// the same payloads.
func (p *Plan) NewBodies(producer int) *Bodies {
	budget := min(bodiesEach, bodiesAll/max(p.Producers, 1))
	n := min(max(budget/p.Size, minBodies), maxBodies)
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], p.Seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(producer))
	random := rand.NewChaCha8(key)

	all := make([]byte, n*p.Size)
	_, _ = random.Read(all) // never fails
	b := &Bodies{bodies: make([][]byte, n), sums: make([]uint32, n)}
	for i := range b.bodies {
		b.bodies[i] = all[i*p.Size : (i+1)*p.Size : (i+1)*p.Size]
		b.sums[i] = stamp.PayloadSum(b.bodies[i])
	}
	return b
}

// Next returns a body to stamp and send, and the checksum of its payload. It is
// borrowed: the body comes round again. It does not allocate.
func (b *Bodies) Next() (body []byte, payloadSum uint32) {
	i := b.next
	if b.next++; b.next == len(b.bodies) {
		b.next = 0
	}
	return b.bodies[i], b.sums[i]
}
