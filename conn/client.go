package conn

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn/internal/dial"
	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/writer"
)

// Client is a STOMP client. It connects on first use and stays connected: when a connection is lost
// it makes another, renews the subscriptions, and sends again what producers with Redeliver have
// not seen confirmed. All methods are safe for concurrent use.
//
// It uses one or more connections to send on. The first Subscribe makes another one to consume
// from; see Config.OneConnection. A message belongs to the connection that delivered it:
// acknowledging it after that connection has ended returns an error that Is net.ErrClosed, and the
// broker delivers the message again.
type Client struct {
	*setup
	done chan struct{}

	senders  []*slot // to send on; isolated producers have slots of their own
	consumer *slot   // to consume from; one of senders with OneConnection

	routes  atomic.Pointer[routes] // subscriptions by id; replaced under mu
	stats   clientStats
	waiters sync.Pool // *waiter

	// mu guards the core and what follows. It is never held over I/O or user code. It is taken
	// with the outbox of a link held, never the other way round.
	mu         sync.Mutex
	core       *session.Core
	clock      clock
	running    bool // a goroutine carries out effects
	wires      map[*session.Conn]*wire
	producers  map[*Producer]struct{}
	subs       map[*Subscription]struct{}
	requests   map[uint64]*requester // by the number of their call
	streamOver int                   // the smallest of all subscriptions; 0 for none
	effects    []session.Effect      // memory of the goroutine that carries them out
	finished   []*session.Call
	held       []*wire // whose reading depends on what the broker owes; see flow
	attempts   []error // the latest of each address
	unsent     []error // of connections that ended while the client disconnected, before all sends had left
}

// setup is the configuration of a client. It is behind a pointer, so that printing a client shows
// no passcode.
type setup struct {
	cfg     Config
	targets []dial.Target
	reach   *dial.Options
}

