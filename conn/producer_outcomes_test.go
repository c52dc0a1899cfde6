package conn_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// outcomes records what a producer reports, and finds fault with a second outcome for a send.
type outcomes struct {
	t   testing.TB
	mu  sync.Mutex
	all []conn.Outcome
}

func newOutcomes(t testing.TB) *outcomes { return &outcomes{t: t} }

func (o *outcomes) add(got conn.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, had := range o.all {
		if had.Seq == got.Seq {
			o.t.Errorf("send %d: outcome %v after %v", got.Seq, got.Status, had.Status)
		}
	}
	o.all = append(o.all, got)
}

// String lists them in the order of the report, as "1 confirmed, 2 unknown".
func (o *outcomes) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, outcome := range o.all {
		list = append(list, fmt.Sprintf("%d %v", outcome.Seq, outcome.Status))
	}
	return strings.Join(list, ", ")
}

func (o *outcomes) count(status conn.OutcomeStatus) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, got := range o.all {
		if got.Status == status {
			n++
		}
	}
	return n
}

func (o *outcomes) of(seq uint64) conn.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, got := range o.all {
		if got.Seq == seq {
			return got
		}
	}
	return conn.Outcome{}
}

func (o *outcomes) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.all)
}

// notConfirmed checks that err is an *OutcomeError with these counts.
func notConfirmed(t testing.TB, err error, rejected, unknown, notSent uint64) {
	t.Helper()
	var bad *conn.OutcomeError
	if !errors.As(err, &bad) {
		t.Errorf("error %v; want an OutcomeError", err)
		return
	}
	if bad.Rejected != rejected || bad.Unknown != unknown || bad.NotSent != notSent || bad.First == nil {
		t.Errorf("%v; want %d rejected, %d unknown, %d not sent", bad, rejected, unknown, notSent)
	}
}

func producer(t testing.TB, c *conn.Client, cfg conn.ProducerConfig) *conn.Producer {
	t.Helper()
	p, err := c.NewProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newProducer returns a producer of /queue/a whose outcomes are recorded.
func newProducer(t testing.TB, c *conn.Client, cfg conn.ProducerConfig) (*conn.Producer, *outcomes) {
	t.Helper()
	seen := newOutcomes(t)
	cfg.Destination, cfg.OnOutcome = "/queue/a", seen.add
	return producer(t, c, cfg), seen
}

func sendAll(t testing.TB, p *conn.Producer, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if _, err := p.Send(t.Context(), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
}

// refusedByClose reports whether err says that a producer or a client is closed, and that nothing was sent.
func refusedByClose(err error) bool {
	return errors.Is(err, net.ErrClosed) && !errors.Is(err, conn.ErrUnknownOutcome)
}

// sessionOf is session with a broker that sends its name in the server header.
func sessionOf(t testing.TB, tr transport, server string, cfg conn.Config) (*conn.Client, *fakeBroker) {
	t.Helper()
	b, result := open(t, tr, cfg)
	b.read()
	b.write("CONNECTED\nversion:" + frame.Version12.String() + "\nserver:" + server + "\n\n^@")
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	t.Cleanup(func() { _ = got.c.Close() })
	return got.c, b
}
