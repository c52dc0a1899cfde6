package conn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestSendText(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		ctx := context.Background()
		s, b := session(t, tr, frame.Version12, conn.Config{})
		latin := frame.Field{Name: frame.HeaderContentType, Value: "text/plain;charset=iso-8859-1"}
		result := async(func() error {
			return errors.Join(s.SendText(ctx, "/q", []byte("caf\xe9\n"), latin), s.SendText(ctx, "/q", nil))
		})
		b.expect("SEND\ndestination:/q\ncontent-type:text/plain;charset=iso-8859-1\n\ncaf\xe9\n^@")
		b.expect("SEND\ndestination:/q\n\n^@")
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}

		result = async(func() error { return s.SendTextReceipt(ctx, "/q", []byte("x"), latin) })
		b.expect("SEND\ndestination:/q\ncontent-type:text/plain;charset=iso-8859-1\nreceipt:~1\n\nx^@")
		b.receipt("~1")
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}

		p, err := s.NewProducer(conn.ProducerConfig{Destination: "/q", Text: true, Window: 2})
		if err != nil {
			t.Fatal(err)
		}
		result = async(func() error { _, err := p.Send(ctx, []byte("y")); return err })
		b.expect("SEND\ndestination:/q\nreceipt:~0-1\n\ny^@")
		b.receipt("~0-1")
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSendTextRefused(t *testing.T) {
	s, _ := session(t, overPipe, frame.Version12, conn.Config{})
	ctx := context.Background()
	p, err := s.NewProducer(conn.ProducerConfig{Destination: "/q", Text: true})
	if err != nil {
		t.Fatal(err)
	}
	_, nulProduced := p.Send(ctx, []byte("a\x00b"))
	for _, c := range []struct {
		name string
		err  error
		is   error
	}{
		{"NUL", s.SendText(ctx, "/q", []byte("a\x00b")), writer.ErrNULInBody},
		{"NUL, receipt", s.SendTextReceipt(ctx, "/q", []byte("a\x00b")), writer.ErrNULInBody},
		{"NUL, producer", nulProduced, writer.ErrNULInBody},
		{"no destination", s.SendText(ctx, "", []byte("a")), writer.ErrMissing},
		{"content-length", s.SendText(ctx, "/q", []byte("a"), frame.Field{Name: frame.HeaderContentLength, Value: "1"}), writer.ErrContentLength},
	} {
		if !errors.Is(c.err, c.is) || !errors.Is(c.err, writer.ErrRefused) {
			t.Errorf("%s: %v; want %v", c.name, c.err, c.is)
		}
	}
	if out := s.Stats().Queued; out != 0 {
		t.Errorf("%d bytes wait in the outbox; nothing was to be sent", out)
	}
}
