package conn_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// received subscribes, delivers one message and returns a copy of it, which is released with the test.
func received(t testing.TB, c *conn.Client, b *fakeBroker, mode frame.AckMode) *conn.Message {
	t.Helper()
	got := make(chan *conn.Message, 1)
	b.subscribe(c, mode, func(_ context.Context, m *conn.Message) { got <- m.Retain() })
	b.write(delivery(c.Sessions()[0].Version))
	m := <-got
	t.Cleanup(m.Release)
	return m
}

func TestAckForms(t *testing.T) {
	for _, c := range []struct {
		version frame.Version
		wire    string
	}{
		{frame.Version10, "ACK\nmessage-id:m:1\n\n^@"},
		{frame.Version11, "ACK\nmessage-id:m\\c1\nsubscription:1\n\n^@"},
		{frame.Version12, "ACK\nid:a\\c1\n\n^@"},
	} {
		overEach(t, func(t *testing.T, tr transport) {
			s, b := session(t, tr, c.version, conn.Config{})
			m := received(t, s, b, frame.AckClient)
			if err := m.Ack(); err != nil {
				t.Fatal(err)
			}
			b.expect(c.wire)
			err := m.Nack()
			if c.version == frame.Version10 { // which has none
				if !errors.As(err, new(*writer.FrameError)) {
					t.Errorf("NACK on 1.0: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			b.expect("N" + c.wire)
		})
	}
}

func TestAckWithHeaders(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	m := received(t, c, b, frame.AckClientIndividual)
	if err := m.Nack(frame.Field{Name: "requeue", Value: "false"}); err != nil {
		t.Fatal(err)
	}
	b.expect("NACK\nid:a\\c1\nrequeue:false\n\n^@")
	if err := m.Ack(frame.Field{Name: "k", Value: "\x00"}); !errors.Is(err, writer.ErrRefused) {
		t.Error(err)
	}
	if err := m.Ack(); err != nil {
		t.Fatal(err)
	}
	b.expect("ACK\nid:a\\c1\n\n^@")
}

func TestAckRefused(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	m := received(t, c, b, frame.AckAuto)
	for name, err := range map[string]error{"Ack": m.Ack(), "Nack": m.Nack()} {
		if !errors.Is(err, conn.ErrAckMode) {
			t.Errorf("%s of an auto subscription's message: %v", name, err)
		}
	}
	if err := c.Send(t.Context(), "/queue/a", nil); err != nil {
		t.Fatal(err)
	}
	b.expect("SEND\ndestination:/queue/a\n\n^@") // and no ACK before it
}

func TestAckOnAClosedConnection(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	m := received(t, c, b, frame.AckClient)
	_ = c.Close()
	if err := m.Ack(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// A borrowed message must not be acknowledged after its handler has returned.
func TestAckOfABorrowedMessageTooLate(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	kept := make(chan *conn.Message, 2)
	b.subscribe(c, frame.AckClient, func(_ context.Context, m *conn.Message) {
		kept <- m
		if err := m.Ack(); err != nil {
			t.Error(err)
		}
	})
	b.write(delivery(frame.Version12))
	b.read()
	first := <-kept
	flush(t, c, b)
	if err := first.Ack(); err == nil {
		t.Error("a message was acknowledged after its handler had returned")
	}
}

// A token acknowledges a message when that has gone, on each version, once per call.
func TestToken(t *testing.T) {
	for _, c := range []struct {
		version frame.Version
		wire    string
	}{
		{frame.Version10, "ACK\nmessage-id:m:1\n\n^@"},
		{frame.Version11, "ACK\nmessage-id:m\\c1\nsubscription:1\n\n^@"},
		{frame.Version12, "ACK\nid:a\\c1\n\n^@"},
	} {
		s, b := session(t, overPipe, c.version, conn.Config{})
		got := make(chan conn.Token, 1)
		b.subscribe(s, frame.AckClient, func(_ context.Context, m *conn.Message) { got <- m.Token() })
		b.write(delivery(c.version))
		token := <-got
		flush(t, s, b) // the memory of the message is used again
		if err := token.Ack(); err != nil {
			t.Fatal(err)
		}
		b.expect(c.wire)
		_ = s.Close()
		<-s.Done()
		if err := token.Ack(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	}
}
