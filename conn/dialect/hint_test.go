package dialect_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

var (
	at  = time.UnixMilli(1_700_000_000_123)
	now = at.Add(-90 * time.Second)
)

func TestHints(t *testing.T) {
	type fields = frame.Fields
	for _, c := range []struct {
		name   string
		broker dialect.Broker
		send   []dialect.Hint
		sub    []dialect.Hint
		want   fields
	}{
		{"prefetch", dialect.RabbitMQ, nil, []dialect.Hint{dialect.Prefetch(7)}, fields{{Name: "prefetch-count", Value: "7"}}},
		{"prefetch", dialect.ActiveMQ, nil, []dialect.Hint{dialect.Prefetch(7), dialect.PrefetchBytes(9)}, fields{{Name: "activemq.prefetchSize", Value: "7"}}},
		{"prefetch", dialect.Artemis, nil, []dialect.Hint{dialect.Prefetch(7), dialect.PrefetchBytes(9)}, fields{{Name: "consumer-window-size", Value: "9"}}},
		{"durable", dialect.RabbitMQ, nil, []dialect.Hint{dialect.Durable("d")},
			fields{{Name: "durable", Value: "true"}, {Name: "auto-delete", Value: "false"}, {Name: "x-queue-name", Value: "d"}}},
		{"durable", dialect.ActiveMQ, nil, []dialect.Hint{dialect.Durable("d")}, fields{{Name: "activemq.subscriptionName", Value: "d"}}},
		{"durable", dialect.Artemis, nil, []dialect.Hint{dialect.Durable("d"), dialect.Multicast()},
			fields{{Name: "durable-subscription-name", Value: "d"}, {Name: "subscription-type", Value: "MULTICAST"}}},
		{"persistent", dialect.Unknown, []dialect.Hint{dialect.Persistent()}, nil, fields{{Name: "persistent", Value: "true"}}},
		{"priority", dialect.RabbitMQ, []dialect.Hint{dialect.Priority(0)}, nil, fields{{Name: "priority", Value: "0"}}},
		{"expires", dialect.ActiveMQ, []dialect.Hint{dialect.Expires(at)}, nil, fields{{Name: "expires", Value: "1700000000123"}}},
		{"expires", dialect.RabbitMQ, []dialect.Hint{dialect.Expires(at)}, nil, fields{{Name: "expiration", Value: "90000"}}},
		{"expired", dialect.RabbitMQ, []dialect.Hint{dialect.Expires(now.Add(-time.Hour))}, nil, fields{{Name: "expiration", Value: "0"}}},
		{"anycast", dialect.Artemis, []dialect.Hint{dialect.Anycast()}, nil, fields{{Name: "destination-type", Value: "ANYCAST"}}},
		{"anycast", dialect.ActiveMQ, []dialect.Hint{dialect.Anycast(), dialect.Persistent()}, nil, fields{{Name: "persistent", Value: "true"}}},
		{"anycast", dialect.Artemis, nil, []dialect.Hint{dialect.Anycast()}, fields{{Name: "subscription-type", Value: "ANYCAST"}}},
		{"nothing", dialect.Unknown, nil, nil, nil},
	} {
		d := c.broker.Dialect()
		got, err := d.SendFields(now, c.send...)
		if c.send == nil {
			got, err = d.SubscribeFields(c.sub...)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v, %s: %v, %v; want %v", c.broker, c.name, got, err, c.want)
		}
	}
}

