package bench_test

import (
	"context"
	"net"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// BenchmarkPublish is the cost of a message of 128 B with two headers beside the
// destination, until the peer has it, or its receipt is here.
func BenchmarkPublish(b *testing.B) {
	fixed := []frame.Field{{Name: "content-type", Value: "text/plain"}, {Name: "priority", Value: "4"}}
	body, ctx := make([]byte, 128), context.Background()
	type sending struct {
		send  func() error
		flush func() error
	}
	by := func(cfg conn.ProducerConfig, h ...frame.Field) func(b *testing.B, c *conn.Client) sending {
		return func(b *testing.B, c *conn.Client) sending {
			cfg.Destination = "/queue/bench"
			p, err := c.NewProducer(cfg)
			if err != nil {
				b.Fatal(err)
			}
			return sending{
				send:  func() error { _, err := p.Send(ctx, body, h...); return err },
				flush: func() error { return p.Flush(ctx) },
			}
		}
	}
	for _, how := range []struct {
		name string
		make func(b *testing.B, c *conn.Client) sending
	}{
		{"how=send", func(_ *testing.B, c *conn.Client) sending {
			return sending{
				send:  func() error { return c.Send(ctx, "/queue/bench", body, fixed...) },
				flush: func() error { return nil },
			}
		}},
		{"how=precompiled", by(conn.ProducerConfig{Headers: fixed, Window: -1})},
		{"how=precompiled-1-own-header", by(conn.ProducerConfig{Headers: fixed[:1], Window: -1}, fixed[1:]...)},
		{"how=confirmed-window-1000", by(conn.ProducerConfig{Headers: fixed, Window: 1000})},
		{"how=confirmed-every-100", by(conn.ProducerConfig{Headers: fixed, Window: 1000, ReceiptEvery: 100})},
	} {
		b.Run(how.name, func(b *testing.B) {
			c := dialPeer(b, confirm)
			s := how.make(b, c)
			b.SetBytes(128)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if err := s.send(); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.flush(); err != nil {
				b.Fatal(err)
			}
			// Its receipt says that all others have come, too.
			if err := c.SendReceipt(ctx, "/queue/bench", nil); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// confirm answers each frame that asks for a receipt.
func confirm(nc net.Conn) {
	p := &confirmer{}
	p.l = link.New(nc, p, link.Options{})
	if err := (pump.Driver{}).Start(p.l); err == nil {
		<-p.l.Done()
	}
}

type confirmer struct{ l *link.Link }

func (p *confirmer) OnFrame(f *frame.Frame) error {
	id, ok := f.Header.Lookup(frame.HeaderReceipt)
	if !ok {
		return nil
	}
	buf, err := p.l.ReserveNow(64)
	if err != nil {
		return err
	}
	out, err := writer.AppendReceipt(buf, frame.Version12, id)
	if err != nil {
		out = buf
	}
	p.l.Commit(out)
	return err
}

func (p *confirmer) OnClose(error) {}
