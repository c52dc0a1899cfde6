package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// Whatever the flags ask for, the books balance: so many sent, confirmed,
// delivered, refused and delivered again.
func TestDriving(t *testing.T) {
	t.Parallel()
	type totals struct{ sent, confirmed, received, redelivered uint64 }
	for _, c := range []struct {
		args string
		want totals
	}{
		{"-C 600 -r 1k..3k:300ms,2k:1h --rate-tolerance 100%", totals{600, 600, 600, 0}},
		{"-C 900 -t /queue/a%d --destinations 3", totals{900, 900, 900, 0}},
		{"-C 900 -t /queue/b%03d --destinations 5..14 -x 3 -y 4", totals{900, 900, 900, 0}},
		{"-C 900 -t /queue/c%d -x 6 -y 2", totals{900, 900, 900, 0}},
		{"-C 900 -t /queue/d%d --destinations 2 -x 5 -y 7", totals{900, 900, 900, 0}},
		{"-C 400 -t /topic/e%d --destinations 4 -x 4 -y 8", totals{400, 400, 800, 0}},
		{"-C 900 -x 9 -y 7 --producer-connections 2 --consumer-connections 3", totals{900, 900, 900, 0}},
		{"-C 500 -s 0", totals{500, 500, 500, 0}},
		{"-C 500 -s 55 --stamp header", totals{500, 500, 500, 0}},
		{"-C 500 -s 56 --stamp body", totals{500, 500, 500, 0}},
		{"-C 500 -s 100..4k", totals{500, 500, 500, 0}},
		{"-C 500 -s 0..100", totals{500, 500, 500, 0}},
		{"-C 500 -s 128:80,4k:15,64k:5 --payload text", totals{500, 500, 500, 0}},
		{"-C 500 -s 1k --payload zeros", totals{500, 500, 500, 0}},
		{"-C 500 -s 1k --payload random:0.3", totals{500, 500, 500, 0}},
		{"-C 500 -H n:%d-of-%p --priority 9:10,4:90 --expires 1h --persistent", totals{500, 500, 500, 0}},
		{"-C 500 --priority 3", totals{500, 500, 500, 0}},
		{"-C 1000 --receipt-every 7 -c 10", totals{1000, 142, 1000, 0}},
		{"-C 1000 --receipt-every 10 -x 2 -t /queue/f%d --destinations 4", totals{1000, 100, 1000, 0}},
		{"-C 1000 --transaction 30", totals{1000, 1000, 1000, 0}},
		{"-C 1000 --transaction 10 -x 3 -t /queue/g%d -s 10", totals{1000, 1000, 1000, 0}},
		{"-C 1000 --ack client --ack-every 25 --prefetch 100", totals{1000, 1000, 1000, 0}},
		{"-C 1000 --ack client --ack-every 64 -y 2", totals{1000, 1000, 1000, 0}},
		{"-C 1000 --ack client-individual --nack 2%", totals{1000, 1000, 1000, 20}},
		{"-C 1000 --ack client --nack 0.01 --prefetch 10", totals{1000, 1000, 1000, 10}},
		{"-C 100 --consumer-latency 1ms", totals{100, 100, 100, 0}},
		{"-C 200 -y 4 --consumer-latency 2ms --slow-consumers 0.25 --ack client-individual --prefetch 5", totals{200, 200, 200, 0}},
		{"-C 300 -r 1k --warmup 100ms --rate-tolerance 100%", totals{300, 300, 300, 0}},
		{"-C 200 --connect-rate 200 -x 5 -y 5 --source-address 127.0.0.1", totals{200, 200, 200, 0}},
		{"-C 200 --heart-beat 0 --broker rabbitmq", totals{200, 200, 200, 0}},
		{"-C 200 --broker artemis -t /topic/h -y 2", totals{200, 200, 400, 0}},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			got := runJSON(t, 0, c.args).Totals
			if (totals{got.Sent, got.Confirmed, got.Received, got.Redelivered}) != c.want ||
				got.Lost+got.Duplicated+got.Corrupt+got.Foreign != 0 || got.Nacked != c.want.redelivered {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// What is overtaken by a higher priority is not reordered, and what is overtaken by its
// own is. With a prefetch of 1 and a slow consumer messages wait at the broker, which
// is where they overtake each other.
func TestOrderIsWithinAPriority(t *testing.T) {
	virtually(t, func(t testing.TB) {
		const args = "-C 250 --seed 1 --priority 9:1,0:1 --ack client --prefetch 1 --consumer-latency 1ms "
		runJSON(t, 0, args+"--slo reordered=0")
		b, _ := watched(t)
		b.Inject(overtaken(100))
		if got := runJSON(t, 0, args+"-u "+b.URI()).Totals; got.Reordered != 2 || got.Lost != 0 {
			t.Errorf("%+v, want those two reordered that were held back", got)
		}
	})
}

// seen are the SENDs that a broker has had.
type seen struct {
	mu           sync.Mutex
	sessions     map[uint64]bool
	destinations map[string]int
	headers      map[string]map[string]int
	sizes        map[int]int
}

// watched starts a broker and notes what is sent to it.
func watched(t testing.TB, headers ...string) (*broker.Broker, *seen) {
	t.Helper()
	b := started(t, broker.Config{})
	s := &seen{sessions: map[uint64]bool{}, destinations: map[string]int{}, headers: map[string]map[string]int{}, sizes: map[int]int{}}
	for _, h := range headers {
		s.headers[h] = map[string]int{}
	}
	b.Inject(func(session uint64, f *frame.Frame) broker.Fault {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions[session] = true
		if f.Command == frame.CmdSend {
			s.destinations[string(f.Header.Get(frame.HeaderDestination))]++
			s.sizes[len(f.Body)]++
			for name, values := range s.headers {
				values[string(f.Header.Get(name))]++
			}
		}
		return broker.Fault{}
	})
	return b, s
}

// What goes over the wire is what the flags say.
func TestOnTheWire(t *testing.T) {
	t.Parallel()
	b, s := watched(t, "n", "who", "priority", "persistent", "expires", "plain")
	runJSON(t, 0, "-C 1000 -x 2 -y 3 --producer-connections 1 --consumer-connections 2 -t /queue/w-%d --destinations 7..10 -s 100:90,1000:10 "+
		"--seed 7 -H n:%d/%% -H who:%p -H plain:50%x --priority 9:10,4:90 --persistent --expires 1m -u "+b.URI())
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sessions) != 3 {
		t.Errorf("%d connections, want 3", len(s.sessions))
	}
	for i := 7; i <= 10; i++ {
		if name := fmt.Sprintf("/queue/w-%d", i); s.destinations[name] != 250 {
			t.Errorf("%s has had %d messages, want 250", name, s.destinations[name])
		}
	}
	if len(s.sizes) != 2 || s.sizes[1000] < 80 || s.sizes[1000] > 120 {
		t.Errorf("sizes %v", s.sizes)
	}
	h := s.headers
	if len(h["n"]) != 500 || h["n"]["1/%"] != 2 || h["n"]["500/%"] != 2 || h["who"]["1"] != 500 || h["who"]["2"] != 500 || h["plain"]["50%x"] != 1000 {
		t.Errorf("%v %v %v", len(h["n"]), h["who"], h["plain"])
	}
	if h["priority"]["9"] < 80 || h["priority"]["9"] > 120 || h["priority"]["4"] != 1000-h["priority"]["9"] || h["persistent"]["true"] != 1000 {
		t.Errorf("%v %v", h["priority"], h["persistent"])
	}
	if h["expires"][""] != 0 || len(h["expires"]) < 1 {
		t.Errorf("%v", h["expires"])
	}
}

// RabbitMQ is told how long from now, and Artemis whether it is a queue.
func TestHeadersOfABroker(t *testing.T) {
	t.Parallel()
	b, s := watched(t, "expiration", "expires", "destination-type")
	runJSON(t, 0, "-C 100 --broker rabbitmq --expires 90s -u "+b.URI())
	runJSON(t, 0, "-C 100 --broker artemis -t /queue/x -u "+b.URI())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.headers["expiration"]["90000"] != 100 || s.headers["expires"][""] != 200 || s.headers["destination-type"]["ANYCAST"] != 100 {
		t.Errorf("%v", s.headers)
	}
}

// Connections take turns over several brokers.
func TestSeveralBrokers(t *testing.T) {
	t.Parallel()
	one, seenByOne := watched(t)
	two, seenByTwo := watched(t)
	runJSON(t, 0, "-C 400 -x 4 -y 4 -t /queue/of-%d --destinations 4 -u "+one.URI()+","+two.URI())
	for i, s := range []*seen{seenByOne, seenByTwo} {
		s.mu.Lock()
		if len(s.sessions) != 4 || len(s.destinations) != 2 {
			t.Errorf("broker %d: %d connections, %v", i, len(s.sessions), s.destinations)
		}
		s.mu.Unlock()
	}
}

// Files are sent as they are, in turn.
func TestPayloadFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, size := range map[string]int{"a": 3, "b": 700, "empty": 0} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("x", size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, s := watched(t)
	runJSON(t, 0, "-C 300 --payload @"+dir+" -u "+b.URI())
	runJSON(t, 0, "-C 10 --payload @"+filepath.Join(dir, "b")+" -u "+b.URI())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sizes[3] != 100 || s.sizes[700] != 110 || s.sizes[0] != 100 {
		t.Errorf("%v", s.sizes)
	}
}

// The warm-up is in the books, and neither in latencies nor in rates.
func TestWarmup(t *testing.T) {
	t.Parallel()
	r := runJSON(t, 0, "--warmup 500ms -z 500ms -r 1k --rate-tolerance 100%")
	got := r.Totals
	if got.Sent+got.Unsent != 1000 || got.Lost != 0 || got.Received != got.Sent {
		t.Errorf("%+v", got)
	}
	if n := r.Latency["from_due"]["count"]; n > 500 || n+float64(got.Unsent) < 500 {
		t.Errorf("%v latencies of 500 messages after the warm-up, %d unsent", n, got.Unsent)
	}
	if rate := r.Rates["sent_per_s"]; rate > 1500 {
		t.Errorf("%v/s sent", rate)
	}
	if r.Plan["warmup_s"] != 0.5 || r.Plan["duration_s"] != 0.5 {
		t.Errorf("%v", r.Plan)
	}
}

// A transaction that is refused is not sent, and what is in one that was never
// committed does not exist.
func TestRefusedTransaction(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var mu sync.Mutex
	commits := 0
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		mu.Lock()
		defer mu.Unlock()
		if f.Command == frame.CmdCommit {
			if commits++; commits == 3 {
				return broker.Refuse
			}
		}
		return broker.Fault{}
	})
	r := runJSON(t, cli.ExitCannotRun, "-C 100 --transaction 10 -u "+b.URI())
	// The next transaction may have begun before the end of the connection is noticed, and is committed as
	// far as it came. If that COMMIT was sent, it was refused like the third, or its messages are lost.
	got := r.Totals
	if next := got.Sent - 30; next > 10 || got.Confirmed != 20 || got.Received != 20 || got.Lost != 0 && got.Lost != next ||
		got.Rejected+got.Lost != 10+next {
		t.Errorf("%+v", got)
	}
}

