package interop_test

import (
	"crypto/rand"
	"testing"

	"github.com/stompwire/stompwire/conn"
	hint "github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// R8. A durable subscription keeps messages while its client is away, with the options that a client has by default, and
// EndDurable ends it for good.
func TestR8Durable(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if !tg.durable {
			t.Skipf("%s has no durable subscriptions", tg.name)
		}
		name, to, sender := "stompwire."+rand.Text(), topic(), tg.dial(t, nil)
		come := func() (*conn.Client, *inbox) {
			c := tg.dialClient(t, func(cfg *conn.Config) { cfg.ClientID = name })
			in := &inbox{c: c, got: make(chan *conn.Message, 4096)}
			t.Cleanup(in.release)
			sub, err := c.Subscribe(within(t), to, in.keep, conn.SubscribeOptions{
				ID: name, Ack: frame.AckClientIndividual, Hints: []hint.Hint{hint.Durable(name)},
			})
			if err != nil {
				t.Fatal(err)
			}
			in.sub = sub
			return c, in
		}
		stored := func(body string) {
			err := sender.SendReceipt(within(t), to, []byte(body), frame.Field{Name: "persistent", Value: "true"})
			if err != nil {
				t.Fatal(err)
			}
		}
		c, _ := come()
		disconnect(t, c)
		stored("while it is away")
		c, in := come()
		in.ack(t, in.expect(t, "while it is away")...)
		if err := in.sub.Unsubscribe(within(t)); err != nil { // which does not end it
			t.Error(err)
		}
		disconnect(t, c)
		stored("while it is away again")
		c, in = come()
		in.ack(t, in.expect(t, "while it is away again")...)
		if err := in.sub.EndDurable(within(t)); err != nil {
			t.Fatal(err)
		}
		disconnect(t, c)
		stored("when it has ended")
		c, in = come()
		stored("anew")
		in.ack(t, in.expect(t, "anew")...)
		if err := in.sub.EndDurable(within(t)); err != nil {
			t.Error(err)
		}
		disconnect(t, c)
	})
}
