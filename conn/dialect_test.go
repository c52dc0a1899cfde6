package conn_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

func TestDialectOf(t *testing.T) {
	for _, c := range []struct {
		server string
		broker conn.Broker
		max    int
	}{
		{"", conn.UnknownBroker, 0},
		{"Fake/1", conn.UnknownBroker, 0},
		{"RabbitMQ", conn.RabbitMQ, 4 << 20},
		{"RabbitMQ/3.10.8", conn.RabbitMQ, 0},
		{"RabbitMQ/3.12.1", conn.RabbitMQ, 0},
		{"RabbitMQ/3.12.2", conn.RabbitMQ, 4 << 20},
		{"RabbitMQ/3.12.10", conn.RabbitMQ, 4 << 20},
		{"RabbitMQ/4.1.0-rc.1", conn.RabbitMQ, 4 << 20},
		{"RabbitMQ/next", conn.RabbitMQ, 4 << 20},
		{"ActiveMQ/5.17.2", conn.ActiveMQ, 100 << 20},
		{"stompwire", conn.Embedded, 0},
		{"ActiveMQ-Artemis/2.44.0 ActiveMQ Artemis Messaging Engine", conn.Artemis, 0},
	} {
		if d := conn.DialectOf(c.server); d.Broker != c.broker || d.MaxFrame != c.max {
			t.Errorf("%q: %v, frames up to %d; want %v, %d", c.server, d.Broker, d.MaxFrame, c.broker, c.max)
		}
	}
}

// Every broker has what code that asks the table relies on.
func TestDialectsAreComplete(t *testing.T) {
	for b := conn.UnknownBroker; b <= conn.Embedded; b++ {
		d := b.Dialect()
		if d.Broker != b || d.Name == "" || d.Name != b.String() || d.Host == "" ||
			d.PersistentHeader == "" || d.ExpiresHeader == "" || d.PriorityHeader == "" {
			t.Errorf("%d: incomplete: %+v", b, d)
		}
		known := b != conn.UnknownBroker
		durable := known && b != conn.Embedded // which keeps nothing
		if known != (d.ServerPrefix != "") || known != (d.PrefetchHeader != "") || durable != (d.DurableName != "") ||
			known != (d.PrefetchUnit != conn.PrefetchUnknown) || known != (d.Nack != conn.NackUnknown) || durable != d.ReceiptStored {
			t.Errorf("%v: says too little, or too much: %+v", b, d)
		}
		if d.HoldsBack != (b == conn.ActiveMQ) { // the others turn Nagle's algorithm off
			t.Errorf("%v: HoldsBack is %v", b, d.HoldsBack)
		}
	}
	if b := conn.Broker(200); b.Dialect().Broker != conn.UnknownBroker {
		t.Errorf("broker 200 is %v", b)
	}
}

func TestHints(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123)
	type fields = frame.Fields
	for _, c := range []struct {
		name   string
		broker conn.Broker
		send   []conn.Hint
		sub    []conn.Hint
		want   fields
	}{
		{"prefetch", conn.RabbitMQ, nil, []conn.Hint{conn.Prefetch(7)}, fields{{Name: "prefetch-count", Value: "7"}}},
		{"prefetch", conn.ActiveMQ, nil, []conn.Hint{conn.Prefetch(7), conn.PrefetchBytes(9)}, fields{{Name: "activemq.prefetchSize", Value: "7"}}},
		{"prefetch", conn.Artemis, nil, []conn.Hint{conn.Prefetch(7), conn.PrefetchBytes(9)}, fields{{Name: "consumer-window-size", Value: "9"}}},
		{"durable", conn.RabbitMQ, nil, []conn.Hint{conn.Durable("d")},
			fields{{Name: "durable", Value: "true"}, {Name: "auto-delete", Value: "false"}, {Name: "x-queue-name", Value: "d"}}},
		{"durable", conn.ActiveMQ, nil, []conn.Hint{conn.Durable("d")}, fields{{Name: "activemq.subscriptionName", Value: "d"}}},
		{"durable", conn.Artemis, nil, []conn.Hint{conn.Durable("d"), conn.Multicast()},
			fields{{Name: "durable-subscription-name", Value: "d"}, {Name: "subscription-type", Value: "MULTICAST"}}},
		{"persistent", conn.UnknownBroker, []conn.Hint{conn.Persistent()}, nil, fields{{Name: "persistent", Value: "true"}}},
		{"priority", conn.RabbitMQ, []conn.Hint{conn.Priority(0)}, nil, fields{{Name: "priority", Value: "0"}}},
		{"expires", conn.ActiveMQ, []conn.Hint{conn.Expires(at)}, nil, fields{{Name: "expires", Value: "1700000000123"}}},
		{"expires, long ago", conn.RabbitMQ, []conn.Hint{conn.Expires(at)}, nil, fields{{Name: "expiration", Value: "0"}}},
		{"anycast", conn.Artemis, []conn.Hint{conn.Anycast()}, nil, fields{{Name: "destination-type", Value: "ANYCAST"}}},
		{"anycast", conn.ActiveMQ, []conn.Hint{conn.Anycast(), conn.Persistent()}, nil, fields{{Name: "persistent", Value: "true"}}},
		{"anycast", conn.Artemis, nil, []conn.Hint{conn.Anycast()}, fields{{Name: "subscription-type", Value: "ANYCAST"}}},
		{"nothing", conn.UnknownBroker, nil, nil, nil},
	} {
		d := c.broker.Dialect()
		got, err := d.SendFields(c.send...)
		if c.send == nil {
			got, err = d.SubscribeFields(c.sub...)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v, %s: %v, %v; want %v", c.broker, c.name, got, err, c.want)
		}
	}
}

