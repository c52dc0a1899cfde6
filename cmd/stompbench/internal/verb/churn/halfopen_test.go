package churn_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// half adds half-open connections at a stage to a configuration, half of all of them,
// from the eleventh connection on.
func half(t *testing.T, cfg churn.Config, addr string, hold time.Duration, at ...churn.Stage) churn.Config {
	t.Helper()
	var err error
	if cfg.Broker, err = uri.Parse(addr); err != nil {
		t.Fatal(err)
	}
	cfg.Versions, cfg.HeartBeat = frame.VersionsOf(frame.Version12), time.Second
	cfg.HalfOpen = churn.HalfOpen{Share: 0.5, Stages: at, AfterCount: 10, Hold: hold, Max: 100}
	return cfg
}

// dialling returns a context in which half-open connections are dialled by dial.
func dialling(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error)) context.Context {
	return world.With(ctx, &world.World{Dial: dial})
}

// tally holds that everything adds up, and returns what became of each stage.
func tally(t *testing.T, cfg churn.Config, r *churn.Report) map[churn.Stage]*churn.HalfStage {
	t.Helper()
	if r.HalfOpen == nil {
		t.Fatal("nothing is said of half-open connections")
	}
	out := map[churn.Stage]*churn.HalfStage{}
	all := uint64(0)
	for _, h := range r.HalfOpen.Stages {
		out[h.Stage] = h
		all += h.Opened + h.Refused
		if h.Closed+h.StillOpen+h.Left != h.Opened || h.After.Count != h.Closed {
			t.Errorf("%s: %+v does not add up", h.Stage, h)
		}
		for _, reasons := range []struct {
			m churn.Failures
			n uint64
		}{{h.How, h.Closed}, {h.Why, h.Refused}} {
			sum := uint64(0)
			for _, f := range reasons.m {
				sum += f.Count
			}
			if sum != reasons.n {
				t.Errorf("%s: %v are not %d", h.Stage, reasons.m, reasons.n)
			}
		}
	}
	// Half of those after the tenth.
	failed := uint64(0)
	for _, f := range r.Failures {
		if f.Step == "connect" {
			failed += f.Count
		}
	}
	if want := (cfg.Count - cfg.HalfOpen.AfterCount) / 2; all+r.HalfOpen.Skipped != want || r.Opened+failed+all != cfg.Count {
		t.Errorf("%d half-open and %d skipped, want %d; %d of the others opened and %d failed, of %d", all, r.HalfOpen.Skipped, want, r.Opened, failed, cfg.Count)
	}
	if r.HalfOpen.MostHeld > uint64(cfg.HalfOpen.Max) || all > 0 && r.HalfOpen.MostHeld < 1 {
		t.Errorf("%d held at most", r.HalfOpen.MostHeld)
	}
	before, with := r.Latency["connect_before_half_open"].Count, r.Latency["connect_with_half_open"].Count
	if before+with > r.Opened || before == 0 {
		t.Errorf("%d connects before and %d with, of %d", before, with, r.Opened)
	}
	return out
}

// The embedded broker gives a peer a time to connect, and then two and a half intervals
// of the heart-beats that it promised: it closes what is half-open, no sooner, and the
// others come and go all the same.
func TestBrokerClosesHalfOpen(t *testing.T) {
	t.Parallel()
	hasty := broker.Config{ConnectTimeout: 300 * time.Millisecond}
	deaf := broker.Config{HeartBeat: frame.HeartBeat{Send: -1, Receive: time.Second}}
	for _, c := range []struct {
		stage  churn.Stage
		broker broker.Config
	}{
		{churn.AtTCP, hasty}, {churn.AtConnect, hasty}, {churn.AtConnected, deaf}, {churn.AtSubscribed, deaf},
	} {
		t.Run(c.stage, func(t *testing.T) {
			t.Parallel()
			if c.stage == churn.AtSubscribed && runtime.GOOS != "linux" {
				t.Skip("here, it is seen only when it has been held for its time")
			}
			b := start(t, c.broker)
			cfg := config(b)
			cfg.Count, cfg.Subscriptions = 30, 1
			cfg.Dial = patient(b)
			cfg = half(t, cfg, b.Addr().String(), 5*time.Minute, c.stage)
			h := tally(t, cfg, churn.Run(t.Context(), cfg))[c.stage]
			if h.Opened == 0 || h.Closed != h.Opened || h.Refused != 0 || h.After.Max <= 0 {
				t.Errorf("%+v", h)
			}
		})
	}
}

// patient dials until it succeeds: on a busy machine, a broker with short timeouts may also close
// the connection of a client that does nothing wrong.
func patient(b *broker.Broker) func(context.Context) (*conn.Client, error) {
	return func(ctx context.Context) (c *conn.Client, err error) {
		for ctx.Err() == nil {
			if c, err = dial(ctx, b.Addr().String()); err == nil {
				return c, nil
			}
		}
		return nil, err
	}
}

