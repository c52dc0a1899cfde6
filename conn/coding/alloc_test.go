//go:build !race

package coding_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/coding"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/alloctest"
)

func TestAllocDecode(t *testing.T) {
	for _, name := range names {
		body := encode(t, name, prose)
		dst := make([]byte, 0, 2*len(prose))
		round := func() {
			for range 1000 {
				if out, _, err := coding.Decode(dst, body, name, 1<<20); err != nil || len(out) != len(prose) {
					t.Fatal(len(out), err)
				}
			}
		}
		if n := alloctest.Least(1, round); n != 0 {
			t.Errorf("%s: %v allocations in 1000 decodings; want 0", name, n)
		}
	}
}

func TestAllocSend(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		broker, err := l.Accept()
		if err != nil {
			return
		}
		defer broker.Close()
		_, _ = broker.Read(make([]byte, 1024))
		_, _ = io.WriteString(broker, "CONNECTED\nversion:1.2\n\n\x00")
		_, _ = io.Copy(io.Discard, broker)
	}()
	ctx := context.Background()
	c, err := conn.Dial(ctx, l.Addr().String(), &conn.Config{OneConnection: true, NoReconnect: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Close()
		<-c.Done()
	}()
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/q", Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	h := []frame.Field{{Name: "a", Value: "b"}, {Name: "c", Value: "d"}}
	for _, name := range names {
		e := encoder(t, name, coding.LevelDefault)
		round := func() {
			for range 1000 {
				if err := e.Send(ctx, c, "/q", prose, h...); err != nil {
					t.Fatal(err)
				}
				if _, err := e.Produce(ctx, p, prose, h...); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := alloctest.Least(1, round); n != 0 {
			t.Errorf("%s: %v allocations in 2000 sends; want 0", name, n)
		}
	}
}

func TestAllocHandler(t *testing.T) {
	ctx := context.Background()
	for _, name := range append([]string{"identity", "zstd, gzip"}, names...) {
		body, size := prose, len(prose)
		switch name {
		case "identity":
		case "zstd, gzip":
			body = zipOnce(encode(t, coding.Zstd, prose))
		default:
			body = encode(t, name, prose)
		}
		m := conn.Message{Header: frame.Fields{{Name: coding.Header, Value: name}}.Header(), Body: body}
		h := coding.Handler(func(_ context.Context, m *conn.Message) {
			if len(m.Body) != size {
				t.Fatal(len(m.Body))
			}
		}, func(_ context.Context, _ *conn.Message, err error) { t.Fatal(err) }, 0)
		round := func() {
			for range 1000 {
				h(ctx, &m)
			}
		}
		if n := alloctest.Least(1, round); n != 0 {
			t.Errorf("%s: %v allocations for 1000 messages; want 0", name, n)
		}
	}
}
