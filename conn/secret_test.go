package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

const secret = "hunter2"

// safeBuffer is written by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A broker that quotes the frame which it complains about does not bring the passcode into an error, a log or a session.
func TestSecretIsNeverShown(t *testing.T) {
	const quote = "message:denied for me/hunter2\n\nCONNECT\npasscode:hunter2\n^@"
	var log safeBuffer
	var mu sync.Mutex
	var texts []string
	show := func(values ...any) {
		mu.Lock()
		defer mu.Unlock()
		for _, v := range values {
			texts = append(texts, fmt.Sprintf("%v %+v %#v %q", v, v, v, v))
		}
	}
	showErr := func(err error) {
		for ; err != nil; err = errors.Unwrap(err) {
			show(err)
		}
	}
	cfg := conn.Config{
		Login: "me", Passcode: secret,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Trace: func(_ context.Context, e *conn.Event) {
			if e.Err != nil {
				showErr(e.Err)
			}
		},
	}

	for _, answer := range []string{
		"ERROR\n" + quote,
		"ERROR\n\nCONNECT\npasscode:hunter2\n^@",
		"CONNECTED\nversion:hunter2\n\n^@",
		"CONNECTED\nversion:1.2 hunter2\n\n^@",
		"CONNECTED\nversion:1.2\nheart-beat:hunter2\n\n^@",
	} {
		b, result := open(t, overPipe, cfg)
		b.read()
		b.write(answer)
		got := <-result
		if got.err == nil {
			t.Fatalf("%q is accepted", answer)
		}
		showErr(got.err)
	}

	c, b := session(t, overPipe, frame.Version12, cfg)
	waiting := async(func() error { return c.SendReceipt(context.Background(), "/queue/a", nil) })
	id := header(b.read(), "receipt")
	b.write("ERROR\nreceipt-id:" + id + "\n" + quote)
	showErr(b.await(waiting))
	b.write("ERROR\nreceipt-id:hunter2\nhunter2:x\n" + quote)
	waiting = async(func() error { return c.SendReceipt(context.Background(), "/queue/a", nil) })
	b.read()
	b.write("ERROR\n" + quote)
	_ = b.nc.Close()
	showErr(b.await(waiting))
	<-c.Done()
	showErr(c.Err())

	for _, uri := range []string{"me:hunter2@broker", "stomp://me:hunter2@broker:1", "failover:(stomp://me:hunter2@a,stomps://me:hunter2@b)",
		"stomp://me:hunter2@", "wss://me:hunter2@b/ws?token=hunter2"} {
		cfg := cfg
		cfg.Attempts = 1
		cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }
		_, err := conn.Dial(t.Context(), uri, &cfg)
		if err == nil {
			t.Fatalf("%s was reached", uri)
		}
		showErr(err)
	}

	cfg.Passcode = secret + "\n"
	_, err := conn.Dial(t.Context(), "127.0.0.1:1", &cfg)
	showErr(err)

	mu.Lock()
	defer mu.Unlock()
	for _, text := range append(texts, log.String()) {
		if strings.Contains(text, secret) {
			t.Errorf("shows the passcode: %s", text)
		}
	}
	if len(texts) < 20 || !strings.Contains(log.String(), "denied") {
		t.Errorf("%d texts, log %q: the test looks in the wrong place", len(texts), log.String())
	}
}

// Whatever a program prints of what it has, the passcode is not in it.
func TestPrintedClientShowsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cfg := conn.Config{Login: "me", Passcode: secret, DialFunc: s.dial, OneConnection: true}
		c, err := conn.Dial(t.Context(), "stomp://me:hunter2@broker", &cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer s.end(c)
		sub, err := c.Consume(t.Context(), "/queue/a", conn.SubscribeOptions{Ack: frame.AckClient})
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "1", "x"))
		m, err := sub.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Release()
		tx, err := c.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		sessions := c.Sessions()
		if len(sessions) != 1 || sessions[0].Addr != "stomp://me:***@broker:61613" {
			t.Errorf("sessions %+v", sessions)
		}
		synctest.Wait()
		for _, v := range []any{c, sub, p, m, m.Token(), tx, sessions, c.Stats()} {
			text := fmt.Sprintf("%v %+v %#v", v, v, v)
			if strings.Contains(text, secret) {
				t.Errorf("a %T shows the passcode: %s", v, text)
			}
		}
	})
}
