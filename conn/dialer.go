package conn

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/stompwire/stompwire/internal/awake"
)

// Dialer connects to the first of several brokers that accepts a session. The zero
// value is ready and dials localhost:61613. It may be copied, and used by several
// goroutines at once as long as nobody changes it.
//
// [Dialer.Dial] goes over the addresses in rounds, with pauses between them. An
// address that cannot be reached, closes at once, answers with ERROR, or never
// answers is passed over for the next one. A refused login is no exception: the
// standby of a pair may refuse what the other accepts, and so may a broker that
// is still starting.
type Dialer struct {
	// Addresses to try; localhost:61613 if there are none. See [ParseURI].
	Addresses []Address

	// KeepOrder switches off that local addresses come first: Unix sockets,
	// loopback addresses, the addresses and the name of this machine.
	KeepOrder bool

	// NoLoopback switches off that for each address which is local, but no
	// loopback address, the same port of 127.0.0.1 is tried before all others.
	// Its certificate is still checked for the name in the address.
	NoLoopback bool

	// Randomize shuffles the addresses before each round. Local ones still come
	// first, unless KeepOrder is set.
	Randomize bool

	// MaxRounds is how often to go over all addresses; default 3, negative is
	// for ever, which means as long as the context lasts.
	MaxRounds int

	// Backoff is the pause between rounds. There is none after the last.
	Backoff Backoff

	// TransportTimeout bounds, for each attempt, what comes before STOMP: TCP,
	// the TLS and the WebSocket handshake. 0 leaves that to Config.ConnectTimeout,
	// which bounds each attempt from there to CONNECTED.
	TransportTimeout time.Duration

	// TotalTimeout bounds Dial as a whole. 0 leaves that to the context.
	TotalTimeout time.Duration

	// LocalAddr is the source address of TCP connections, if it is valid. Port 0
	// is any.
	LocalAddr netip.AddrPort

	// KeepAlive sets TCP keep-alive probes if its Enable is set. Otherwise they
	// are sent as package net does by default, each 15 s.
	KeepAlive net.KeepAliveConfig

	// NoKeepAlive switches the probes off.
	NoKeepAlive bool

	// TLS is for addresses with TLS. nil verifies the certificate by the roots of
	// the system and demands TLS 1.2. An empty ServerName becomes the address's.
	TLS *tls.Config

	// DialFunc makes TCP and Unix connections, for proxies and tunnels. LocalAddr
	// and the keep-alive settings are then its own affair.
	DialFunc DialFunc

	// WebSocket is what ws and wss addresses need: ws.Client of package conn/ws,
	// which only those compile who set it.
	WebSocket WebSocketFunc
}

const (
	defaultRounds = 3
	minAttempt    = 2 * time.Second
)

// target is an address of a dialer, with what an attempt there needs.
type target struct {
	addr  Address
	name  string // the address as errors show it
	local bool
	cfg   Config
	last  *ConnectError // of the latest attempt
}

// Dial returns the first session that a broker accepts. cfg may be nil. The error
// is a [*DialError] with what happened at each address, or says what is wrong with
// the dialer or with cfg before anything is dialled.
func (d *Dialer) Dial(ctx context.Context, cfg *Config) (*Conn, error) {
	targets, err := d.targets(cfg)
	if err != nil {
		return nil, err
	}
	if d.TotalTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = awake.WithTimeoutCause(ctx, d.TotalTimeout,
			fmt.Errorf("no session within %v: %w", d.TotalTimeout, context.DeadlineExceeded))
		defer cancel()
	}
	for round := 1; ; round++ {
		for i, t := range d.order(targets) {
			c, err := d.attempt(ctx, t, len(targets)-i)
			if err == nil {
				return c, nil
			}
			if ctx.Err() != nil {
				return nil, newDialError(targets, round, context.Cause(ctx))
			}
		}
		if d.isLast(round) {
			return nil, newDialError(targets, round, nil)
		}
		if err := sleep(ctx, d.Backoff.Pause(round, rand.Float64())); err != nil {
			return nil, newDialError(targets, round, err)
		}
	}
}

// targets checks everything that can be checked before anybody is dialled.
func (d *Dialer) targets(cfg *Config) ([]*target, error) {
	addrs := d.Addresses
	if len(addrs) == 0 {
		addrs = []Address{{}}
	}
	for i := range addrs {
		if err := addrs[i].validate(); err != nil {
			return nil, ofMember(err, i+1)
		}
		if addrs[i].usesWebSocket() && d.WebSocket == nil {
			return nil, ErrNoWebSocket
		}
	}
	if !d.NoLoopback {
		addrs = withLoopback(addrs)
	}
	targets := make([]*target, len(addrs))
	for i, a := range addrs {
		t := &target{addr: a, name: a.String(), cfg: a.configure(cfg)}
		t.local = a.Transport == TransportUnix || isLocal(a.host())
		if _, _, err := newConn(&t.cfg); err != nil {
			return nil, err
		}
		targets[i] = t
	}
	return targets, nil
}

// order returns the targets in the order of the next round.
func (d *Dialer) order(targets []*target) []*target {
	if d.Randomize {
		shuffle(targets)
	}
	if !d.KeepOrder {
		localFirst(targets)
	}
	return targets
}

func (d *Dialer) isLast(round int) bool {
	if d.MaxRounds == 0 {
		return round >= defaultRounds
	}
	return d.MaxRounds > 0 && round >= d.MaxRounds
}

// attempt connects to one target, with left targets to go in this round. The time
// of a context with a deadline is divided among them, so that a silent one does
// not use up what the others need.
func (d *Dialer) attempt(ctx context.Context, t *target, left int) (*Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		share := max(time.Until(deadline)/time.Duration(left), minAttempt)
		var cancel context.CancelFunc
		ctx, cancel = awake.WithTimeoutCause(ctx, share,
			fmt.Errorf("no CONNECTED within %v, its share of the time: %w", share.Round(time.Millisecond), context.DeadlineExceeded))
		defer cancel()
	}
	c, err := d.dialOne(ctx, &t.addr, t.name, &t.cfg)
	if err != nil {
		t.last = asConnectError(t.name, err)
		if log := t.cfg.Logger; log != nil {
			log.Warn("stomp: cannot connect", "addr", t.name, "cause", t.last.Err)
		}
	}
	return c, err
}

// dialOne makes one attempt at one address. name is what errors call it.
func (d *Dialer) dialOne(ctx context.Context, a *Address, name string, cfg *Config) (*Conn, error) {
	c, hello, err := newConn(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.connectContext(ctx)
	defer cancel()
	nc, err := d.reach(ctx, a, c.cfg.Versions)
	if err != nil {
		return nil, &ConnectError{Addr: name, Err: err}
	}
	return c.open(ctx, nc, name, hello)
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