func TestDryRun(t *testing.T) {
	args := "--dry-run -u stomp://u:s3cret@h -x 10 -y 2 -t /queue/d-%d -r 1k..2k:10s,2k:20s --warmup 5s --producer-connections 4 -s 100..200"
	code, stdout, stderr := stompbench(t, args)
	for _, want := range []string{"stomp://u:***@h:61613", "/queue/d-%d with 1..10", "1000..2000:10s,2000:20s", "150 B on average", "30s after 5s of warm-up", "6 open files", "4 for producers"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, %q is missing in\n%s%s", code, want, stdout, stderr)
		}
	}
	if code, stdout, _ := stompbench(t, "--dry-run -H passcode:s3cret -H kind:s3cret"); code != 0 || !strings.Contains(stdout, "with passcode, kind") || strings.Contains(stdout, "s3cret") {
		t.Errorf("exit %d, values of headers in\n%s", code, stdout)
	}
	code, stdout, _ = stompbench(t, args+" --json")
	var plan struct {
		Broker      string
		Connections int
		Plan        map[string]any
		Notes       []string
	}
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil || code != 0 {
		t.Fatalf("exit %d, %v\n%s", code, err, stdout)
	}
	if plan.Connections != 6 || plan.Plan["rate_profile"] != "1000..2000:10s,2000:20s" || plan.Plan["duration_s"] != 30.0 ||
		plan.Plan["sizes"] != "100..200" || len(plan.Notes) == 0 || strings.Contains(stdout, "s3cret") {
		t.Errorf("%s", stdout)
	}
}

