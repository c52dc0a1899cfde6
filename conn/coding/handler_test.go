package coding_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/coding"
	"github.com/stompwire/stompwire/frame"
)

// got is what a handler saw, and err what bad saw.
type got struct {
	body, encoding string
	err            error
}

func recorder(seen chan<- got, maxOutput int) conn.MessageHandler {
	record := func(m *conn.Message, err error) {
		seen <- got{string(m.Body), m.Header.Text(coding.Header), err}
	}
	return coding.Handler(
		func(_ context.Context, m *conn.Message) { record(m, nil) },
		func(_ context.Context, m *conn.Message, err error) { record(m, err) },
		maxOutput)
}

func next(t *testing.T, seen <-chan got) got {
	t.Helper()
	select {
	case g := <-seen:
		return g
	case <-time.After(time.Minute):
		t.Fatal("no message")
		return got{}
	}
}

func TestSendAndHandle(t *testing.T) {
	for _, name := range names {
		c, seen, ctx := echo(t), make(chan got, 1), context.Background()
		listen(t, c, recorder(seen, 0))
		e := encoder(t, name, coding.LevelDefault)
		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: -1})
		if err != nil {
			t.Fatal(err)
		}
		before := c.Stats().BytesOut
		for _, send := range []func(body []byte, h ...frame.Field) error{
			func(body []byte, h ...frame.Field) error { return e.Send(ctx, c, "/queue/a", body, h...) },
			func(body []byte, h ...frame.Field) error { _, err := e.Produce(ctx, p, body, h...); return err },
		} {
			if err := send(prose, frame.Field{Name: "a", Value: "b"}); err != nil {
				t.Fatal(err)
			}
			if g := next(t, seen); g.body != string(prose) || g.encoding != name || g.err != nil {
				t.Errorf("%s: %d bytes, %q, %v", name, len(g.body), g.encoding, g.err)
			}
			// What does not get shorter is sent as it is.
			if err := send(noise); err != nil {
				t.Fatal(err)
			}
			if g := next(t, seen); g.body != string(noise) || g.encoding != "" || g.err != nil {
				t.Errorf("%s: %d bytes, %q, %v", name, len(g.body), g.encoding, g.err)
			}
			// So is what is encoded already.
			if err := send(prose, frame.Field{Name: coding.Header, Value: "br"}); err != nil {
				t.Fatal(err)
			}
			if g := next(t, seen); g.body != string(prose) || g.encoding != "br" || g.err != nil {
				t.Errorf("%s: %d bytes, %q, %v", name, len(g.body), g.encoding, g.err)
			}
		}
		// Nor is text encoded, which has no content-length.
		if err := e.Send(ctx, c, "/queue/a", prose, conn.Text); err != nil {
			t.Fatal(err)
		}
		if g := next(t, seen); g.body != string(prose) || g.encoding != "" {
			t.Errorf("%s: text came as %d bytes, %q", name, len(g.body), g.encoding)
		}
		if out := c.Stats().BytesOut - before; out > uint64(2*(len(noise)+len(prose)+len(prose)/4)+len(prose)+100) {
			t.Errorf("%s: %d bytes went out", name, out)
		}
	}
}

func TestHandlerBad(t *testing.T) {
	c, seen, ctx := echo(t), make(chan got, 1), context.Background()
	listen(t, c, recorder(seen, len(prose)-1))
	zipped := encode(t, coding.Gzip, prose)
	var large *coding.TooLargeError
	var corrupt *coding.CorruptError
	for _, tc := range []struct {
		name, encoding string
		body           []byte
		want           any // of errors.As; nil if it is handed on
	}{
		{"too large", "gzip", zipped, &large},
		{"corrupt", "zstd", zipped, &corrupt},
		{"unknown", "br", zipped, nil},
		{"none", "", zipped, nil},
		{"empty", "gzip", nil, nil},
	} {
		if err := c.Send(ctx, "/queue/a", tc.body, frame.Field{Name: coding.Header, Value: tc.encoding}); err != nil {
			t.Fatal(err)
		}
		g := next(t, seen)
		if g.body != string(tc.body) || (tc.want == nil) != (g.err == nil) || (tc.want != nil && !errors.As(g.err, tc.want)) {
			t.Errorf("%s: %d bytes, %v", tc.name, len(g.body), g.err)
		}
	}
}

// The message has its own body again after the handler, even if that panics.
func TestHandlerRestoresBody(t *testing.T) {
	zipped := encode(t, coding.Gzip, prose)
	m := conn.Message{Header: frame.Fields{{Name: coding.Header, Value: "gzip"}}.Header(), Body: zipped}
	h := coding.Handler(func(_ context.Context, m *conn.Message) {
		if !bytes.Equal(m.Body, prose) {
			t.Errorf("%d bytes", len(m.Body))
		}
		panic("the user's")
	}, nil, 0)
	func() {
		defer func() { _ = recover() }()
		h(context.Background(), &m)
	}()
	if !bytes.Equal(m.Body, zipped) {
		t.Error("the body is not what it was")
	}
}
