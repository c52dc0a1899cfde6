package conn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// A send that ends with Text has no content-length.
func TestSendText(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		ctx := context.Background()
		c, b := session(t, tr, frame.Version12, conn.Config{})
		latin := frame.Field{Name: frame.HeaderContentType, Value: "text/plain;charset=iso-8859-1"}
		result := async(func() error {
			return errors.Join(c.Send(ctx, "/q", []byte("caf\xe9\n"), latin, conn.Text), c.Send(ctx, "/q", nil, conn.Text))
		})
		b.expect("SEND\ndestination:/q\ncontent-type:text/plain;charset=iso-8859-1\n\ncaf\xe9\n^@")
		b.expect("SEND\ndestination:/q\n\n^@")
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}

		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/q", Headers: []frame.Field{conn.Text}, Window: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, send := range []func() error{
			func() error { return c.SendReceipt(ctx, "/q", []byte("x"), latin, conn.Text) },
			func() error { _, err := p.Send(ctx, []byte("x")); return err },
		} {
			result = async(send)
			text := b.read()
			if header(text, "content-length") != "" || body(text) != "x" {
				t.Errorf("%q", text)
			}
			b.receipt(header(text, "receipt"))
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What would not be text, or would not be what was given, is refused, and nothing is sent.
func TestSendTextRefused(t *testing.T) {
	c, _ := session(t, overPipe, frame.Version12, conn.Config{})
	ctx := context.Background()
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/q", Headers: []frame.Field{conn.Text}, Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	_, nulProduced := p.Send(ctx, []byte("a\x00b"))
	for name, err := range map[string]error{
		"NUL":            c.Send(ctx, "/q", []byte("a\x00b"), conn.Text),
		"NUL, receipt":   c.SendReceipt(ctx, "/q", []byte("a\x00b"), conn.Text),
		"NUL, producer":  nulProduced,
		"no destination": c.Send(ctx, "", []byte("a"), conn.Text),
		"not last":       c.Send(ctx, "/q", []byte("a"), conn.Text, frame.Field{Name: "a", Value: "b"}),
		"wrong length":   c.Send(ctx, "/q", []byte("a"), frame.Field{Name: frame.HeaderContentLength, Value: "2"}),
	} {
		if !errors.Is(err, writer.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out := c.Stats().Queued; out != 0 {
		t.Errorf("%d bytes wait in the outbox; nothing was to be sent", out)
	}
}
