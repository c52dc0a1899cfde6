package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// stranger returns a client that is not part of the run.
func stranger(t *testing.T, b *broker.Broker) (c *conn.Client, ctx context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	c, err := conn.Dial(ctx, b.Addr().String(), &conn.Config{OneConnection: true, NoReconnect: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		cancel()
	})
	return c, ctx
}

// What lies in the queue before the run, of an earlier run and of another program, is
// counted as foreign and nowhere else.
func TestHonestForeign(t *testing.T) {
	t.Parallel()
	b := withFaults(t, nil)
	runJSON(t, 0, "-C 300 -y 0 -t /queue/q -u "+b.URI())
	c, ctx := stranger(t, b)
	for i := range 50 {
		if err := c.SendReceipt(ctx, "/queue/q", fmt.Appendf(nil, "order %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	lying := b.Stats().MessagesIn
	e := begin(t, "-C 1000 -t /queue/q --slo foreign=350 -u "+b.URI())
	want := books{Sent: 1000, Confirmed: 1000, Expected: 1000, Received: 1000, Foreign: lying}
	if got := e.report(t, 0).Totals; got != want || lying != 350 {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	runJSON(t, 0, "-C 20 -y 0 -t /queue/q -u "+b.URI())
	e = begin(t, "-C 1000 -t /queue/q --slo foreign=0 -u "+b.URI())
	if got := e.report(t, cli.ExitSLO).Totals; got.Foreign != 20 || got.Received != 1000 {
		t.Errorf("%+v", got)
	}
}

// Another consumer of the queue takes messages away: as many as it has had are lost,
// and the broker had vouched for all of them.
func TestHonestThief(t *testing.T) {
	t.Parallel()
	b := withFaults(t, nil)
	c, ctx := stranger(t, b)
	var stolen atomic.Uint64
	sub, err := c.Subscribe(ctx, "/queue/q", func(context.Context, *conn.Message) { stolen.Add(1) }, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := begin(t, "-C 1000 -t /queue/q -u "+b.URI())
	got := e.report(t, cli.ExitIntegrity).Totals
	if err := sub.Unsubscribe(ctx); err != nil { // what was on its way has come by then
		t.Fatal(err)
	}
	n := stolen.Load()
	want := books{Sent: 1000, Confirmed: 1000, Expected: 1000, Received: 1000 - n, Lost: n, ConfirmedLost: n}
	if got != want || n == 0 {
		t.Errorf("%d were taken away\n got %+v\nwant %+v", n, got, want)
	}
}

// Between producers and consumers sits a program that forwards messages, and damages,
// drops, repeats, swaps and invents as many of them as it says.
func TestHonestForwarder(t *testing.T) {
	t.Parallel()
	b := withFaults(t, nil)
	in, ctx := stranger(t, b)
	out, _ := stranger(t, b)
	var damaged, dropped, repeated, swapped, invented uint64 // the handler's, until Unsubscribe
	var held []byte
	n := 0
	forward := func(body []byte) {
		if err := out.Send(ctx, "/queue/out", body); err != nil {
			t.Error(err)
		}
	}
	sub, err := in.Subscribe(ctx, "/queue/in", func(_ context.Context, m *conn.Message) {
		body := bytes.Clone(m.Body)
		switch n++; {
		case n%100 == 1:
			body[len(body)-1-n/100] ^= 0x10
			damaged++
			forward(body)
		case n%100 == 12:
			dropped++
		case n%100 == 23:
			forward(body)
			forward(body)
			repeated++
		case n%100 == 34:
			held = body
		case n%100 == 35:
			forward(body)
			forward(held)
			swapped++
		case n%200 == 46:
			forward([]byte("what is this?"))
			invented++
			forward(body)
		default:
			forward(body)
		}
	}, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := begin(t, "-C 2000 -t /queue/in -T /queue/out -u "+b.URI())
	got := e.report(t, cli.ExitIntegrity).Totals
	if err := sub.Unsubscribe(ctx); err != nil {
		t.Fatal(err)
	}
	want := books{
		Sent: 2000, Confirmed: 2000, Expected: 2000, Received: 2000 - damaged - dropped, Lost: dropped, ConfirmedLost: dropped,
		Duplicated: repeated, Reordered: swapped, Corrupt: damaged, Foreign: invented,
	}
	if got != want || damaged != 20 || dropped != 20 || repeated != 20 || swapped != 20 || invented != 10 {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}
