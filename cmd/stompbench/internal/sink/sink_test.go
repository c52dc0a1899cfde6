package sink_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/internal/leaktest"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/sink"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func listen(t *testing.T) *sink.Sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := sink.On(ln)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Our own client is content with it: every send is confirmed, whatever its body.
func TestConfirmsEverything(t *testing.T) {
	s := listen(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := conn.Dial(ctx, s.Addr(), &conn.Config{OneConnection: true, NoReconnect: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var confirmed atomic.Int64
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a:b", Window: 64, OnOutcome: func(o conn.Outcome) {
		if o.Status == conn.Confirmed {
			confirmed.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	const n = 300
	for i := range n {
		// NULs, line ends, none at all, and more than one read takes.
		body := bytes.Repeat([]byte{0, '\n', '\n', 0}, i*i)
		if _, err := p.Send(ctx, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if confirmed.Load() != n || s.Frames() != n {
		t.Errorf("%d confirmed and %d frames of %d", confirmed.Load(), s.Frames(), n)
	}
	if err := c.Disconnect(ctx); err != nil {
		t.Error(err)
	}
}

// However the bytes are cut.
func TestAnyChunks(t *testing.T) {
	in := "CONNECT\naccept-version:1.2\nhost:/\n\n\x00\n\n" +
		"SEND\ndestination:/queue/a\nreceipt:a\\c1\n\nbody\x00" +
		"SEND\ndestination:/queue/a\n\nbody\x00\n" +
		"SEND\nreceipt:2\ndestination:/queue/a\ncontent-length:3\n\n\x00\n\n\x00" +
		"DISCONNECT\nreceipt:3\n\n\x00"
	want := "CONNECTED\nversion:1.2\nserver:sink\nheart-beat:0,0\n\n\x00" +
		"RECEIPT\nreceipt-id:a\\c1\n\n\x00RECEIPT\nreceipt-id:2\n\n\x00RECEIPT\nreceipt-id:3\n\n\x00"
	for step := 1; step <= len(in); step += 7 {
		s := listen(t)
		nc, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(time.Minute))
		for left := in; left != ""; left = left[min(step, len(left)):] {
			if _, err := io.WriteString(nc, left[:min(step, len(left))]); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(nc, got); err != nil || string(got) != want {
			t.Errorf("in chunks of %d: %q, %v", step, got, err)
		}
		if s.Frames() != 3 {
			t.Errorf("%d frames", s.Frames())
		}
		_ = nc.Close()
	}
}

func TestNonsenseEndsTheConnection(t *testing.T) {
	for _, in := range []string{
		"SEND\ncontent-length:-1\n\n", "SEND\ncontent-length:x\n\n",
		string(bytes.Repeat([]byte{'x'}, 300<<10)),
	} {
		s := listen(t)
		nc, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(nc, in)
		if got, err := io.ReadAll(nc); len(got) != 0 || isTimeout(err) {
			t.Errorf("%.20q: %q, %v", in, got, err)
		}
		_ = nc.Close()
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}