// Dial makes a client and waits for its connections to send on. uri is host:port, a URI (stomp,
// tcp, stomps, ssl, tls, ws, wss, unix), or a failover list, with an optional login, passcode and
// virtual host:
//
//	broker:61613
//	stomps://login:passcode@broker/vhost
//	failover:(stomp://a,stomp://b)?randomize=false&maxReconnectAttempts=5
//
// cfg may be nil. On an error the client is closed; the errors are those of [New] and
// [Client.Connect].
func Dial(ctx context.Context, uri string, cfg *Config) (*Client, error) {
	c, err := New(uri, cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// New makes a client that connects on first use or with Connect. The error says what is wrong with
// uri (an [*AddressError]) or cfg.
func New(uri string, cfg *Config) (*Client, error) {
	plan, err := dial.Parse(uri)
	if err != nil {
		return nil, err
	}
	c := &Client{setup: &setup{cfg: cfg.withDefaults()}, done: make(chan struct{}), wires: make(map[*session.Conn]*wire),
		producers: make(map[*Producer]struct{}), subs: make(map[*Subscription]struct{}), requests: make(map[uint64]*requester)}
	if err := c.cfg.validate(); err != nil {
		return nil, err
	}
	if c.targets, err = plan.Targets(); err != nil {
		return nil, err
	}
	c.attempts = make([]error, len(c.targets))
	c.reach = c.cfg.reach()
	if err := c.reach.Check(c.targets); err != nil {
		return nil, err
	}
	c.clock.base, c.clock.fire = time.Now(), c.tick
	c.core = session.New(c.coreConfig(&plan))
	for _, s := range c.core.Slots() {
		ours := c.newSlot(s)
		if s.Role != session.RoleConsume {
			c.senders = append(c.senders, ours)
		}
	}
	c.consumer = c.core.Consumer().User.(*slot)
	c.routes.Store(new(routes))
	if err := c.checkCredentials(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Client) coreConfig(plan *dial.Plan) session.Config {
	cfg := &c.cfg
	sc := session.Config{
		Addresses: len(c.targets), Randomize: plan.Randomize,
		Attempts: cfg.Attempts, Backoff: cfg.Backoff, NoReconnect: cfg.NoReconnect,
		Producers: cfg.Producers, OneConnection: cfg.OneConnection,
		Versions: cfg.Versions, HeartBeat: cfg.HeartBeat, ReceiveScale: cfg.ReceiveScale,
		Broker: cfg.Broker, UseStomp: cfg.UseStomp, Host: cfg.Host, ClientID: cfg.ClientID, Headers: cfg.Headers,
		ConnectTimeout: cfg.ConnectTimeout, ReceiptTimeout: cfg.ReceiptTimeout, RenewFor: renewFor,
		Disconnecting: errDisconnecting, ProducerClosed: errProducerClosed, Closed: closedError,
		Seed: rand.Uint64(),
	}
	if !plan.KeepOrder {
		for i := range c.targets {
			sc.Local = append(sc.Local, c.targets[i].Local)
		}
	}
	if cfg.Attempts == 0 {
		sc.Attempts, sc.FirstAttempts = plan.Rounds, plan.FirstRounds
	}
	sc.GiveUpAfter = plan.Timeout
	if plan.Backoff != (Backoff{}) && cfg.Backoff == (Backoff{}) {
		sc.Backoff = plan.Backoff
	}
	return sc
}

// renewFor is how long the client retries a subscription that the broker refuses to renew.
const renewFor = time.Minute

func closedError(cause error) error {
	if closed, ok := cause.(*link.ClosedError); ok {
		return closed
	}
	return &link.ClosedError{Cause: cause}
}

// checkCredentials refuses a login or passcode that CONNECT cannot represent, before the first
// connection attempt.
func (c *Client) checkCredentials() error {
	for i := range c.targets {
		login, passcode, vhost := c.targets[i].Overrides(c.cfg.Login, c.cfg.Passcode, c.cfg.Host)
		cmd, fields := c.core.ConnectFrame(c.core.Consumer(), session.Credentials{Login: login, Passcode: passcode, VHost: vhost})
		if _, err := writer.AppendFrame(nil, 0, cmd, fields, nil); err != nil {
			return err
		}
	}
	return nil
}

// Connect starts the client and returns when all its connections to send on are established, and
// the one to consume from if there is a subscription. If the client gives up it returns why. If ctx
// ends first it returns an error that Is ErrNotConnected, and the client goes on trying.
func (c *Client) Connect(ctx context.Context) error {
	deadline, hurry := ctx.Deadline() // user code: no lock may be held
	c.mu.Lock()
	if hurry {
		c.core.Hurry(c.clock.now() + min(time.Until(deadline), longest))
	}
	c.core.Start(c.clock.now())
	since := make(map[*slot]int)
	for _, s := range c.core.Slots() {
		if s.Wanted() && s.Role != session.RoleIsolated {
			ours := s.User.(*slot)
			since[ours] = ours.opened
		}
	}
	c.unlock()
	// Each connection was established once since the call; that it still is cannot be promised.
	for s, opened := range since {
		if err := s.awaitOpen(ctx, opened); err != nil {
			return err
		}
	}
	return nil
}

// start connects on first use. mu is held.
func (c *Client) start() { c.core.Start(c.clock.now()) }

// unlock releases mu and starts the goroutine that carries out the effects of the core.
func (c *Client) unlock() {
	for _, w := range c.held {
		w.regulate()
	}
	if c.core.Pending() {
		c.finished = c.core.TakeCompleted(c.finished[:0])
		for i, call := range c.finished {
			call.User.(*waiter).wake()
			c.finished[i] = nil
		}
		if !c.running && c.core.Pending() {
			c.running = true
			go c.run()
		}
	}
	if next, ok := c.core.NextTick(); ok {
		c.clock.arm(next)
	}
	c.mu.Unlock()
}

// tick is called by the clock when something is due.
func (c *Client) tick() {
	c.mu.Lock()
	if c.clock.fired() {
		c.core.Tick(c.clock.now())
	}
	c.unlock()
}

// Connected reports whether all connections that the client needs are established.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.State() == session.StateConnected
}

// Done is closed when the client has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the client has ended, nil while it has not. It Is net.ErrClosed.
func (c *Client) Err() error {
	select {
	case <-c.done:
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.Err()
}

// Sessions describes the connections that are established, those to send on first.
func (c *Client) Sessions() (all []Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.core.Slots() {
		ours, made := s.User.(*slot) // an isolated slot may not exist here yet
		if !made {
			continue
		}
		if w := ours.cur.Load(); w != nil {
			all = append(all, w.session)
		}
	}
	return all
}

// refusal returns why calls fail because the client ends, nil while it does not.
func (c *Client) refusal() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.Refused()
}

// live returns the current wires in the order in which they were made. mu is held.
func (c *Client) live() (all []*wire) {
	for _, w := range c.wires {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *wire) int { return int(a.conn.Number) - int(b.conn.Number) })
	return all
}

// isClosed reports whether err says that something has ended.
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
