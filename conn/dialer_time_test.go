package conn_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// The formula: min(max, initial/(1+increase) · (1+increase)ⁿ) · (1 + random·jitter), n from 1.
func TestBackoffPause(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name   string
		b      conn.Backoff
		n      int
		chance float64
		want   time.Duration
	}{
		{"first is initial", conn.Backoff{}, 1, 0, 100 * ms},
		{"half as long again", conn.Backoff{}, 2, 0, 150 * ms},
		{"and again", conn.Backoff{}, 3, 0, 225 * ms},
		{"16th, below the cap", conn.Backoff{}, 16, 0, 43789389038 * time.Nanosecond},
		{"17th, capped", conn.Backoff{}, 17, 0, 60 * time.Second},
		{"for ever", conn.Backoff{}, 1 << 20, 0, 60 * time.Second},
		{"jitter", conn.Backoff{}, 1, 0.5, 105 * ms},
		{"jitter after the cap", conn.Backoff{}, 100, 0.5, 63 * time.Second},
		{"doubling", conn.Backoff{Initial: 10 * ms, Increase: 1, Jitter: -1}, 5, 0.9, 160 * ms},
		{"constant", conn.Backoff{Initial: 10 * ms, Increase: -1, Jitter: -1}, 50, 0.9, 10 * ms},
		{"full jitter", conn.Backoff{Jitter: 1}, 1, 0.75, 175 * ms},
		{"initial above the cap", conn.Backoff{Initial: time.Hour, Max: time.Minute}, 1, 0, time.Minute},
		{"none", conn.Backoff{Initial: -1}, 7, 0.9, 0},
	} {
		if got := c.b.Pause(c.n, c.chance); (got - c.want).Abs() > time.Microsecond {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}

// The pauses of a dialer are those of its formula, and there is none after the last round.
func TestDialerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		d := inOrder(conn.Address{Host: "a"}, conn.Address{Host: "b"})
		d.MaxRounds = 20
		d.DialFunc = func(_ context.Context, _, address string) (net.Conn, error) {
			if address == "a:61613" {
				at = append(at, time.Since(start))
			}
			return nil, errors.New("no")
		}
		if _, err := d.Dial(t.Context(), nil); err == nil || time.Since(start) != at[len(at)-1] || len(at) != 20 {
			t.Fatalf("error %v after %v, last round of %d at %v", err, time.Since(start), len(at), at[len(at)-1])
		}
		for n := 1; n < 20; n++ {
			pause := at[n] - at[n-1]
			if low, high := d.Backoff.Pause(n, 0), d.Backoff.Pause(n, 1); pause < low || pause > high {
				t.Errorf("pause %d is %v; want %v to %v", n, pause, low, high)
			}
		}
	})
}

// "For ever" ends with the context, to the moment.
func TestDialerForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		d := inOrder(conn.Address{})
		d.MaxRounds = -1
		d.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no") }
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := d.Dial(ctx, nil)
		var all *conn.DialError
		if !errors.As(err, &all) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour || all.Rounds < 60 {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	})
}

// dialPipe returns a DialFunc to a broker that follows a script. A nil one blocks: nobody answers the SYN.
func dialPipe(scripts map[string]script) conn.DialFunc {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		play := scripts[address]
		if play == nil {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		client, broker := net.Pipe()
		go func() {
			play(broker)
			_ = broker.Close()
		}()
		return client, nil
	}
}

// Each wait has its own limit, and the next address gets its chance.
func TestDialerTimeouts(t *testing.T) {
	addrs := []conn.Address{{Host: "a"}, {Host: "b"}, {Host: "c"}}
	scripts := map[string]script{"b:61613": silent, "c:61613": accepting}
	for _, c := range []struct {
		name             string
		transport, total time.Duration
		connected        time.Duration // Config.ConnectTimeout
		deadline         time.Duration // of the context
		want             time.Duration
		fails            bool
	}{
		{name: "default", want: 20 * time.Second},
		{name: "CONNECTED", connected: 3 * time.Second, want: 6 * time.Second},
		{name: "transport", transport: time.Second, connected: 3 * time.Second, want: 4 * time.Second},
		{name: "total, divided", total: 9 * time.Second, want: 6 * time.Second},
		{name: "context, divided", deadline: 9 * time.Second, want: 6 * time.Second},
		{name: "total is too short for three", total: 3 * time.Second, want: 3 * time.Second, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				d := inOrder(addrs...)
				d.TransportTimeout, d.TotalTimeout = c.transport, c.total
				d.DialFunc = dialPipe(scripts)
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				session, err := d.Dial(ctx, &conn.Config{ConnectTimeout: c.connected})
				if time.Since(start) != c.want || (err != nil) != c.fails {
					t.Errorf("error %v after %v; want %v", err, time.Since(start), c.want)
				}
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				if session != nil {
					_ = session.Close()
				}
			})
		})
	}
}