// A consumer that takes its time gets no more than it has time for: 60 messages take
// 59 times that and something.
func TestConsumerLatency(t *testing.T) {
	t.Parallel()
	if rate := runJSON(t, 0, "-C 60 --consumer-latency 5ms").Rates["received_per_s"]; rate > 220 {
		t.Errorf("%v/s, with 5 ms for each", rate)
	}
	// Two share a connection: one after the other.
	if rate := runJSON(t, 0, "-C 60 -y 2 --consumer-connections 1 --consumer-latency 5ms").Rates["received_per_s"]; rate > 220 {
		t.Errorf("%v/s, with 5 ms for each on one connection", rate)
	}
}

func TestConnectRate(t *testing.T) {
	t.Parallel()
	start := time.Now()
	runJSON(t, 0, "-C 10 -x 5 -y 6 --connect-rate 50")
	if took := time.Since(start); took < 10*time.Second/50 {
		t.Errorf("11 connections at 50/s within %v", took)
	}
}

// Every flag has its environment variable and stands in the help.
func TestEveryFlag(t *testing.T) {
	_, all, _ := stompbench(t, "--help-all")
	var names []string
	for line := range strings.Lines(all) {
		if _, rest, ok := strings.Cut(line, "--"); ok && strings.HasPrefix(line, "  ") && !strings.Contains(line, "stompbench") {
			name, _, _ := strings.Cut(rest, " ")
			names = append(names, strings.TrimSpace(name))
		}
	}
	if len(names) < 45 {
		t.Fatalf("the help has only %q", names)
	}
	for _, name := range names {
		switch name {
		case "help", "help-all", "version":
			continue
		}
		if !strings.Contains(string(manual(t)), "`--"+name) {
			t.Errorf("--%s is not in docs/stompbench.md", name)
		}
		if name == "json" || name == "quiet" || name == "out" || name == "dry-run" || name == "prometheus" {
			continue // not part of the plan
		}
		env := "STOMPBENCH_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		t.Run(env, func(t *testing.T) {
			t.Setenv(env, "non sense")
			code, _, stderr := stompbench(t, "--dry-run")
			text := name == "publish-to" || name == "consume-from" || name == "tls-server-name"
			if code != cli.ExitUsage && !text || text && code == 0 && name != "publish-to" && name != "consume-from" {
				t.Errorf("exit %d: %s has no effect: %q", code, env, stderr)
			}
		})
	}
}

// manual returns the manual.
func manual(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/stompbench.md")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The scenario of the manual runs as it is written, but for a shorter time.
func TestScenarioOfTheManual(t *testing.T) {
	t.Parallel()
	_, text, found := strings.Cut(string(manual(t)), "```yaml\n")
	text, _, closed := strings.Cut(text, "```")
	if !found || !closed {
		t.Fatal("there is none")
	}
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	text = strings.Replace(text, "uri: stomp://guest:guest@localhost:61613", "uri: "+b.URI(), 1)
	path := scenario(t, text)
	r := runJSON(t, 0, "-f "+path+" -r 500..1k:400ms,1k:400ms --warmup 100ms --rate-tolerance 100%")
	if r.Totals.Sent+r.Totals.Unsent != 750 || r.Plan["publish_to"] != "/queue/orders-%02d" {
		t.Errorf("%+v", r)
	}
}