// A broker that lets them be has them as long as they are held, so many at a time as
// there may be; what is due beyond that is finished.
func TestHalfOpenIsHeldAndBounded(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{ConnectTimeout: time.Hour, HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}})
	cfg := config(b)
	cfg.Count, cfg.Open = 60, 1
	cfg = half(t, cfg, b.Addr().String(), 500*time.Millisecond, churn.AtTCP, churn.AtConnect, churn.AtConnected, churn.AtSubscribed)
	cfg.HalfOpen.Max = 4
	r := churn.Run(t.Context(), cfg)
	kept := uint64(0)
	for _, h := range tally(t, cfg, r) {
		kept += h.StillOpen
		if h.Closed+h.Left+h.Refused != 0 || h.Opened == 0 {
			t.Errorf("%s: %+v", h.Stage, h)
		}
	}
	if kept+r.HalfOpen.Skipped != 25 || r.Failed != 0 {
		t.Errorf("%d kept and %d skipped; %d of the others failed", kept, r.HalfOpen.Skipped, r.Failed)
	}
}

// A broker that serves so many connections and no more: half-open ones take the places
// of the others, and the report says when these failed.
func TestHalfOpenTakesPlaces(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{ConnectTimeout: time.Hour, MaxConnections: 3})
	cfg := config(b)
	cfg.Open, cfg.Subscriptions, cfg.Count = 1, 0, 60
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg = half(t, cfg, b.Addr().String(), time.Hour, churn.AtTCP)
	// One after the other: each is there, or gone, when the next one comes. Before
	// the others' number 11 + n there are n half-open ones.
	var reached, dialled atomic.Int64
	until := func(ctx context.Context, halves, others int64) {
		for ctx.Err() == nil {
			st := b.Stats()
			if reached.Load() >= halves && int64(st.Accepted) >= halves+others && int64(st.Connections) <= min(3, halves) {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	var d net.Dialer
	ctx = dialling(ctx, func(ctx context.Context, network, address string) (net.Conn, error) {
		until(ctx, reached.Load(), dialled.Load())
		defer reached.Add(1)
		return d.DialContext(ctx, network, address)
	})
	dial := cfg.Dial
	cfg.Dial = func(ctx context.Context) (*conn.Client, error) {
		n := dialled.Load()
		until(ctx, max(0, n-10), n)
		dialled.Add(1)
		return dial(ctx)
	}
	cfg.OnSample = func(s churn.Counts) {
		if s.Opened+s.Failed == 35 && reached.Load() == 25 {
			cancel() // those that are held would be for an hour
		}
	}
	r := churn.Run(ctx, cfg)
	h := tally(t, cfg, r)[churn.AtTCP]
	if h.Opened != 25 || h.Left < 3 || r.Opened != 13 || r.HalfOpen.FailedWith != 22 || r.HalfOpen.FailedBefore != 0 || !r.Partial {
		t.Errorf("%d opened, %+v, %+v", r.Opened, h, r.HalfOpen)
	}
}

// stub answers each connection with what a broker might say, and does with it what a
// broker might do.
func stub(t *testing.T, serve func(nc net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				serve(nc)
				// To close with something unread would be a reset.
				_ = nc.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, nc)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		wg.Wait()
	})
	return ln.Addr().String()
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

// upTo reads until what has come ends with a text; false if the peer left before.
func upTo(nc net.Conn, text string) bool {
	var got []byte
	for b := make([]byte, 1); !bytes.HasSuffix(got, []byte(text)); {
		if _, err := nc.Read(b); err != nil {
			return false
		}
		got = append(got, b[0])
	}
	return true
}

// How a connection ends, and why one never gets so far, is told apart.
func TestHowHalfOpenEnds(t *testing.T) {
	t.Parallel()
	const connected = "CONNECTED\nversion:1.2\n\n\x00"
	for name, c := range map[string]struct {
		stage   churn.Stage
		serve   func(nc net.Conn)
		how     string
		refused string
	}{
		"closed": {churn.AtTCP, func(net.Conn) {}, "closed", ""},
		"reset": {churn.AtConnect, func(nc net.Conn) {
			upTo(nc, "CONNECT")
			_ = nc.(*net.TCPConn).SetLinger(0)
			_ = nc.Close()
		}, "connection reset", ""},
		"an ERROR": {churn.AtConnect, func(nc net.Conn) {
			if upTo(nc, "CONNECT\naccept-version") {
				_, _ = nc.Write([]byte("ERROR\nmessage:too slow\n\nwell\x00\n"))
			}
		}, "the broker says: too slow", ""},
		"heart-beats, and an ERROR with CR": {churn.AtConnected, func(nc net.Conn) {
			if upTo(nc, "\x00") {
				_, _ = nc.Write([]byte("\n\r\n" + connected + "\n\n\nERROR\r\nmessage:no heart-beat\r\n\r\n\x00"))
			}
		}, "the broker says: no heart-beat", ""},
		"after much that nobody read": {churn.AtSubscribed, func(nc net.Conn) {
			if upTo(nc, "\x00") {
				_, _ = nc.Write([]byte(connected))
			}
			if upTo(nc, "\x00") {
				_, _ = nc.Write([]byte("MESSAGE\nmessage-id:1\n\n" + strings.Repeat("x", 50_000) + "\x00ERROR\nmessage:slow consumer\n\n\x00"))
			}
		}, "the broker says: slow consumer", ""},
		"an ERROR with our address": {churn.AtTCP, func(nc net.Conn) {
			_, _ = fmt.Fprintf(nc, "ERROR\nmessage:silence of %s\n\n\x00", strings.ReplaceAll(nc.RemoteAddr().String(), ":", `\c`))
		}, "the broker says: silence of this address", ""},
		"refused": {churn.AtConnected, func(nc net.Conn) {
			if upTo(nc, "\x00") {
				_, _ = nc.Write([]byte("ERROR\nmessage:Bad CONNECT\n\n\x00"))
			}
		}, "", "the broker says: Bad CONNECT"},
		"closed before CONNECTED": {churn.AtConnected, func(nc net.Conn) { upTo(nc, "\x00") }, "", "the other side closed the connection"},
		"no STOMP": {churn.AtSubscribed, func(nc net.Conn) {
			if upTo(nc, "\x00") {
				_, _ = nc.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n\x00"))
			}
		}, "", "what answers there does not speak STOMP"},
		"without an end": {churn.AtConnected, func(nc net.Conn) {
			if upTo(nc, "\x00") {
				_, _ = io.Copy(nc, endless{})
			}
		}, "", "does not speak STOMP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hold := 5 * time.Minute
			if c.stage == churn.AtSubscribed && runtime.GOOS != "linux" {
				hold = 3 * time.Second
			}
			cfg := config(start(t, broker.Config{}))
			cfg.Count, cfg.Subscriptions = 14, 0
			cfg = half(t, cfg, stub(t, c.serve), hold, c.stage)
			r := churn.Run(t.Context(), cfg)
			h := tally(t, cfg, r)[c.stage]
			if c.how != "" && (h.Closed != 2 || !slices.Equal(h.How, churn.Failures{{Reason: c.how, Count: 2}})) {
				t.Errorf("%+v, want %q", h, c.how)
			}
			if c.refused != "" {
				if h.Refused != 2 {
					t.Errorf("%+v, want %q", h, c.refused)
				}
				for _, f := range h.Why {
					if !strings.Contains(f.Reason, c.refused) {
						t.Errorf("%q, want %q", f.Reason, c.refused)
					}
				}
			}
		})
	}
}