func TestHintsRefused(t *testing.T) {
	send, subscribe := (*conn.Dialect).SendFields, (*conn.Dialect).SubscribeFields
	for _, c := range []struct {
		broker conn.Broker
		fields func(*conn.Dialect, ...conn.Hint) (frame.Fields, error)
		hint   conn.Hint
		name   string
	}{
		{conn.UnknownBroker, subscribe, conn.Prefetch(1), "Prefetch"},
		{conn.UnknownBroker, subscribe, conn.Durable("d"), "Durable"},
		{conn.RabbitMQ, subscribe, conn.Prefetch(0), "Prefetch"},
		{conn.RabbitMQ, subscribe, conn.PrefetchBytes(100), "Prefetch"},
		{conn.Artemis, subscribe, conn.Prefetch(100), "PrefetchBytes"},
		{conn.Artemis, subscribe, conn.PrefetchBytes(-1), "PrefetchBytes"},
		{conn.ActiveMQ, subscribe, conn.Durable(""), "Durable"},
		{conn.ActiveMQ, subscribe, conn.Persistent(), "Persistent"},
		{conn.ActiveMQ, subscribe, conn.Expires(time.Now()), "Expires"},
		{conn.ActiveMQ, subscribe, conn.Priority(1), "Priority"},
		{conn.ActiveMQ, send, conn.Priority(10), "Priority"},
		{conn.ActiveMQ, send, conn.Priority(-1), "Priority"},
		{conn.ActiveMQ, send, conn.Prefetch(1), "Prefetch"},
		{conn.Artemis, send, conn.PrefetchBytes(1), "Prefetch"},
		{conn.RabbitMQ, send, conn.Durable("d"), "Durable"},
	} {
		d := c.broker.Dialect()
		fields, err := c.fields(&d, c.hint)
		var refused *conn.HintError
		if !errors.As(err, &refused) || refused.Broker != c.broker || refused.Hint != c.name || fields != nil {
			t.Errorf("%v, %s: %v, %v; want a HintError", c.broker, c.name, fields, err)
		}
	}
}

// connected returns a session with a broker that calls itself server.
func connected(t *testing.T, cfg conn.Config, server string) (*conn.Conn, *fakeBroker) {
	t.Helper()
	b, result := open(t, overPipe, cfg)
	b.read()
	b.write("CONNECTED\nversion:1.2\nserver:" + server + "\n\n^@")
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	t.Cleanup(func() { _ = got.c.Close() })
	return got.c, b
}

func TestDialectOfConn(t *testing.T) {
	for _, c := range []struct {
		cfg    conn.Config
		server string
		want   conn.Broker
	}{
		{conn.Config{}, "RabbitMQ/4.0.0", conn.RabbitMQ},
		{conn.Config{}, "other", conn.UnknownBroker},
		{conn.Config{Broker: conn.Artemis}, "other", conn.Artemis},
		{conn.Config{Broker: conn.Artemis}, "RabbitMQ/4.0.0", conn.Artemis},
	} {
		s, _ := connected(t, c.cfg, c.server)
		if got := s.Dialect().Broker; got != c.want {
			t.Errorf("Config.Broker %v, server %q: %v; want %v", c.cfg.Broker, c.server, got, c.want)
		}
	}
	if _, err := conn.Dial(context.Background(), "127.0.0.1:1", &conn.Config{Broker: 200}); err == nil {
		t.Error("broker 200 is accepted")
	} else if refused := new(conn.ConnectError); errors.As(err, &refused) {
		t.Errorf("broker 200 is refused after dialling: %v", err)
	}
}

