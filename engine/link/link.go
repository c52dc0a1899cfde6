package link

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
	"github.com/stompwire/stompwire/pool"
)

// Link is one connection. Create it with [New], then hand it to a driver. All
// methods are safe for concurrent use unless they say otherwise.
type Link struct {
	// Guarded by mu: the fields that every sent frame touches. They come first to share one cache
	// line, which moves between the processors of sender and flusher with each frame.
	mu        sync.Mutex
	pending   *pool.Buffer // the outbox; nil while it is empty
	waiting   int          // senders in Reserve
	framesOut uint64
	highWater int // Options.HighWater
	state     state
	unended   bool // an unfinished frame was committed in part; see CommitPart
	toBehind  bool // the reserved slice is the end of behind, not of pending
	flushing  bool // the flusher runs
	wantDrain bool

	h       Handler
	drainer Drainer         // h, if it is one
	beater  Beater          // h, if it is one
	causer  Causer          // h, if it is one
	refuser Refuser         // h, if it is one
	bodies  BodyHandler     // h, if it is one
	skipper OversizeHandler // h, if it is one
	batcher Batcher         // h, if it is one
	reader  Reader          // h, if it is one
	ender   Ender           // h, if it is one
	nc      net.Conn
	opts    Options
	slice   time.Duration // longest time between two checks for progress; see stalled
	base    time.Time     // the times below are nanoseconds since then

	// Read side: the reading goroutine only.
	stream     parser.Stream
	carry      carry
	carryStart int64 // stream offset of the unfinished frame, or part
	frames     uint64
	counted    int   // bytes of the next chunk that bytesIn includes already: those behind a pause
	unheard    int   // bytes dropped after our FIN
	coalesced  int64 // when coalesce last returned
	goneTimer  *time.Timer
	quickAck   *quickAck // nil without it

	// Shared between the sides without the lock.
	framesIn   atomic.Uint64
	bytesIn    atomic.Uint64
	beatsIn    atomic.Uint64
	lastRead   atomic.Int64 // when bytes last came, or were last fed completely
	lastWrite  atomic.Int64
	unfinished atomic.Int64 // when the unfinished frame, or part of it, began; 0 for none
	unread     atomic.Int64 // bytes of that frame in the carry
	nextTick   atomic.Int64 // when the timer is due; 0 if it is not armed
	feeding    atomic.Bool  // a handler is running, or has paused the link
	paused     atomic.Bool
	threshold  atomic.Int64  // see SetBodyThreshold
	quit       atomic.Bool   // closing or closed: no more frames for the handler
	saidAll    atomic.Bool   // closing, and our FIN is sent
	resume     chan struct{} // 1-slot wake-up for a paused reader

	// Guarded by mu: the others.
	cause     error
	spare     *pool.Buffer // what the flusher swaps in
	behind    *pool.Buffer // frames committed while unended; written after its end. nil for none
	partWaits bool         // the sender of the unended frame waits for room
	headAt    uint64       // offset at which pending begins
	placeless int          // bytes of pending that have no offset
	attempted uint64       // see Attempted
	inFlight  int          // bytes of the batch that is being written
	discarded int          // bytes that will never be written
	bytesOut  uint64
	writes    uint64
	beatsOut  uint64
	timer     *time.Timer
	sendEvery time.Duration
	hearEvery time.Duration
	deadline  int64 // of the session, see SetDeadline; 0 for none
	late      error
	readAll   bool // the peer has closed its side: the link closes once the outbox is written
	sightings [kinds]sighting

	room     chan struct{} // 1-slot wake-up for one of the waiting senders
	partRoom chan struct{} // 1-slot wake-up for the sender of an unended frame
	done     chan struct{}
	flush    func() // l.flusher, bound once: a go statement on it does not allocate
	ended    atomic.Bool
}

// state of a link; it only moves forward.
type state uint8

const (
	stateOpen    state = iota
	stateBroken        // a write has failed; what the peer sent is still read
	stateClosing       // Shutdown: the outbox drains, new frames are refused
	stateClosed
)

// New makes a link over nc and takes ownership of nc. Frames may be sent at once; nothing is read
// until a driver is started.
func New(nc net.Conn, h Handler, opts Options) *Link {
	opts = opts.withDefaults()
	nc, slice := sliced(nc, opts.WriteTimeout)
	l := &Link{
		h: h, nc: nc, opts: opts, highWater: opts.HighWater, slice: slice, base: time.Now(),
		resume:   make(chan struct{}, 1),
		room:     make(chan struct{}, 1),
		partRoom: make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	l.drainer, _ = h.(Drainer)
	l.beater, _ = h.(Beater)
	l.causer, _ = h.(Causer)
	l.refuser, _ = h.(Refuser)
	l.bodies, _ = h.(BodyHandler)
	l.skipper, _ = h.(OversizeHandler)
	l.batcher, _ = h.(Batcher)
	l.reader, _ = h.(Reader)
	l.ender, _ = h.(Ender)
	l.flush = l.flusher
	l.stream.Limits = opts.Limits
	l.stream.Tolerate = opts.Tolerate
	l.stream.Buffers = &l.carry
	l.SetQuickAck(opts.QuickAck)
	return l
}

// now is the time since the link was made, in nanoseconds and never 0.
func (l *Link) now() int64 { return int64(time.Since(l.base)) + 1 }

// NetConn returns the connection that the link writes to. It is for drivers and
// for socket options; writing to it corrupts the stream.
func (l *Link) NetConn() net.Conn { return l.nc }

// LocalAddr and RemoteAddr are those of the connection.
func (l *Link) LocalAddr() net.Addr { return l.nc.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (l *Link) RemoteAddr() net.Addr { return l.nc.RemoteAddr() }

// SetVersion sets the version whose escape and line-end rules apply from the next frame. Call it on
// the reading goroutine, in OnFrame, or before a driver is started.
func (l *Link) SetVersion(v frame.Version) { l.stream.Version = v }

// SetTolerance replaces Options.Tolerate from the next frame. The rule of SetVersion applies.
func (l *Link) SetTolerance(t parser.Tolerance) { l.stream.Tolerate = t }

// SetLimits replaces Options.Limits from the next frame. The rule of SetVersion applies. A server
// raises the limits of a peer once it has logged in.
func (l *Link) SetLimits(limits frame.Limits) { l.stream.Limits = limits.WithDefaults() }

// Stats counts what has passed through a link.
type Stats struct {
	BytesIn, BytesOut   uint64
	FramesIn, FramesOut uint64 // FramesOut counts commits
	BeatsIn, BeatsOut   uint64 // BeatsIn counts EOLs between frames, except one behind each frame
	Writes              uint64 // write calls
	Queued              int    // bytes in the outbox now; 0 once the link is closed
}

// Stats returns a snapshot.
func (l *Link) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	queued := 0
	if l.writable() {
		queued = l.queued() + l.waitingBehind()
	}
	return Stats{
		BytesIn: l.bytesIn.Load(), FramesIn: l.framesIn.Load(), BeatsIn: l.beatsIn.Load(),
		BytesOut: l.bytesOut, FramesOut: l.framesOut, BeatsOut: l.beatsOut,
		Writes: l.writes, Queued: queued,
	}
}
