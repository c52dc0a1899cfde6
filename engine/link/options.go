package link

import (
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// Options of a link. A field that is 0 has its default; nothing is unlimited. A timeout ends the
// link half a second after it has passed, if the peer has still sent nothing by then. So a process
// that was stopped reads first what has arrived meanwhile.
type Options struct {
	Limits   frame.Limits     // of one inbound frame
	Tolerate parser.Tolerance // deviations of the peer to accept; none by default

	// HighWater is how many bytes may be in the outbox before senders wait; default 128 KiB. One
	// frame may exceed it.
	HighWater int
	// HardLimit is how many bytes may be in the outbox at all; default 8 MiB. At the limit
	// ReserveNow, which never waits, fails with ErrOutboxFull.
	HardLimit int
	// WriteTimeout is how long the peer may take nothing of what is written; default 30 s. Over TLS
	// and WebSocket this needs [Progress] below; without it, 64 KiB have to be taken within that
	// time. Over other connections that are not kernel sockets, a peer that has taken something may
	// have twice that time.
	WriteTimeout time.Duration
	// FrameTimeout is how long a frame may stay unfinished after its first byte; default 30 s. A
	// large body gets one second more for each 16 KiB that have arrived. If the body is handed on
	// in parts, the time applies to each part.
	FrameTimeout time.Duration
	// CoalesceReads is the minimum time between two reads while data keeps arriving, up to
	// MaxCoalesce. The default 0 reads at once. Many brokers send frame by frame, and each frame
	// then costs a system call and a wake-up. With 1 ms one read takes all that arrived within it,
	// as a network card coalesces interrupts. Data that comes after a silence is read at once. Any
	// other frame may be delayed by that time, and so may the other links on the same event loop.
	CoalesceReads time.Duration
	// QuickAck makes TCP acknowledge what was read when nothing has come for 2 ms, instead of the
	// kernel's 40 ms. Use it for a peer that leaves Nagle's algorithm on, because such a peer sends
	// no small frame until it has the acknowledgement. It works on Linux only, over TCP and TLS.
	// The client turns it on for the brokers that need it.
	QuickAck bool
	// AnswerHalfClosed makes the link write the outbox before it closes when the peer has closed
	// its side, as a peer may after its last request (RFC 9293, section 3.6). It is for servers. If
	// the peer has gone altogether, the link notices when it writes, at the latest after Linger
	// plus WriteTimeout.
	AnswerHalfClosed bool
	// Linger is how long Shutdown waits for the peer to close its side;
	// default 2 s.
	Linger time.Duration
}

// MaxCoalesce bounds Options.CoalesceReads, because the end of a link is delayed by it, too.
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
