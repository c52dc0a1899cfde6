package bench_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// BenchmarkConsume is the cost of a message of 128 B that a broker pushes as fast as
// it is read, until the last one is handled, and acknowledged where the mode says so.
func BenchmarkConsume(b *testing.B) {
	for _, how := range []struct {
		name  string
		mode  frame.AckMode
		pull  bool
		every int
	}{
		{"ack=auto/by=handler", frame.AckAuto, false, 0},
		{"ack=client/by=handler", frame.AckClient, false, 1},
		{"ack=client-batch-100/by=handler", frame.AckClient, false, 100},
		{"ack=client-individual/by=handler", frame.AckClientIndividual, false, 1},
		{"ack=auto/by=consumer", frame.AckAuto, true, 0},
		{"ack=client-individual/by=consumer", frame.AckClientIndividual, true, 1},
	} {
		b.Run(how.name, func(b *testing.B) {
			begin := make(chan int)
			c := dialPeer(b, func(nc net.Conn) { push(nc, <-begin) })
			handled, done := atomic.Int64{}, make(chan struct{})
			handle := func(m *conn.Message) {
				if how.mode != frame.AckAuto {
					if err := m.Ack(); err != nil {
						b.Error(err)
					}
				}
				if handled.Add(1) == int64(b.N) {
					close(done)
				}
			}
			ctx, opts := context.Background(), conn.SubscribeOptions{Ack: how.mode, AckEvery: how.every, NoReceipt: true}
			if how.pull {
				co, err := c.Consume(ctx, "/queue/bench", opts)
				if err != nil {
					b.Fatal(err)
				}
				go func() {
					for m, err := range co.All(ctx) {
						if err == nil {
							handle(m)
						}
					}
				}()
			} else if _, err := c.Subscribe(ctx, "/queue/bench", func(_ context.Context, m *conn.Message) { handle(m) }, opts); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(128)
			b.ReportAllocs()
			b.ResetTimer()
			begin <- b.N
			select {
			case <-done:
			case <-c.Done():
				b.Error(c.Err())
			}
		})
	}
}

// push writes n messages for subscription 1 and reads what comes back.
func push(nc net.Conn, n int) {
	const batch = 100
	message := "MESSAGE\nsubscription:1\nmessage-id:ID-1\nack:1\ndestination:/queue/bench\ncontent-length:128\n\n" +
		strings.Repeat("x", 128) + "\x00\n"
	messages := []byte(strings.Repeat(message, batch))
	go func() {
		for n > 0 {
			k := min(n, batch)
			if _, err := nc.Write(messages[:k*len(message)]); err != nil {
				return
			}
			n -= k
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		if _, err := nc.Read(buf); err != nil {
			return
		}
	}
}

// dialPeer connects to a broker that says CONNECTED and then does what serve does.
func dialPeer(b *testing.B, serve func(nc net.Conn)) *conn.Client {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		if _, err := nc.Read(make([]byte, 4<<10)); err != nil {
			return
		}
		if _, err := io.WriteString(nc, "CONNECTED\nversion:1.2\n\n\x00"); err == nil {
			serve(nc)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := conn.Dial(ctx, ln.Addr().String(), &conn.Config{Broker: dialect.Embedded, OneConnection: true, NoReconnect: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = c.Close()
		_ = ln.Close()
		<-ended
	})
	return c
}
