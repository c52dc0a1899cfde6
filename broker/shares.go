package broker

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/stompwire/stompwire/frame"
)

// Share is the share of all messages, from 0 to 1, that a fault applies to.
type Share struct {
	Fault Fault
	Of    float64
}

// Shares returns a function for [Broker.Inject] that applies faults to the given shares of SEND
// frames, and to nothing else. Of each thousand SENDs, in the order in which they are handled,
// exactly that share is affected, or one more where the share is not a whole number. Which ones is
// random: the same shares and seed pick the same ones again. So the numbers in Stats depend only on
// how many SENDs there were. Negative shares, or shares of more than 1 in all, are an error.
func Shares(seed uint64, shares ...Share) (func(session uint64, f *frame.Frame) Fault, error) {
	l := &lots{shares: shares, rnd: rand.New(rand.NewPCG(seed, 0)), left: make([]int, len(shares)), due: make([]float64, len(shares))}
	sum := 0.0
	for _, s := range shares {
		if !(s.Of >= 0) {
			return nil, errors.New("broker: a share is below 0")
		}
		sum += s.Of
	}
	if sum > 1+1e-9 {
		return nil, errors.New("broker: shares of more than 1 in all")
	}
	return func(_ uint64, f *frame.Frame) Fault {
		if f.Command != frame.CmdSend {
			return Fault{}
		}
		return l.draw()
	}, nil
}

// block is the number of messages for which the shares are exact.
const block = 1000

// lots draws without replacement: each block has a fixed number of lots of each kind.
type lots struct {
	shares []Share

	mu   sync.Mutex
	rnd  *rand.Rand
	rest int       // lots left in this block
	left []int     // lots left in this block, by share
	due  []float64 // fractions of lots carried over to later blocks
}

func (l *lots) draw() Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rest == 0 {
		l.refill()
	}
	lot := l.rnd.IntN(l.rest)
	l.rest--
	for i, n := range l.left {
		if lot < n {
			l.left[i]--
			return l.shares[i].Fault
		}
		lot -= n
	}
	return Fault{}
}

// refill begins a block. Fractions of a lot are carried over to a later block.
func (l *lots) refill() {
	l.rest = block
	for i, s := range l.shares {
		l.due[i] += s.Of * block
		l.left[i] = int(math.Floor(l.due[i] + 1e-6))
		l.due[i] -= float64(l.left[i])
	}
}
