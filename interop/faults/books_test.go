package faults_test

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"

	"github.com/stompwire/stompwire/conn"
)

// books say what was sent to one destination, what the sender was told of it, and what arrived. Messages are numbered.
type books struct {
	mu      sync.Mutex
	told    map[int]conn.OutcomeStatus
	twice   []int // told more than once
	copies  map[int]int
	bare    map[int]int // arrivals that were not marked as possible duplicates
	unasked int         // arrivals of what was never sent
}

// sent is the outcome of a message that was sent without a receipt.
const sent conn.OutcomeStatus = 100

func newBooks() *books {
	return &books{told: map[int]conn.OutcomeStatus{}, copies: map[int]int{}, bare: map[int]int{}}
}

// tell notes what the sender of n was told.
func (b *books) tell(n int, status conn.OutcomeStatus) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, again := b.told[n]; again {
		b.twice = append(b.twice, n)
	}
	b.told[n] = status
}

// arrive notes a message. marked says that it came with redelivered:true, or with the mark of what was sent again.
func (b *books) arrive(body []byte, marked bool) {
	number, _, _ := bytes.Cut(body, []byte{' '})
	n, err := strconv.Atoi(string(number))
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.unasked++
		return
	}
	b.copies[n]++
	if !marked {
		b.bare[n]++
	}
}

// message is number n, padded to size.
func message(n, size int) []byte {
	body := append(strconv.AppendInt(nil, int64(n), 10), ' ')
	return append(body, bytes.Repeat([]byte{'x'}, max(0, size-len(body)))...)
}

// audit is the sum of the books.
type audit struct {
	sent, confirmed, rejected, unknown, notSent int
	received                                    int // different ones
	lost                                        int // and confirmed, or sent where nothing is confirmed
	unknownReceived                             int
	notSentReceived                             int
	marked, unmarked                            int // duplicates
	twice, unasked                              int
}

func (b *books) audit() (a audit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n, status := range b.told {
		a.sent++
		arrived := b.copies[n] > 0
		switch status {
		case conn.Confirmed:
			a.confirmed++
		case conn.Rejected:
			a.rejected++
		case conn.Unknown:
			a.unknown++
			if arrived {
				a.unknownReceived++
			}
		case conn.NotSent:
			a.notSent++
			if arrived {
				a.notSentReceived++
			}
		}
		if !arrived && (status == conn.Confirmed || status == sent) {
			a.lost++
		}
	}
	for n, copies := range b.copies {
		a.received++
		bare := max(0, b.bare[n]-1)
		a.unmarked += bare
		a.marked += copies - 1 - bare
		if _, ok := b.told[n]; !ok {
			a.unasked++
		}
	}
	a.twice = len(b.twice)
	a.unasked += b.unasked
	return a
}

func (a audit) String() string {
	return fmt.Sprintf("sent %d, confirmed %d, rejected %d, unknown %d (of them received %d), not sent %d, received %d, lost %d, "+
		"duplicates marked %d, unmarked %d", a.sent, a.confirmed, a.rejected, a.unknown, a.unknownReceived, a.notSent, a.received, a.lost,
		a.marked, a.unmarked)
}

// missing returns how many of these numbers have not arrived.
func (b *books) missing(from, to int) (missing int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := from; n <= to; n++ {
		if b.copies[n] == 0 {
			missing++
		}
	}
	return missing
}

// partial returns how many groups of so many numbers have arrived in part, of those that were confirmed and of the others.
func (b *books) partial(size int) (confirmed, unknown int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	groups := map[int]int{}
	for n := range b.copies {
		groups[(n-1)/size]++
	}
	for group, arrived := range groups {
		switch {
		case arrived == size:
		case b.told[group*size+1] == conn.Confirmed:
			confirmed++
		default:
			unknown++
		}
	}
	return confirmed, unknown
}
