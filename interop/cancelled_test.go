package interop_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	hint "github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// watcher is told by Config.Trace how subscriptions fare.
type watcher struct {
	troubles chan error    // why they were cancelled, or not renewed
	renewals chan struct{} // that they are well again
}

func watch(cfg *conn.Config) *watcher {
	w := &watcher{make(chan error, 1000), make(chan struct{}, 1000)}
	cfg.Trace = func(_ context.Context, e *conn.Event) {
		switch {
		case e.Kind != conn.EventSubscription:
		case e.Err != nil:
			w.troubles <- e.Err
		default:
			w.renewals <- struct{}{}
		}
	}
	return w
}

// trouble waits for the broker's word that a subscription is refused or cancelled.
func (w *watcher) trouble(t *testing.T) *conn.ServerError {
	t.Helper()
	select {
	case err := <-w.troubles:
		var said *conn.ServerError
		if !errors.As(err, &said) {
			t.Fatalf("trouble %v, want what the broker says", err)
		}
		return said
	case <-within(t).Done():
		t.Fatal("nothing is told")
	}
	return nil
}

// R2. RabbitMQ cancels a subscription whose queue is deleted, and leaves the connection open. The client is told, and
// subscribes again; Unsubscribe of what is renewed does not wait.
func TestR2CancelledSubscriptionIsRenewed(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if !tg.cancels {
			t.Skipf("%s does not cancel subscriptions as it goes on", tg.name)
		}
		// One queue of a durable subscription, which the other client has the broker delete.
		name := "stompwire." + rand.Text() // of the queue, for all of the broker
		to, opts := topic(), conn.SubscribeOptions{ID: name, Hints: []hint.Hint{hint.Durable(name)}}
		var w *watcher
		c := tg.dialClient(t, func(cfg *conn.Config) { w = watch(cfg) })
		sub, err := c.Consume(within(t), to, opts)
		if err != nil {
			t.Fatal(err)
		}
		other, err := tg.dialClient(t, nil).Consume(within(t), to, opts)
		if err == nil {
			err = other.EndDurable(within(t))
		}
		if err != nil {
			t.Fatal(err)
		}
		if said := w.trouble(t); !strings.Contains(said.Message, "cancelled") {
			t.Errorf("the broker says %v", said)
		}
		select {
		case <-w.renewals:
		case <-within(t).Done():
			t.Fatal("it is not subscribed again")
		}
		confirm(t, c, to, "after that")
		m, err := sub.Next(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Body) != "after that" {
			t.Errorf("message %q", m.Body)
		}
		m.Release()
		if err := sub.EndDurable(within(t)); err != nil {
			t.Error(err)
		}
		disconnect(t, c)
	})
}

// R3. A queue that is gone when the client comes back does not starve what else it has subscribed to, and when the queue is
// there again, so is its subscription.
func TestR3QueueThatIsGoneStarvesNobody(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if tg.existing == "" {
			t.Skipf("%s makes a queue when it is subscribed to", tg.name)
		}
		name, good := "stompwire."+rand.Text(), queue()
		owner := []frame.Field{{Name: "auto-delete", Value: "true"}, {Name: "durable", Value: "false"}, {Name: "exclusive", Value: "false"}}
		// The queue lives as long as it has a consumer.
		maker := subscribe(t, tg.dial(t, nil), "/queue/"+name, frame.AckClientIndividual, owner...)

		var b breaker
		var w *watcher
		c := tg.dialClient(t, func(cfg *conn.Config) { w = watch(cfg); b.broken(cfg) })
		in := subscribe(t, c, good, frame.AckClientIndividual)
		gone := subscribe(t, c, tg.existing+name, frame.AckAuto)
		disconnect(t, maker.c)
		b.away()
		probe := tg.dialClient(t, nil)
		for {
			sub, err := probe.Subscribe(within(t), tg.existing+name, ignore, conn.SubscribeOptions{})
			if err != nil {
				break // the queue is gone
			}
			if err := sub.Unsubscribe(within(t)); err != nil {
				t.Fatal(err)
			}
		}
		b.back()
		if said := w.trouble(t); !strings.Contains(said.Error(), name) {
			t.Errorf("the broker says %v", said)
		}
		gets(t, tg, in, good)

		maker = subscribe(t, tg.dial(t, nil), "/queue/"+name, frame.AckClientIndividual, owner...)
		for {
			confirm(t, maker.c, "/queue/"+name, "are you there")
			select {
			case <-gone.got:
			case m := <-maker.got: // until both share the messages
				maker.ack(t, m)
				continue
			case <-within(t).Done():
				t.Fatal("it is not subscribed again")
			}
			break
		}
		disconnect(t, maker.c)
		disconnect(t, c)
	})
}
