package link

import (
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// Options of a link. A field that is 0 has its default; nothing is unlimited. A
// timeout ends the link half a second after it has passed, if nothing has come by then: if
// this process was stopped, what the peer has sent is read first.
type Options struct {
	Limits   frame.Limits     // of one inbound frame
	Tolerate parser.Tolerance // deviations of the peer to put up with; none by default

	// HighWater is how many bytes may wait in the outbox before senders do;
	// default 128 KiB. One frame may exceed it.
	HighWater int
	// HardLimit is how many bytes may wait in the outbox at all. Beyond it even
	// what never waits (ReserveNow) fails with ErrOutboxFull. Default 8 MiB.
	HardLimit int
	// WriteTimeout is how long the peer may refuse to take anything; default 30 s.
	// Over TLS and WebSockets that needs [Progress] below; without it, 64 KiB have to
	// be taken within that time. Over what else is no kernel socket, a peer that has
	// taken something may have it twice.
	WriteTimeout time.Duration
	// FrameTimeout is how long a frame may stay unfinished once its first byte
	// has come; default 30 s. A large body gets a second more for each 16 KiB
	// of it that has arrived; one that is handed on in parts gets that long for each.
	FrameTimeout time.Duration
	// CoalesceReads is the least time between two reads while data keeps coming, up to
	// MaxCoalesce; the default 0 reads whatever is there. Many brokers send frame by
	// frame, and each then costs a system call and a wake-up: 1 ms here has one read
	// take all that came within it, as a network card coalesces its interrupts. What
	// comes after a silence is read at once. Any other frame may wait for that long,
	// and so may what else the same event loop reads.
	CoalesceReads time.Duration
	// QuickAck has what was read acknowledged to the peer, by TCP, when nothing has
	// come for 2 ms, instead of the kernel's 40: for a peer that leaves Nagle's
	// algorithm on, and so sends nothing small meanwhile. It works on Linux only, over
	// TCP and TLS. Brokers that need it have it from the client.
	QuickAck bool
	// AnswerHalfClosed has what waits in the outbox written before the link closes if
	// the peer has closed its side, as one may after its last request (RFC 9293,
	// section 3.6). It is for servers. One whose peer has gone altogether notices when
	// it writes, at the latest after Linger and WriteTimeout.
	AnswerHalfClosed bool
	// Linger is how long Shutdown waits for the peer to close its side;
	// default 2 s.
	Linger time.Duration
}

// MaxCoalesce bounds Options.CoalesceReads: the end of a link waits for it, too.
const MaxCoalesce = 100 * time.Millisecond

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.WithDefaults()
	def(&o.HighWater, 128<<10)
	def(&o.HardLimit, 8<<20)
	o.HardLimit = max(o.HardLimit, o.HighWater)
	def(&o.WriteTimeout, 30*time.Second)
	def(&o.FrameTimeout, 30*time.Second)
	def(&o.Linger, 2*time.Second)
	o.CoalesceReads = min(o.CoalesceReads, MaxCoalesce)
	return o
}

func def[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
