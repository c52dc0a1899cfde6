package dial

import (
	"slices"
	"time"
)

// Plan is what a client connects to, and what its URI says about how. A field that is
// zero was not set by the URI. [Parse] returns one.
type Plan struct {
	// Addresses to try; localhost:61613 if there are none.
	Addresses []Address

	// KeepOrder turns off that local addresses come first: Unix sockets, loopback
	// addresses, the addresses and the name of this machine. Failover lists set it.
	KeepOrder bool

	// NoLoopback turns off that the port of a local address is tried at 127.0.0.1
	// before all others. Failover lists set it.
	NoLoopback bool

	// Randomize shuffles the addresses before each round. Local ones still come
	// first, unless KeepOrder is set. Option randomize, true by default.
	Randomize bool

	// Rounds is how often to try all addresses until a connection succeeds; negative
	// is without end. Option maxReconnectAttempts, -1 by default; 0 is one round.
	Rounds int

	// FirstRounds replaces Rounds until the client has been connected once, if it is
	// not 0. Option startupMaxReconnectAttempts; -1, its default, leaves it to Rounds.
	FirstRounds int

	// Backoff is the pause between rounds. Options initialReconnectDelay=10 and
	// maxReconnectDelay=30000, in milliseconds; backOffMultiplier=2, also called
	// reconnectDelayExponent, sets Increase to one less; useExponentialBackOff=false
	// turns Increase off. The pauses have jitter, although those of ActiveMQ have none.
	Backoff Backoff

	// Timeout bounds the rounds as a whole; 0 is no bound. Option timeout, in
	// milliseconds, -1 (no bound) by default.
	Timeout time.Duration
}

// Target is an address to dial. It prints as its address does.
type Target struct {
	Address
	Name  string // the address without secrets, for errors and logs
	Local bool   // it is on this machine
}

// Targets returns the addresses of the plan, with those at 127.0.0.1 that NoLoopback
// describes in front, and refuses the ones that could not be dialled. It asks the
// system for the name and the addresses of this machine, and resolves no names. The
// error is an [*AddressError].
func (p *Plan) Targets() ([]Target, error) {
	addrs := p.Addresses
	if len(addrs) == 0 {
		addrs = []Address{{}}
	}
	for i := range addrs {
		if err := addrs[i].validate(); err != nil {
			return nil, ofMember(err, i+1)
		}
	}
	if !p.NoLoopback {
		addrs = withLoopback(addrs)
	}
	targets := make([]Target, len(addrs))
	for i, a := range addrs {
		local := a.Transport == TransportUnix || isLocal(a.host())
		targets[i] = Target{Address: a, Name: a.String(), Local: local}
	}
	return targets, nil
}

// Order sorts targets in place for the next round. shuffle is rand.Shuffle or a
// function like it; it is called only if Randomize is set.
func (p *Plan) Order(targets []Target, shuffle func(n int, swap func(i, j int))) {
	if p.Randomize {
		shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	}
	if !p.KeepOrder {
		slices.SortStableFunc(targets, func(a, b Target) int { return rank(a) - rank(b) })
	}
}

// rank sorts local targets to the front.
func rank(t Target) int {
	if t.Local {
		return 0
	}
	return 1
}