func TestDurableNeedsClientID(t *testing.T) {
	s, _ := connected(t, conn.Config{}, "ActiveMQ/5.17.2")
	var refused *conn.HintError
	if _, err := s.SubscribeFields(conn.Durable("d")); !errors.As(err, &refused) || refused.Hint != "Durable" {
		t.Errorf("without client-id: %v", err)
	}
	if _, err := s.SubscribeFields(conn.Prefetch(1)); err != nil {
		t.Error(err)
	}
	s, _ = connected(t, conn.Config{Headers: []frame.Field{{Name: "client-id", Value: "me"}}}, "ActiveMQ/5.17.2")
	if _, err := s.SubscribeFields(conn.Durable("d")); err != nil {
		t.Errorf("with client-id: %v", err)
	}
	if fields, err := s.SendFields(conn.Persistent()); err != nil || len(fields) != 1 {
		t.Errorf("persistent: %v, %v", fields, err)
	}
}

// With ack auto nothing is acknowledged, so that a bound of what is not would be one of
// all that Artemis ever delivers.
func TestPrefetchNeedsAck(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what is not refused goes no further
	bound := []frame.Field{{Name: "consumer-window-size", Value: "1000"}}
	for _, tc := range []struct {
		server  string
		mode    frame.AckMode
		headers []frame.Field
		refused bool
	}{
		{"ActiveMQ-Artemis/2.44.0", frame.AckAuto, bound, true},
		{"ActiveMQ-Artemis/2.44.0", frame.AckAuto, []frame.Field{{Name: "activemq.prefetchSize", Value: "50"}}, true},
		{"ActiveMQ/5.17.2", frame.AckAuto, []frame.Field{{Name: "activemq.prefetchSize", Value: "50"}}, false},
		{"ActiveMQ-Artemis/2.44.0", frame.AckClient, bound, false},
		{"ActiveMQ-Artemis/2.44.0", frame.AckClientIndividual, bound, false},
		{"ActiveMQ-Artemis/2.44.0", frame.AckAuto, []frame.Field{{Name: "consumer-window-size", Value: "-1"}}, false},
		{"ActiveMQ-Artemis/2.44.0", frame.AckAuto, nil, false},
		{"RabbitMQ/3.10.8", frame.AckAuto, []frame.Field{{Name: "prefetch-count", Value: "1"}}, false},
	} {
		s, _ := connected(t, conn.Config{}, tc.server)
		_, err := s.Subscribe(ctx, "/queue/a", nil, conn.SubscribeOptions{Ack: tc.mode, Headers: tc.headers})
		var refused *conn.HintError
		if errors.As(err, &refused) != tc.refused || !tc.refused && !errors.Is(err, context.Canceled) {
			t.Errorf("%s, ack %v, %v: %v", tc.server, tc.mode, tc.headers, err)
		}
	}
}

// Tolerances are those of the broker, and of no other: Artemis escapes header
// names, though its name begins like that of ActiveMQ, which does not.
func TestDialectTolerance(t *testing.T) {
	for broker, want := range map[conn.Broker]parser.Tolerance{
		conn.UnknownBroker: 0,
		conn.RabbitMQ:      parser.TolerateEscapes10 | parser.TolerateCarriageReturnEscape11 | parser.TolerateInvalidUTF8,
		conn.ActiveMQ:      parser.TolerateUndefinedEscapes,
		conn.Artemis:       parser.TolerateCarriageReturnEscape11,
	} {
		if got := broker.Dialect().Tolerate; got != want {
			t.Errorf("%v: %b; want %b", broker, got, want)
		}
	}
}

// Artemis ends a connection on which nothing comes for a minute, so something does, agreed or not.
func TestSilentFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for server, beats := range map[string]bool{"ActiveMQ-Artemis/2.44.0": true, "ActiveMQ/5.17.2": false} {
			b, result := open(t, inBubble, conn.Config{HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}})
			if text := b.read(); header(text, "heart-beat") != "" {
				t.Errorf("%q", text)
			}
			b.write("CONNECTED\nversion:1.2\nserver:" + server + "\n\n^@")
			got := <-result
			if got.err != nil {
				t.Fatal(got.err)
			}
			begin := time.Now()
			_ = b.nc.SetReadDeadline(begin.Add(10 * time.Minute))
			_, err := b.r.ReadByte()
			if d := time.Since(begin); beats != (err == nil) || beats && d >= got.c.Dialect().SilentFor {
				t.Errorf("%s: %v after %v", server, err, d)
			}
			_ = got.c.Close()
			<-got.c.Done()
		}
	})
}
