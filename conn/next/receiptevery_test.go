package conn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn/next"
	"github.com/stompwire/stompwire/frame"
)

// everyFourth sends ten frames, of which each fourth asks for a receipt, to a broker whose receipts are cumulative and that
// does not read before all are sent. The first frame is a batch of its own, so it asks, too.
func everyFourth(t *testing.T) (b *fakeBroker, p *conn.Producer, seen *outcomes) {
	t.Helper()
	c, b := sessionOf(t, inBubble, "stompwire", conn.Config{})
	p, seen = newProducer(t, c, conn.ProducerConfig{Window: 100, ReceiptEvery: 4})
	for i := range 10 {
		sendAll(t, p, fmt.Sprint(i+1))
		synctest.Wait()
	}
	return b, p, seen
}

// readTen returns the receipts that the ten frames ask for, by their bodies.
func readTen(b *fakeBroker) (asked map[string]string) {
	b.t.Helper()
	asked = map[string]string{}
	for i := range 10 {
		text := b.read()
		if body(text) != fmt.Sprint(i+1) {
			b.t.Errorf("message %d is %q", i+1, text)
		}
		if id := header(text, "receipt"); id != "" {
			asked[body(text)] = id
		}
	}
	return asked
}

func TestReceiptEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p, seen := everyFourth(t)
		asked := readTen(b)
		if len(asked) != 4 || asked["1"] == "" || asked["5"] == "" || asked["9"] == "" || asked["10"] == "" {
			t.Errorf("receipts are asked for %v", asked)
		}
		b.receipt(asked["5"])
		synctest.Wait()
		if got, want := seen.String(), "1 confirmed, 2 confirmed, 3 confirmed, 4 confirmed, 5 confirmed"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		b.receipt(asked["1"]) // late, and said already
		b.receipt(asked["10"])
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if got := seen.String(); strings.Count(got, "confirmed") != 10 {
			t.Error(got)
		}
	})
}

// A rejection is of one frame only; those before it wait for the next receipt.
func TestReceiptEveryRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _, seen := everyFourth(t)
		asked := readTen(b)
		b.write("ERROR\nmessage:no\nreceipt-id:" + asked["5"] + "\n\n^@")
		synctest.Wait()
		if got := seen.String(); got != "5 rejected" {
			t.Error(got)
		}
		b.receipt(asked["9"])
		synctest.Wait()
		if got := seen.String(); strings.Count(got, "confirmed") != 8 || strings.Count(got, "rejected") != 1 {
			t.Error(got)
		}
	})
}

// An ERROR that names no frame may be about any without an outcome, and no receipt makes up for it.
func TestReceiptEveryDisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p, seen := everyFourth(t)
		asked := readTen(b)
		b.receipt(asked["1"])
		b.write("ERROR\nmessage:one of them is bad\n\n^@")
		b.receipt(asked["10"])
		synctest.Wait()
		if got := seen.String(); strings.Count(got, "unknown") != 9 || !strings.Contains(got, "1 confirmed") {
			t.Fatal(got)
		}
		var cause *conn.ServerError
		if err := p.Flush(t.Context()); !errors.Is(err, conn.ErrUnknownOutcome) || !errors.As(err, &cause) {
			t.Errorf("Flush returns %v", err)
		}
	})
}

// The receipt line that a frame gets late is put where it belongs, whatever else is in the batch.
func TestReceiptEveryOfSeveralProducers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := sessionOf(t, inBubble, "stompwire", conn.Config{})
		var producers []*conn.Producer
		for _, queue := range []string{"/queue/a", "/queue/b", "/queue/c"} {
			p, err := c.NewProducer(conn.ProducerConfig{Destination: queue, Window: 100, ReceiptEvery: 50})
			if err != nil {
				t.Fatal(err)
			}
			producers = append(producers, p)
		}
		if err := c.Send(t.Context(), "/queue/x", nil); err != nil { // it keeps the outbox busy
			t.Fatal(err)
		}
		synctest.Wait()
		send := func(p *conn.Producer, text string) {
			if _, err := p.Send(t.Context(), []byte(text), frame.Field{Name: "n", Value: text}); err != nil {
				t.Fatal(err)
			}
		}
		send(producers[2], "c1")
		send(producers[0], "a1")
		send(producers[0], "a2")
		send(producers[1], "b1")
		if err := c.Send(t.Context(), "/queue/x", []byte("x")); err != nil {
			t.Fatal(err)
		}
		b.read()
		for _, want := range []struct {
			body  string
			asked bool
		}{{"c1", true}, {"a1", false}, {"a2", true}, {"b1", true}, {"x", false}} {
			text := b.read()
			if body(text) != want.body || (header(text, "receipt") != "") != want.asked || header(text, "content-length") != fmt.Sprint(len(want.body)) {
				t.Errorf("%q, want %+v", text, want)
			}
		}
	})
}

// Receipts are not taken for cumulative unless the broker is known for it: all frames ask.
func TestReceiptEveryWithoutCumulativeReceipts(t *testing.T) {
	for server, every := range map[string]bool{
		"RabbitMQ/4.0.0": true, "ActiveMQ/6.1.0": true, "unknown": true,
		"ActiveMQ-Artemis/2.44.0": false, "stompwire": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t, server: server}
			c := s.connected(conn.Config{OneConnection: true})
			p, seen := newProducer(t, c, conn.ProducerConfig{ReceiptEvery: 4})
			for i := range 10 {
				sendAll(t, p, fmt.Sprint(i+1))
			}
			if err := p.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			asked := 0
			for _, text := range s.frames("SEND") {
				if header(text, "receipt") != "" {
					asked++
				}
			}
			if got := seen.String(); strings.Count(got, "confirmed") != 10 || every && asked != 10 {
				t.Errorf("%s: %d receipts; %s", server, asked, got)
			}
		})
	}
}
