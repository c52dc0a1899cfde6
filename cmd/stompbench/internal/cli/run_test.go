package cli_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/frame"
)

// Against the embedded broker, in every shape that the flags give: what is sent
// comes, once and intact.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args           string
		sent, received uint64
	}{
		{"-C 20k", 20_000, 20_000},
		{"-C 500 -c 1", 500, 500},
		{"-C 20k -c 0", 20_000, 20_000},
		{"-C 5k -x 4 -y 3", 5000, 5000},
		{"-C 2k -x 2 -y 5 -t /topic/prices", 2000, 10_000},
		{"-C 2k -y 0", 2000, 0},
		{"-C 2k --ack client", 2000, 2000},
		{"-C 2k -y 3 --ack client-individual", 2000, 2000},
		{"-C 2k --stomp 1.0 --ack client", 2000, 2000},
		{"-C 2k --stomp 1.1 --persistent -H a:b -H c:d:e", 2000, 2000},
		{"-C 20 -s 1MiB", 20, 20},
		{"-C 2k -s 1", 2000, 2000},
		{"-C 1", 1, 1},
		{"-C 500 -r 5k --rate-tolerance 100%", 500, 500},
		{"-C 200 -x 20 -y 20 -r 2k --rate-tolerance 100%", 200, 200},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			r := runJSON(t, 0, c.args)
			got := r.Totals
			if got.Sent != c.sent || got.Received != c.received || got.Lost+got.Duplicated+got.Corrupt+got.Foreign != 0 {
				t.Errorf("%+v", got)
			}
			if r.Partial || c.received > 0 && r.Latency["from_send"]["max"] <= 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestConfirmed(t *testing.T) {
	t.Parallel()
	if r := runJSON(t, 0, "-C 1000 -c 10"); r.Totals.Confirmed != 1000 {
		t.Errorf("%d of 1000 confirmed", r.Totals.Confirmed)
	}
	if r := runJSON(t, 0, "-C 1000 -c 0"); r.Totals.Confirmed != 0 {
		t.Errorf("%d confirmed without receipts", r.Totals.Confirmed)
	}
}

func TestRateIsKept(t *testing.T) {
	t.Parallel()
	r := runJSON(t, 0, "-z 1s -r 2k -x 2 --rate-tolerance 100%")
	// A machine that is busy elsewhere may send less, but must own up to it.
	if got := r.Totals.Sent + r.Totals.Unsent; got != 2000 || r.Totals.Sent == 0 {
		t.Errorf("%+v in a second at 2000/s", r.Totals)
	}
	if r.Latency["from_due"]["p50"] < r.Latency["from_send"]["p50"] {
		t.Errorf("from due %v, from send %v", r.Latency["from_due"], r.Latency["from_send"])
	}
	if r.Latency["send_delay"]["count"] != float64(r.Totals.Sent+r.Totals.Unsent) {
		t.Errorf("%v", r.Latency["send_delay"])
	}
}

// stdout has the result and nothing else, stderr has the rest, and --quiet leaves
// nothing of that.
func TestStreams(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := stompbench(t, "-z 1200ms -r 500 --rate-tolerance 100% -s 10")
	if code != 0 {
		t.Fatal(code, stderr)
	}
	for _, want := range []string{"embedded in this process", "STOMP 1.2", "window of 1000", "500/s", "in the header stompbench", "backlog", "from due"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing in stderr:\n%s", want, stderr)
		}
	}
	if !aSample.MatchString(stderr) {
		t.Errorf("no sample in stderr:\n%s", stderr)
	}
	for _, want := range []string{"every message arrived once, in order", "p99", "send delay"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in stdout:\n%s", want, stdout)
		}
	}
	if strings.ContainsAny(stdout+stderr, "\x1b\r") {
		t.Error("escapes where there is no terminal")
	}
	if _, _, stderr := stompbench(t, "-C 10 --quiet"); stderr != "" {
		t.Errorf("--quiet, and yet: %q", stderr)
	}
}

