package cli_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// every returns a decision that meets every nth SEND with a fault, and how often it
// has.
func every(n uint64, fault broker.Fault) (decide func(uint64, *frame.Frame) broker.Fault, done *atomic.Uint64) {
	var sends atomic.Uint64
	done = new(atomic.Uint64)
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command != frame.CmdSend || sends.Add(1)%n != 0 {
			return broker.Fault{}
		}
		done.Add(1)
		return fault
	}, done
}

// A broker that loses or repeats what it counts is reported with its own count.
func TestHonestCounts(t *testing.T) {
	for _, n := range []uint64{7, 1000} {
		t.Run(fmt.Sprintf("loses 1 in %d", n), func(t *testing.T) {
			t.Parallel() // each waits for what does not come
			decide, dropped := every(n, broker.Drop)
			b := withFaults(t, decide)
			r := runJSON(t, cli.ExitIntegrity, "-C 5000 -x 2 -c 0 -u "+b.URI())
			if r.Totals.Lost != dropped.Load() || r.Totals.Lost != 5000/n || r.Totals.Received != 5000-r.Totals.Lost || r.Totals.Duplicated != 0 {
				t.Errorf("lost %d of which the broker dropped %d: %+v", r.Totals.Lost, dropped.Load(), r.Totals)
			}
			t.Logf("the broker dropped %d of 5000: lost %d, duplicated %d", dropped.Load(), r.Totals.Lost, r.Totals.Duplicated)
		})
		t.Run(fmt.Sprintf("repeats 1 in %d", n), func(t *testing.T) {
			decide, doubled := every(n, broker.Duplicate)
			b := withFaults(t, decide)
			r := runJSON(t, cli.ExitIntegrity, "-C 5000 -x 2 -c 0 -u "+b.URI())
			if r.Totals.Duplicated != doubled.Load() || r.Totals.Duplicated != 5000/n || r.Totals.Received != 5000 || r.Totals.Lost != 0 {
				t.Errorf("duplicated %d of which the broker doubled %d: %+v", r.Totals.Duplicated, doubled.Load(), r.Totals)
			}
			t.Logf("the broker repeated %d of 5000: lost %d, duplicated %d", doubled.Load(), r.Totals.Lost, r.Totals.Duplicated)
		})
	}
}

// digits is what three digits of a histogram may take off a value.
const digits = 0.999

// A way to the client that takes 20 ms is in every latency that it is part of, and
// in no other.
func TestHonestDelay(t *testing.T) {
	const delay = 20 * time.Millisecond
	at := farAway(t, delay)
	r := runJSON(t, 0, "-C 1000 -r 500 --accept-generator-limit -u stomp://"+at)
	for _, name := range []string{"from_send", "from_due", "confirm"} {
		l := r.Latency[name]
		if l["p50"] < digits*float64(delay) || l["mean"] < digits*float64(delay) || l["count"] != 1000 {
			t.Errorf("%s: %v, want at least %v", name, l, delay)
		}
	}
	if p50 := r.Latency["send_delay"]["p50"]; p50 >= float64(delay) {
		t.Logf("messages left %v late: this machine is busy", time.Duration(p50))
	}
	t.Logf("a way of %v: from send p50 %v, confirm p50 %v, send delay p50 %v", delay, time.Duration(r.Latency["from_send"]["p50"]),
		time.Duration(r.Latency["confirm"]["p50"]), time.Duration(r.Latency["send_delay"]["p50"]))
}

// One message at a time over a long way is limited by it, not by who answers. It is so
// long that what a busy machine adds to a round trip, before the run or in it, is less.
func TestVerdictRoundTrip(t *testing.T) {
	j := judge(t, 0, "-z 3s -c 1 -y 8 -u stomp://"+farAway(t, 200*time.Millisecond))
	j.limitedBy(t, "network")
}

// frozen stops reading the producer for 1.4 s after its message 1000.
func frozen(t *testing.T) *broker.Broker {
	var sends atomic.Uint64
	return withFaults(t, func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend && sends.Add(1) == 1000 {
			return broker.Freeze(1400 * time.Millisecond)
		}
		return broker.Fault{}
	})
}

// wrk2's lesson, end to end: on a schedule of 1,000 a second, message 1000+k comes
// at least 1400-k ms after it was due. That gives how many of 3000 must be how
// late, whatever the machine does on top: one in ten 1.1 s, one in a hundred 1.37 s.
// A closed loop sends nothing meanwhile, so the freeze hits one message, and no
// percentile shows it.
func TestHonestFreeze(t *testing.T) {
	ms := float64(time.Millisecond)
	open := runJSON(t, 0, "-C 3000 -r 1k --accept-generator-limit -u "+frozen(t).URI())
	due := open.Latency["from_due"]
	for name, least := range map[string]float64{"p90": 1100, "p95": 1250, "p99": 1370, "p99_9": 1397, "max": 1399} {
		if due[name] < digits*least*ms {
			t.Errorf("open loop, from due: %s is %v, want at least %v ms", name, time.Duration(due[name]), least)
		}
	}
	closed := runJSON(t, 0, "-C 3000 -c 1 -u "+frozen(t).URI())
	send := closed.Latency["from_send"]
	if send["p99"] > 700*ms {
		t.Errorf("closed loop, from send: p99 is %v, and was to hide the freeze", time.Duration(send["p99"]))
	}
	row := func(l map[string]float64) string {
		return fmt.Sprintf("p50 %v  p90 %v  p99 %v  p99.9 %v  max %v", time.Duration(l["p50"]), time.Duration(l["p90"]),
			time.Duration(l["p99"]), time.Duration(l["p99_9"]), time.Duration(l["max"]))
	}
	t.Logf("open loop, from due:     %s", row(due))
	t.Logf("open loop, from send:    %s", row(open.Latency["from_send"]))
	t.Logf("closed loop, from send:  %s", row(send))
}

// farAway returns the address of a broker whose every answer, messages included,
// takes so long to come.
func farAway(t *testing.T, delay time.Duration) string {
	t.Helper()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", b.Addr().String())
			if err != nil {
				_ = client.Close()
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(server, client)
				_ = server.Close()
			})
			wg.Go(func() { late(client, server, delay) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		_ = b.Close()
		wg.Wait()
	})
	return ln.Addr().String()
}

// late copies from src to dst, each octet not before the delay is over.
func late(dst, src net.Conn, delay time.Duration) {
	type chunk struct {
		at    time.Time
		bytes []byte
	}
	queue := make(chan chunk, 1<<12)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer dst.Close()
		for c := range queue {
			time.Sleep(time.Until(c.at))
			_, _ = dst.Write(c.bytes) // when it fails, src ends too
		}
	})
	for {
		buf := make([]byte, 16<<10)
		n, err := src.Read(buf)
		if n > 0 {
			queue <- chunk{time.Now().Add(delay), buf[:n]}
		}
		if err != nil {
			break
		}
	}
	close(queue)
	wg.Wait()
	_ = src.Close()
}