func TestHintsRefused(t *testing.T) {
	send := func(d *dialect.Dialect, hint dialect.Hint) (frame.Fields, error) { return d.SendFields(now, hint) }
	subscribe := func(d *dialect.Dialect, hint dialect.Hint) (frame.Fields, error) { return d.SubscribeFields(hint) }
	for _, c := range []struct {
		broker dialect.Broker
		fields func(*dialect.Dialect, dialect.Hint) (frame.Fields, error)
		hint   dialect.Hint
		name   string
	}{
		{dialect.Unknown, subscribe, dialect.Prefetch(1), "Prefetch"},
		{dialect.Unknown, subscribe, dialect.Durable("d"), "Durable"},
		{dialect.Embedded, subscribe, dialect.Durable("d"), "Durable"},
		{dialect.RabbitMQ, subscribe, dialect.Prefetch(0), "Prefetch"},
		{dialect.RabbitMQ, subscribe, dialect.PrefetchBytes(100), "Prefetch"},
		{dialect.Artemis, subscribe, dialect.Prefetch(100), "PrefetchBytes"},
		{dialect.Artemis, subscribe, dialect.PrefetchBytes(-1), "PrefetchBytes"},
		{dialect.ActiveMQ, subscribe, dialect.Durable(""), "Durable"},
		{dialect.ActiveMQ, subscribe, dialect.Persistent(), "Persistent"},
		{dialect.ActiveMQ, subscribe, dialect.Expires(at), "Expires"},
		{dialect.ActiveMQ, subscribe, dialect.Priority(1), "Priority"},
		{dialect.ActiveMQ, send, dialect.Priority(10), "Priority"},
		{dialect.ActiveMQ, send, dialect.Priority(-1), "Priority"},
		{dialect.ActiveMQ, send, dialect.Prefetch(1), "Prefetch"},
		{dialect.Artemis, send, dialect.PrefetchBytes(1), "Prefetch"},
		{dialect.RabbitMQ, send, dialect.Durable("d"), "Durable"},
	} {
		d := c.broker.Dialect()
		fields, err := c.fields(&d, c.hint)
		var refused *dialect.HintError
		if !errors.As(err, &refused) || refused.Broker != c.broker || refused.Hint != c.name || fields != nil {
			t.Errorf("%v, %s: %v, %v; want a HintError", c.broker, c.name, fields, err)
		}
	}
}

// In ack mode auto nothing is acknowledged, so Artemis would deliver no more than the
// prefetch, ever.
func TestPrefetchNeedsAck(t *testing.T) {
	bound := frame.Fields{{Name: "consumer-window-size", Value: "1000"}}
	for _, tc := range []struct {
		broker  dialect.Broker
		mode    frame.AckMode
		headers frame.Fields
		refused bool
	}{
		{dialect.Artemis, frame.AckAuto, bound, true},
		{dialect.Artemis, frame.AckAuto, frame.Fields{{Name: "activemq.prefetchSize", Value: "50"}}, true},
		{dialect.ActiveMQ, frame.AckAuto, frame.Fields{{Name: "activemq.prefetchSize", Value: "50"}}, false},
		{dialect.Artemis, frame.AckClient, bound, false},
		{dialect.Artemis, frame.AckClientIndividual, bound, false},
		{dialect.Artemis, frame.AckAuto, frame.Fields{{Name: "consumer-window-size", Value: "-1"}}, false},
		{dialect.Artemis, frame.AckAuto, nil, false},
		{dialect.RabbitMQ, frame.AckAuto, frame.Fields{{Name: "prefetch-count", Value: "1"}}, false},
	} {
		d := tc.broker.Dialect()
		err := d.CheckPrefetch(tc.mode, tc.headers)
		if errors.As(err, new(*dialect.HintError)) != tc.refused || (err != nil) != tc.refused {
			t.Errorf("%v, ack %v, %v: %v", tc.broker, tc.mode, tc.headers, err)
		}
	}
}

// The default prefetch loses no message, and gives way to one that the user has set.
func TestDefaultPrefetch(t *testing.T) {
	for _, tc := range []struct {
		broker      dialect.Broker
		destination string
		headers     frame.Fields
		want        frame.Field
	}{
		{dialect.RabbitMQ, "/topic/a", nil, frame.Field{Name: "prefetch-count", Value: "5"}},
		{dialect.ActiveMQ, "/queue/a", nil, frame.Field{Name: "activemq.prefetchSize", Value: "5"}},
		{dialect.ActiveMQ, "/topic/a", nil, frame.Field{}},
		{dialect.ActiveMQ, "/temp-topic/a", nil, frame.Field{}},
		{dialect.ActiveMQ, "/queue/a,/topic/b", nil, frame.Field{}},
		{dialect.Embedded, "/topic/a", nil, frame.Field{Name: "prefetch-count", Value: "5"}},
		{dialect.Artemis, "/queue/a", nil, frame.Field{}},
		{dialect.Unknown, "/queue/a", nil, frame.Field{}},
		{dialect.RabbitMQ, "/queue/a", frame.Fields{{Name: "prefetch-count", Value: "0"}}, frame.Field{}},
		{dialect.Embedded, "/queue/a", frame.Fields{{Name: "activemq.prefetchSize", Value: "2"}}, frame.Field{}},
	} {
		d := tc.broker.Dialect()
		if got, ok := d.DefaultPrefetch(tc.destination, tc.headers, 5); got != tc.want || ok != (tc.want.Name != "") {
			t.Errorf("%v, %s, %v: %v, %v", tc.broker, tc.destination, tc.headers, got, ok)
		}
	}
}
