package dialect_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

func TestDurableNeedsClientID(t *testing.T) {
	for _, b := range all {
		d := b.Dialect()
		if d.DurableName == "" {
			continue
		}
		durable, err := d.SubscribeFields(dialect.Durable("d"))
		if err != nil {
			t.Fatal(err)
		}
		var refused *dialect.HintError
		if err := d.CheckDurable(durable, ""); errors.As(err, &refused) != (b != dialect.RabbitMQ) || refused != nil && refused.Hint != "Durable" {
			t.Errorf("%v without client-id: %v", b, err)
		}
		if err := d.CheckDurable(durable, "me"); err != nil {
			t.Errorf("%v with client-id: %v", b, err)
		}
		if err := d.CheckDurable(frame.Fields{{Name: "selector", Value: "a"}}, ""); err != nil {
			t.Errorf("%v, not durable: %v", b, err)
		}
	}
}

// x-queue-name of RabbitMQ is for any queue; only durable:true makes it durable.
func TestIsDurable(t *testing.T) {
	name, durable := frame.Field{Name: "x-queue-name", Value: "d"}, frame.Field{Name: "durable", Value: "true"}
	for _, c := range []struct {
		broker    dialect.Broker
		subscribe frame.Fields
		want      bool
	}{
		{dialect.RabbitMQ, frame.Fields{name}, false},
		{dialect.RabbitMQ, frame.Fields{name, {Name: "durable", Value: "false"}}, false},
		{dialect.RabbitMQ, frame.Fields{name, durable}, true},
		{dialect.ActiveMQ, frame.Fields{name, durable}, false},
		{dialect.ActiveMQ, frame.Fields{{Name: "activemq.subscriptionName", Value: "d"}}, true},
		{dialect.Embedded, frame.Fields{{Name: "", Value: "d"}}, false},
		{dialect.Unknown, nil, false},
	} {
		d := c.broker.Dialect()
		if got, is := d.IsDurable(c.subscribe); is != c.want || is && got != "d" {
			t.Errorf("%v %v: %q, %v", c.broker, c.subscribe, got, is)
		}
	}
}

// Each broker forgets a durable subscription only if UNSUBSCRIBE has these headers.
func TestEndDurable(t *testing.T) {
	for broker, want := range map[dialect.Broker]frame.Fields{
		dialect.RabbitMQ: {{Name: "durable", Value: "true"}, {Name: "x-queue-name", Value: "d"}},
		dialect.ActiveMQ: {{Name: "activemq.subscriptionName", Value: "d"}},
		dialect.Artemis:  {{Name: "durable-subscription-name", Value: "d"}},
	} {
		d := broker.Dialect()
		got, err := d.EndDurableFields("d")
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v: %v, %v; want %v", broker, got, err, want)
		}
		if d.EndDurableSecond != (broker == dialect.ActiveMQ) {
			t.Errorf("%v: a second UNSUBSCRIBE: %v", broker, d.EndDurableSecond)
		}
		if _, err := d.EndDurableFields(""); !errors.As(err, new(*dialect.HintError)) {
			t.Errorf("%v, no name: %v", broker, err)
		}
	}
	for _, broker := range []dialect.Broker{dialect.Unknown, dialect.Embedded} {
		d := broker.Dialect()
		if _, err := d.EndDurableFields("d"); !errors.As(err, new(*dialect.HintError)) {
			t.Errorf("%v: %v", broker, err)
		}
	}
}

// The fields of one caller are not those of another.
func TestEndDurableSharesNothing(t *testing.T) {
	d := dialect.RabbitMQ.Dialect()
	first, _ := d.EndDurableFields("a")
	first[0].Value = "changed"
	if second, _ := d.EndDurableFields("b"); second[0].Value != "true" {
		t.Error("the table was changed")
	}
	first, _ = d.SubscribeFields(dialect.Durable("a"))
	first[0].Value = "changed"
	if second, _ := d.SubscribeFields(dialect.Durable("b")); second[0].Value != "true" {
		t.Error("the table was changed")
	}
}
