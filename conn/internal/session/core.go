package session

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// Config says how a client connects and stays connected. The caller has filled in all
// defaults.
type Config struct {
	// Addresses is how many there are. Local says which of them are local, and come first in
	// each round; nil keeps the order. With Randomize each round is shuffled before that.
	Addresses int
	Local     []bool
	Randomize bool

	// Attempts is how many rounds in a row may fail before the client gives up: 0 is 3 until
	// it was connected once, and any number after that; a negative value is any number.
	Attempts      int
	FirstAttempts int           // in place of Attempts until it was connected once, unless it is 0
	GiveUpAfter   time.Duration // how long the client may be without a connection; 0 is for ever
	Backoff       Backoff
	NoReconnect   bool // the client ends with its first connection

	Producers     int  // slots to send on
	OneConnection bool // one slot for everything

	Versions       frame.Versions
	HeartBeat      frame.HeartBeat // what we offer
	ReceiveScale   float64         // intervals of silence that are tolerated
	Broker         dialect.Broker
	UseStomp       bool
	Host           string
	ClientID       string // goes only on connections that consume
	Headers        []frame.Field
	ConnectTimeout time.Duration // of one attempt, up to CONNECTED; and of a restore
	ReceiptTimeout time.Duration
	RenewFor       time.Duration // how long a refused subscription is tried again; negative: for ever

	// The errors that calls get in these cases; they Is net.ErrClosed, which the core cannot
	// name. Closed wraps the cause of the end.
	Disconnecting  error
	ProducerClosed error
	Closed         func(cause error) error

	Seed uint64 // of all random values
}

// Backoff returns the n-th pause in a row, n from 1 on, with chance within [0, 1).
type Backoff interface {
	Pause(n int, chance float64) time.Duration
}

// Core is the state of one client. The zero value is not ready: see New. It is not safe
// for concurrent use.
type Core struct {
	cfg     Config
	rng     *rand.Rand
	now     Time
	effects []Effect
	soonest Time // nothing is due before

	phase   phase
	err     error    // why the client has ended
	refused error    // why calls fail; nil while they do not
	closing *closing // what Disconnect waits for

	slots     []*Slot
	consumer  *Slot
	connected bool // some slot was, once
	hurry     Time // the first connection is waited for until then; never after it

	lastConn     uint32
	lastCall     uint64
	lastProducer uint64
	lastSub      int
	lastTx       uint64
	lastIsolated int

	calls      map[uint64]*Call
	producers  []*Producer
	byID       map[uint64]*Producer
	leaving    []*Producer // have ended, and outcomes of theirs are being reported
	subs       []*Sub
	txs        map[string]*Tx
	waiters    []*Call // for the end
	ended      bool
	cause      error  // of the end, while it is being reached
	give       error  // why what has no outcome by then has none
	refusedAt  Time   // when a first SUBSCRIBE was refused that endangered others; see trial.go
	replyQueue string // begins the names of the queues where replies to requests arrive

	takeOverRefused bool // the user may not subscribe to what EffectTakeOver does
}

type phase uint8

const (
	phaseNew phase = iota
	phaseOpen
	phaseClosing
	phaseClosed
)

// New returns a core that waits for Start.
func New(cfg Config) *Core {
	c := &Core{
		cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, cfg.Seed)),
		soonest: never, hurry: never, refusedAt: never,
		calls: make(map[uint64]*Call), byID: make(map[uint64]*Producer), txs: make(map[string]*Tx),
	}
	c.replyQueue = c.newReplyQueue()
	if cfg.OneConnection {
		c.consumer = c.addSlot("shared", RoleShared)
		return c
	}
	for i := range max(cfg.Producers, 1) {
		c.addSlot("producer "+itoa(i+1), RoleProduce)
	}
	c.consumer = c.addSlot("consumer", RoleConsume)
	return c
}

// Start begins to connect. Starting again does nothing.
func (c *Core) Start(now Time) {
	c.at(now)
	if c.phase != phaseNew {
		return
	}
	c.phase = phaseOpen
	for _, s := range c.slots {
		if s.Role != RoleConsume || c.needs(s) {
			c.want(s)
		}
	}
}

// Hurry has the addresses share the time until deadline while the client connects for the
// first time, so that a silent one does not use up what the others need.
func (c *Core) Hurry(deadline Time) {
	if !c.connected {
		c.hurry = min(c.hurry, deadline)
	}
}

// at moves the core's clock.
func (c *Core) at(now Time) { c.now = max(c.now, now) }

// wake makes sure that Tick is called at t.
func (c *Core) wake(t Time) { c.soonest = min(c.soonest, t) }

// NextTick returns when Tick is to be called at the latest; ok is false if nothing is due.
// It may be too early: deadlines that are met are not taken back.
func (c *Core) NextTick() (t Time, ok bool) { return c.soonest, c.soonest != never }

// Tick does what is due.
func (c *Core) Tick(now Time) {
	c.at(now)
	if c.now < c.soonest {
		return
	}
	c.soonest = never
	for _, s := range slices.Clone(c.slots) {
		c.tickSlot(s)
	}
	for _, s := range slices.Clone(c.subs) {
		c.tickSub(s)
	}
	for _, p := range slices.Clone(c.producers) {
		c.expire(p)
	}
	c.expireCalls()
	c.tickClosing()
}

// Err returns why the client has ended, nil while it has not.
func (c *Core) Err() error { return c.err }

// Refused returns why new calls fail, nil while they do not.
func (c *Core) Refused() error { return c.refused }

// Slots returns all slots: those to send on, the one to consume from (which is the only one
// with OneConnection), and those of isolated subscriptions and producers.
func (c *Core) Slots() []*Slot { return c.slots }

// Consumer returns the slot to consume from.
func (c *Core) Consumer() *Slot { return c.consumer }

// State returns the state of the slot that is worst off, those of culprits apart.
func (c *Core) State() State {
	switch c.phase {
	case phaseNew:
		return StateNew
	case phaseClosing:
		return StateClosing
	case phaseClosed:
		if c.err == nil {
			return StateClosing // connections are still ending
		}
		return StateClosed
	}
	worst := StateConnected
	for _, s := range c.slots {
		switch {
		case !s.wanted || s.Role == RoleIsolated || s.state == StateConnected:
		case worst == StateConnected:
			worst = max(s.state, StateConnecting)
		default:
			worst = max(s.state, worst)
		}
	}
	return worst
}

// remove returns list without item, in place.
func remove[T comparable](list []T, item T) []T {
	if i := slices.Index(list, item); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

func sortCalls(calls []*Call) {
	slices.SortFunc(calls, func(a, b *Call) int { return cmp.Compare(a.ID, b.ID) })
}
