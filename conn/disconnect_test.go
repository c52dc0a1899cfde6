package conn_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// obey answers every receipt until the client has gone, and returns the frames that it read. After DISCONNECT it
// closes, as brokers do.
func (b *fakeBroker) obey() <-chan []string {
	result := make(chan []string, 1)
	go func() {
		var frames []string
		defer func() { result <- frames }()
		for {
			text, err := b.next()
			if err != nil {
				return
			}
			frames = append(frames, text)
			if id := header(text, "receipt"); id != "" {
				if _, err := io.WriteString(b.nc, "RECEIPT\nreceipt-id:"+id+"\n\n\x00"); err != nil {
					return
				}
			}
			if strings.HasPrefix(text, "DISCONNECT") {
				if more, err := b.next(); err == nil {
					b.t.Errorf("%q after DISCONNECT", more)
				}
				_ = b.nc.Close()
			}
		}
	}()
	return result
}

func TestDisconnect(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		cfg, ends := countEnds(conn.Config{DisconnectTimeout: tr.patience})
		c, b := session(t, tr, frame.Version12, cfg)
		const n = 1000
		for range n {
			if err := c.Send(t.Context(), "/queue/a", []byte("body")); err != nil {
				t.Fatal(err)
			}
		}
		read := b.obey()
		if err := c.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if err := ends.wait(t, c); errors.Is(err, io.EOF) {
			t.Errorf("cause %v; we did it ourselves", err)
		}
		if frames := <-read; len(frames) != n+1 || frames[n] != "DISCONNECT\nreceipt:~1\n\n^@" {
			t.Errorf("broker read %d frames, the last %q", len(frames), frames[len(frames)-1])
		}
		if err := c.Disconnect(t.Context()); err != nil {
			t.Error("again:", err)
		}
	})
}

// A broker may answer DISCONNECT and close in the same moment. That is a good end, every time.
func TestDisconnectEndsWellHoweverTheBrokerCloses(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for _, answer := range []string{"RECEIPT\nreceipt-id:~1\n\n^@", ""} {
			for range 20 {
				cfg, ends := countEnds(conn.Config{})
				c, b := session(t, tr, frame.Version12, cfg)
				result := async(func() error { return c.Disconnect(t.Context()) })
				b.read()
				b.write(answer)
				_ = b.nc.Close()
				if err := b.await(result); err != nil {
					t.Error(err)
				}
				if err := ends.wait(t, c); errors.Is(err, io.EOF) {
					t.Fatalf("answer %q: cause %v; we did it ourselves", answer, err)
				}
			}
		}
	})
}

// Two Disconnects at once are one: neither spoils the other's good order.
func TestDisconnectTwiceAtOnce(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for range 10 {
			c, b := session(t, tr, frame.Version12, conn.Config{DisconnectTimeout: tr.patience})
			const n = 200
			for range n {
				if err := c.Send(t.Context(), "/queue/a", make([]byte, 500)); err != nil {
					t.Fatal(err)
				}
			}
			first := async(func() error { return c.Disconnect(context.Background()) })
			second := async(func() error { return c.Disconnect(context.Background()) })
			read := b.obey()
			if err1, err2 := b.await(first), b.await(second); err1 != nil || err2 != nil {
				t.Error(err1, err2)
			}
			if frames := <-read; len(frames) != n+1 {
				t.Fatalf("broker read %d frames of %d", len(frames), n+1)
			}
		}
	})
}

// "Clients MUST NOT send any more frames after the DISCONNECT frame is sent", while many try.
func TestDisconnectDuringSends(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for range 20 {
			// Were the senders to starve Disconnect, it would end by this.
			c, b := session(t, tr, frame.Version12, conn.Config{DisconnectTimeout: tr.patience, ReceiptTimeout: tr.patience})
			got := newOutcomes(t)
			p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10, Timeout: tr.patience, OnOutcome: got.add})
			read := b.obey()
			sent := make([]int, 4)
			var all sync.WaitGroup
			for i := range sent {
				all.Go(func() {
					for {
						var err error
						if i%2 == 0 {
							_, err = p.Send(t.Context(), nil)
						} else {
							err = c.Send(t.Context(), "/queue/a", nil)
						}
						if err != nil {
							return
						}
						sent[i]++
					}
				})
			}
			time.Sleep(time.Millisecond)
			err := c.Disconnect(t.Context())
			all.Wait()
			total := 1
			for _, n := range sent {
				total += n
			}
			if frames := <-read; len(frames) != total {
				t.Fatalf("%d frames were sent, broker read %d", total, len(frames))
			}
			if unknown := got.count(conn.Unknown); err != nil || unknown != 0 {
				t.Fatalf("Disconnect: %v; %d outcomes unknown", err, unknown)
			}
		}
	})
}

func TestDisconnectUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
		start := time.Now()
		result := async(func() error { return c.Disconnect(t.Context()) })
		b.expect("DISCONNECT\nreceipt:~1\n\n^@")
		b.expectEnd()
		if err := <-result; err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	})
}

func TestDisconnectFromABrokerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
		for range 100 {
			if err := c.Send(t.Context(), "/queue/a", make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		_ = c.Disconnect(t.Context())
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("returned after %v", took)
		}
		<-c.Done()
	})
}

// Receipts that are owed are waited for, before DISCONNECT, and then given up.
func TestDisconnectWithReceiptsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
		got := newOutcomes(t)
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10, OnOutcome: got.add})
		for range 2 {
			if _, err := p.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			b.read()
		}
		result := async(func() error { return c.Disconnect(t.Context()) })
		synctest.Wait()
		if _, err := p.Send(t.Context(), nil); err == nil {
			t.Error("sent while disconnecting")
		}
		b.receipt("~0-2")
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Error(err)
		}
		<-c.Done()
		synctest.Wait()
		if got.of(1).Status != conn.Unknown || got.of(2).Status != conn.Confirmed {
			t.Errorf("outcomes %v", got.all)
		}
	})
}

// Disconnect takes nothing new, also if the outbox is so full that it takes nothing at all: who waits for room is refused
// when there is some, and does not go out before DISCONNECT.
func TestDisconnectWithAFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{HighWater: 100, HardLimit: 1000}})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/b", Window: 10})
		m := received(t, c, b, frame.AckClient)
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the flusher has that, and waits for the broker
		for m.Ack() == nil {
		}
		late := async(func() error { return c.Send(context.Background(), "/queue/late", nil) })
		synctest.Wait()
		gone := async(func() error { return c.Disconnect(context.Background()) })
		synctest.Wait()
		read := b.obey()
		if err := b.await(late); !errors.Is(err, conn.ErrDisconnecting) {
			t.Errorf("who sends meanwhile: %v", err)
		}
		if err := b.await(gone); err != nil {
			t.Error(err)
		}
		for _, text := range <-read {
			if strings.Contains(text, "late") {
				t.Errorf("the broker got %q", text)
			}
		}
	})
}