// A broker that never answers gets the time of one step. ^C ends holding as well as opening.
func TestHalfOpenWaitsNoLongerThanItIsTold(t *testing.T) {
	t.Parallel()
	silent := stub(t, func(nc net.Conn) { upTo(nc, "never") })
	cfg := config(start(t, broker.Config{}))
	cfg.Count, cfg.Subscriptions = 20, 0
	cfg = half(t, cfg, silent, time.Hour, churn.AtConnected)
	opened := cfg.Dial
	cfg.Dial = func(context.Context) (*conn.Client, error) { return opened(t.Context()) } // they are not meant
	cfg.ConnectTimeout = 300 * time.Millisecond
	r := churn.Run(t.Context(), cfg)
	if h := tally(t, cfg, r)[churn.AtConnected]; len(h.Why) != 1 || h.Why[0].Count != 5 || !strings.HasPrefix(h.Why[0].Reason, "no answer in time") {
		t.Errorf("%+v", h)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg = half(t, config(start(t, broker.Config{})), silent, time.Hour, churn.AtTCP, churn.AtConnected)
	cfg.Count, cfg.Subscriptions, cfg.ConnectTimeout = 20, 0, time.Hour
	var reached atomic.Int64
	var d net.Dialer
	ctx = dialling(ctx, func(ctx context.Context, network, address string) (net.Conn, error) {
		defer reached.Add(1)
		return d.DialContext(ctx, network, address)
	})
	cfg.OnSample = func(s churn.Counts) {
		if s.Opened == 15 && reached.Load() == 5 {
			cancel()
		}
	}
	r = churn.Run(ctx, cfg)
	left := uint64(0)
	for _, h := range r.HalfOpen.Stages {
		left += h.Left
		if h.Refused+h.StillOpen != 0 {
			t.Errorf("%+v", h)
		}
	}
	if !r.Partial || left != 3 {
		t.Errorf("%d left, %+v", left, r.HalfOpen) // two were still being opened
	}
}

func TestNoHalfOpen(t *testing.T) {
	t.Parallel()
	if r := churn.Run(t.Context(), config(start(t, broker.Config{}))); r.HalfOpen != nil {
		t.Errorf("%+v", r.HalfOpen)
	}
	if _, err := churn.ParseStage("udp"); err == nil {
		t.Error("udp is a stage")
	}
}