// Bodies and transactions that are larger than the broker's defaults allow pass the
// embedded one.
func TestLargest(t *testing.T) {
	t.Parallel()
	if r := runJSON(t, 0, "-C 4 -s 17MiB --transaction 4 --payload zeros --drain-timeout 2m"); r.Totals.Received != 4 {
		t.Errorf("%+v", r.Totals)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// What cannot be written is not taken for written.
func TestCannotWrite(t *testing.T) {
	for _, args := range []string{
		"-C 10 -q", "-C 10 -q --json", "--dry-run", "--dry-run --json", "--help", "--help-all", "find --help", "broker --help",
		"version", "schema", "man", "completion bash",
	} {
		var stderr strings.Builder
		if code := cli.Run(t.Context(), strings.Fields(args), full{}, &stderr); code != cli.ExitCannotRun || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%s: exit %d, %q", args, code, stderr.String())
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("STOMPBENCH_COUNT", "77")
	t.Setenv("STOMPBENCH_PUBLISH_TO", "/queue/env")
	t.Setenv("STOMPBENCH_SIZE", "200")
	r := runJSON(t, 0, "-s 300")
	if r.Totals.Sent != 77 || r.Plan["publish_to"] != "/queue/env" || r.Plan["size_bytes"] != 300.0 {
		t.Errorf("%+v", r)
	}
	t.Setenv("STOMPBENCH_URI", "stomp://u:s3cret@h:0")
	code, _, stderr := stompbench(t, "")
	if code != cli.ExitUsage || !strings.Contains(stderr, "STOMPBENCH_URI") || strings.Contains(stderr, "s3cret") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func TestPasscodeFromTheEnvironment(t *testing.T) {
	b, err := broker.Start(broker.Config{Users: map[string]string{"u": "s3cret"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	t.Setenv("STOMPBENCH_PASSCODE", "s3cret")
	if r := runJSON(t, 0, "-C 10 -u stomp://u@"+b.Addr().String()); r.Totals.Received != 10 {
		t.Errorf("%+v", r.Totals)
	}
}

// ^C, as a context: a partial result, and what was sent is accounted for.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout strings.Builder
	stderr := &until{what: aSample, do: cancel}
	code := cli.Run(ctx, strings.Fields("-z 1h -r 1k"), &stdout, stderr)
	if code != cli.ExitInterrupted || !strings.Contains(stdout.String(), "PARTIAL RESULT: interrupted") ||
		!strings.Contains(stdout.String(), "lost 0") {
		t.Errorf("exit %d\n%s%s", code, stdout.String(), stderr.String())
	}
	code = cli.Run(ctx, strings.Fields("-z 1h -u stomp://"+silent(t)), &stdout, stderr)
	if code != cli.ExitInterrupted {
		t.Errorf("interrupted while connecting: exit %d", code)
	}
}

// aSample is a line of the table: the load has been going on for a second.
var aSample = regexp.MustCompile(`\n +\d+\.\ds `)

// until is a writer that does something once what is written to it shows what.
type until struct {
	what *regexp.Regexp
	do   func()

	mu   sync.Mutex
	text strings.Builder
	done bool
}

func (u *until) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.text.Write(p)
	if !u.done && u.what.MatchString(u.text.String()) {
		u.done = true
		u.do()
	}
	return len(p), nil
}

func (u *until) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.text.String()
}

// A broker that goes away leaves a partial result and exit code 1, whatever was
// being done.
func TestBrokerGoesAway(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"", "--transaction 7", "--receipt-every 5", "-c 0", "--ack client --ack-every 10",
		"-x 2 -y 2 -t /queue/away-%d --destinations 4 -s 0", "--consumer-latency 20ms", "--warmup 10s",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			b, err := broker.Start(broker.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			var sends atomic.Int32
			b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
				if f.Command == frame.CmdSend && sends.Add(1) > 100 {
					return broker.Cut
				}
				return broker.Fault{}
			})
			// A run that does not notice would send for an hour, and is interrupted before.
			r := runJSON(t, cli.ExitCannotRun, "-z 1h -r 1k "+args+" -u "+b.URI())
			if !r.Partial || r.Totals.Sent == 0 || r.Totals.Received > r.Totals.Sent {
				t.Errorf("%+v", r)
			}
		})
	}
}

// The verb broker serves until it is interrupted.
func TestBrokerVerb(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listening := regexp.MustCompile(`listening on (stomp://127\.0\.0\.1:\d+)`)
	up, done := make(chan struct{}), make(chan int, 1)
	stdout := &until{what: listening, do: func() { close(up) }}
	var stderr strings.Builder
	go func() { done <- cli.Run(ctx, []string{"broker", "--listen", "127.0.0.1:0"}, stdout, &stderr) }()
	select {
	case <-up:
	case code := <-done:
		t.Fatalf("exit %d, %q %q", code, stdout, stderr.String())
	}
	uri := listening.FindStringSubmatch(stdout.String())[1]
	if r := runJSON(t, 0, "-C 500 -x 2 -y 2 -u "+uri); r.Totals.Received != 500 {
		t.Errorf("%+v", r.Totals)
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("exit %d, %q %q", code, stdout, stderr.String())
	}
}

// Two processes: one sends, the other receives and takes the run to be the
// sender's.
func TestOneSendsTheOtherReceives(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"",
		"-s 10", // the receiver finds the stamps in headers
		"-t /queue/of-%d --destinations 5 -s 0..200",
	} {
		b, err := broker.Start(broker.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if r := runJSON(t, 0, "-C 3000 -y 0 -x 3 -u "+b.URI()+" "+args); r.Totals.Sent != 3000 || r.Totals.Confirmed != 3000 {
			t.Fatalf("%s: %+v", args, r.Totals)
		}
		to, _, _ := strings.Cut(args, " -s")
		if !strings.HasPrefix(to, "-t") {
			to = ""
		}
		r := runJSON(t, 0, "-C 3000 -x 0 -y 2 -z 2m -u "+b.URI()+" "+to)
		if r.Totals.Received != 3000 || r.Totals.Foreign != 0 {
			t.Errorf("%s: %+v", args, r.Totals)
		}
	}
}

// What an earlier run left in the queue is not counted as this run's.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	runJSON(t, 0, "-C 50 -y 0 -u "+b.URI())
	r := runJSON(t, 0, "-C 100 -u "+b.URI())
	if r.Totals.Received != 100 || r.Totals.Foreign != 50 || r.Totals.Lost != 0 {
		t.Errorf("%+v", r.Totals)
	}
}
