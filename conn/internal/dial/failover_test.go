package dial_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn/internal/dial"
)

func TestParseFailover(t *testing.T) {
	base := dial.Plan{
		Addresses: []dial.Address{{Host: "a"}, {Transport: dial.TransportTLS, Host: "b"}},
		KeepOrder: true, NoLoopback: true, Rounds: -1, Randomize: true,
		Backoff: dial.Backoff{Initial: 10 * time.Millisecond, Max: 30 * time.Second, Increase: 1}, // ActiveMQ's
	}
	with := func(change func(p *dial.Plan)) dial.Plan {
		p := base
		change(&p)
		return p
	}
	const members = "stomp://a,stomps://b"
	for uri, want := range map[string]dial.Plan{
		"failover:(" + members + ")":                base,
		"failover://(" + members + ")":              base,
		"FAILOVER:(stomp://a, stomps://b)?":         base,
		"failover:(tcp://a,ssl://b)":                base,
		"failover:" + members:                       base,
		"failover://" + members:                     base,
		"failover:(" + members + ")?timeout=-1":     base,
		"failover:(" + members + ")?timeout=3000":   with(func(p *dial.Plan) { p.Timeout = 3 * time.Second }),
		"failover:(a:61613,stomps://b)":             with(func(p *dial.Plan) { p.Addresses = []dial.Address{{Host: "a", Port: 61613}, base.Addresses[1]} }),
		"failover:(" + members + ")?randomize=true": base,

		"failover:(" + members + ")?randomize=false":                with(func(p *dial.Plan) { p.Randomize = false }),
		"failover:(" + members + ")?backOffMultiplier=3":            with(func(p *dial.Plan) { p.Backoff.Increase = 2 }),
		"failover:(" + members + ")?reconnectDelayExponent=1.5":     with(func(p *dial.Plan) { p.Backoff.Increase = 0.5 }),
		"failover:(" + members + ")?backOffMultiplier=1":            with(func(p *dial.Plan) { p.Backoff.Increase = -1 }),
		"failover:(" + members + ")?useExponentialBackOff=false":    with(func(p *dial.Plan) { p.Backoff.Increase = -1 }),
		"failover:(" + members + ")?initialReconnectDelay=0":        with(func(p *dial.Plan) { p.Backoff.Initial = -1 }),
		"failover:(" + members + ")?maxReconnectAttempts=0":         with(func(p *dial.Plan) { p.Rounds = 1 }),
		"failover:(" + members + ")?startupMaxReconnectAttempts=-1": base,
		"failover:(" + members + ")?startupMaxReconnectAttempts=0":  with(func(p *dial.Plan) { p.FirstRounds = 1 }),
		"failover:(" + members + ")?startupMaxReconnectAttempts=4":  with(func(p *dial.Plan) { p.FirstRounds = 4 }),
		"failover:(" + members + ")?maxReconnectAttempts=5&initialReconnectDelay=100&maxReconnectDelay=5000": with(func(p *dial.Plan) {
			p.Rounds = 5
			p.Backoff.Initial, p.Backoff.Max = 100*time.Millisecond, 5*time.Second
		}),
	} {
		if p, err := dial.Parse(uri); err != nil || !reflect.DeepEqual(p, want) {
			t.Errorf("%s: %+v, %v; want %+v", uri, p, err, want)
		}
	}
	p, err := dial.Parse("failover:(stomp://me:p)w@a,stomp://b)?randomize=false")
	if err != nil || p.Addresses[0].Passcode != "p)w" {
		t.Errorf("a parenthesis in a password: %v", err)
	}
}
