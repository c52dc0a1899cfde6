package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// silence ends the processes that only receive. None of those that send pauses for so
// long, however busy the machine.
const silence = " --connect-timeout 1m --drain-timeout 12s "

// process is a run of stompbench that shares its messages with others.
type process struct {
	name, args string
	dir        string
	over       chan struct{}
	code       int
	stderr     string
}

// start starts a process, which keeps its part below dir.
func start(t *testing.T, dir, name, args string) *process {
	t.Helper()
	p := &process{name: name, args: args, dir: filepath.Join(dir, name), over: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	go func() {
		defer cancel()
		defer close(p.over)
		var out, err strings.Builder
		p.code = cli.Run(ctx, strings.Fields("run --quiet --json --out "+p.dir+" "+args), &out, &err)
		p.stderr = err.String()
	}()
	return p
}

// startAll starts the receivers, waits for their subscriptions, and starts the senders. It returns
// the folders of all parts.
func startAll(t *testing.T, b *broker.Broker, dir string, receivers, senders map[string]string, subscriptions int) (folders []string) {
	t.Helper()
	var all []*process
	for name, args := range receivers {
		all = append(all, start(t, dir, name, "-x 0 --await 2m -u "+b.URI()+silence+args))
	}
	for end := time.Now().Add(2 * time.Minute); b.Stats().Subscriptions < subscriptions; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d subscriptions, want %d", b.Stats().Subscriptions, subscriptions)
		}
	}
	for name, args := range senders {
		all = append(all, start(t, dir, name, "-u "+b.URI()+silence+args))
	}
	for _, p := range all {
		<-p.over
		if p.code != cli.ExitOK && p.code != cli.ExitIntegrity { // one that had a message twice itself says so
			t.Errorf("%s: exit code %d: %s", p.args, p.code, p.stderr)
		}
		folders = append(folders, p.dir)
	}
	return folders
}

// merged merges folders and reads the report.
func merged(t *testing.T, want int, folders []string, flags ...string) (r honest) {
	t.Helper()
	args := append([]string{"merge", "--json", "--out", filepath.Join(t.TempDir(), "sum")}, append(flags, folders...)...)
	var out, err strings.Builder
	if code := cli.Run(t.Context(), args, &out, &err); code != want {
		t.Errorf("%q: exit code %d, want %d\n%s", args, code, want, err.String())
	}
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return r
}

// What a broker does to the messages of a run is in the union of what the processes
// know, with the same numbers, however sending and receiving is shared out among them.
func TestHonestUnion(t *testing.T) {
	t.Parallel()
	const n = 2000
	type args = map[string]string
	for _, c := range []struct {
		name               string
		receivers, senders args
		subscriptions      int
		groups             uint64 // that each message goes to
		spoilt             bool
	}{
		{"one sends and two receive", args{"r1": "-y 1", "r2": "-y 2"}, args{"s": "-y 0 -C 2000 -x 2"}, 3, 1, true},
		{"nothing goes wrong", args{"r1": "-y 1", "r2": "-y 1 --ack client-individual --prefetch 10"}, args{"s": "-y 0 -C 2000"}, 2, 1, false},
		{"a topic with subscribers in two places", args{"r1": "-y 1 -t /topic/t", "r2": "-y 2 -t /topic/t"}, args{"s": "-y 0 -x 3 -C 2000 -t /topic/t"}, 3, 3, true},
		{"two send and two receive many queues", args{"r1": "-y 3 -t /queue/q%d --destinations 3", "r2": "-y 4 -t /queue/q%d --destinations 2..4"},
			args{"s1": "-y 0 -x 2 -C 1000 -t /queue/q%d --destinations 4", "s2": "-y 0 -x 4 -C 1000 -t /queue/q%d --destinations 4 --stamp header"}, 7, 1, true},
		{"both send and receive", nil, args{"a": "-x 2 -y 2 -C 1000", "b": "-x 1 -y 1 -C 1000 -r 20k --rate-tolerance 100%"}, 0, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, dir := withFaults(t, nil), t.TempDir()
			code := cli.ExitOK
			if c.spoilt {
				b.Inject(shares(t, of(0.02, broker.Lose), of(0.01, broker.Drop), of(0.005, broker.NoReceipt),
					of(0.015, broker.Duplicate), of(0.025, broker.Redeliver)))
				code = cli.ExitIntegrity
			}
			for _, all := range []args{c.receivers, c.senders} {
				for name := range all {
					all[name] += " --run-id TestHonestUnion"
				}
			}
			folders := startAll(t, b, dir, c.receivers, c.senders, c.subscriptions)
			f := b.Stats().Faults
			want := books{
				Sent: n, Confirmed: n - f.Dropped - f.Unconfirmed, Unknown: f.Dropped + f.Unconfirmed, Expected: c.groups * n,
				ConfirmedLost: c.groups * f.Lost, UnconfirmedLost: c.groups * f.Dropped,
				Duplicated: c.groups * f.Duplicated, Redelivered: c.groups * f.Redelivered,
			}
			want.Lost = want.ConfirmedLost + want.UnconfirmedLost
			want.Received = want.Expected - want.Lost
			got := merged(t, code, folders, "--slo", "sent=2k")
			if got.Totals != want || c.spoilt && f.Lost+f.Dropped+f.Unconfirmed+f.Duplicated+f.Redelivered != 150 {
				t.Errorf("\n got %+v\nwant %+v", got.Totals, want)
			}
			alone := partsOf(t, folders)
			if alone.Lost+alone.Expected != 0 {
				t.Errorf("a part tells what was lost: %+v", alone)
			}
			if from := got.Latency["from_send"]["count"]; from != float64(want.Received+want.Duplicated+want.Redelivered) {
				t.Errorf("%v latencies", from)
			}
			t.Logf("broker: %+v", f)
			t.Logf("parts:  %+v", alone)
			t.Logf("union:  %+v", got.Totals)
			if !c.spoilt {
				merged(t, cli.ExitSLO, folders, "--slo", "backlog.slope<1M")
				merged(t, cli.ExitSLO, folders, "--slo", "lost=0,received<2k")
			}
			if len(c.receivers) == 2 { // one of them after the other it comes to the same
				half, receivers := filepath.Join(dir, "half"), receiversOf(t, folders)
				if code, _, stderr := stompbench(t, "merge --out "+half+" "+receivers[0]+" "+strings.Join(sendersOf(t, folders), " ")); code == cli.ExitUsage {
					t.Fatal(stderr)
				}
				if again := merged(t, code, []string{receivers[1], half}); again.Totals != got.Totals {
					t.Errorf("in turns:\n got %+v\nwant %+v", again.Totals, got.Totals)
				}
			}
		})
	}
}

func readPart(t *testing.T, folder string) *results.Result {
	t.Helper()
	r, err := results.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// partsOf adds up what the parts say by themselves.
func partsOf(t *testing.T, folders []string) (sum books) {
	t.Helper()
	for _, folder := range folders {
		r := readPart(t, folder)
		if !r.BooksOpen {
			t.Errorf("the books of %s are closed", folder)
		}
		sum.Expected += r.Count(metric.Expected)
		sum.Received += r.Count(metric.Received)
		sum.Lost += r.Count(metric.Lost)
		sum.Duplicated += r.Count(metric.Duplicated)
		sum.Redelivered += r.Count(metric.Redelivered)
	}
	return sum
}

func sendersOf(t *testing.T, folders []string) (out []string) {
	t.Helper()
	for _, folder := range folders {
		if readPart(t, folder).Plan.Producers > 0 {
			out = append(out, folder)
		}
	}
	return out
}

func receiversOf(t *testing.T, folders []string) (out []string) {
	t.Helper()
	for _, folder := range folders {
		if readPart(t, folder).Plan.Producers == 0 {
			out = append(out, folder)
		}
	}
	return out
}

// A process that receives nothing ends, and what it was to receive is for merge to say;
// so is an SLO that it was given. Of what is not of the run it takes no notice.
func TestPartThatHearsNothing(t *testing.T) {
	t.Parallel()
	b, dir := withFaults(t, nil), t.TempDir()
	runJSON(t, 0, "-C 50 -y 0 -t /queue/q -u "+b.URI())
	p := start(t, dir, "r", "-x 0 -t /queue/q --run-id quiet --await 3s --slo lost=0 -u "+b.URI())
	<-p.over
	r := readPart(t, p.dir)
	if p.code != cli.ExitOK || r.Count(metric.Foreign) != 50 || r.Count(metric.Received) != 0 || r.SLODeferred != "lost=0" || len(r.SLO) != 0 {
		t.Errorf("exit %d, %+v, %q", p.code, r.Values, p.stderr)
	}
	s := start(t, dir, "s", "-y 0 -C 30 -t /queue/q --run-id quiet -u "+b.URI())
	<-s.over
	got := merged(t, cli.ExitCannotRun, []string{p.dir, s.dir})
	if want := (books{Sent: 30, Confirmed: 30, Foreign: 50}); got.Totals != want {
		t.Errorf("\n got %+v\nwant %+v", got.Totals, want)
	}
}

// The warm-up of a sender is also that of its receivers.
func TestWarmupOfOthers(t *testing.T) {
	t.Parallel()
	b, dir := withFaults(t, nil), t.TempDir()
	folders := startAll(t, b, dir, map[string]string{"r": "--run-id warm"}, map[string]string{"s": "-y 0 -r 200 -C 600 --rate-tolerance 100% --warmup 1s --run-id warm"}, 1)
	got := merged(t, cli.ExitOK, folders)
	if got.Latency["from_due"]["count"] != 400 || got.Latency["send_delay"]["count"] != 400 || got.Totals.Received != 600 {
		t.Errorf("%v, %+v", got.Latency, got.Totals)
	}
	text, err := os.ReadFile(filepath.Join(receiversOf(t, folders)[0], "from_due.hlog"))
	if err != nil || !strings.Contains(string(text), "\nTag=warmup.from_due,") {
		t.Errorf("%v\n%s", err, text)
	}
}

// Without --run-id, a part that only receives takes the run id of the first message.
func TestMergeWithoutRunID(t *testing.T) {
	t.Parallel()
	b, dir := withFaults(t, nil), t.TempDir()
	all := []*process{start(t, dir, "s", "-y 0 -C 40 -u "+b.URI()+silence), start(t, dir, "r", "-x 0 -C 40 -u "+b.URI()+silence)}
	var folders []string
	for _, p := range all {
		if <-p.over; p.code != cli.ExitOK {
			t.Fatalf("%s: exit %d, %s", p.args, p.code, p.stderr)
		}
		folders = append(folders, p.dir)
	}
	got := merged(t, cli.ExitOK, folders)
	if want := (books{Sent: 40, Confirmed: 40, Expected: 40, Received: 40}); got.Totals != want {
		t.Errorf("\n got %+v\nwant %+v", got.Totals, want)
	}
}

// What does not belong together is refused in a sentence.
func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	b, dir := withFaults(t, nil), t.TempDir()
	keep := func(name, args string) string {
		p := start(t, dir, name, "-u "+b.URI()+" "+args)
		<-p.over
		if p.code != cli.ExitOK {
			t.Fatalf("%s: exit %d, %s", args, p.code, p.stderr)
		}
		return p.dir
	}
	// The senders run first, so their messages wait in the queue.
	sender := keep("sender", "-y 0 -C 20 -t /queue/a --run-id one")
	second := keep("second", "-y 0 -C 20 -t /queue/a --run-id one")
	receiver := keep("receiver", "-x 0 -t /queue/a --run-id one --await 2m --drain-timeout 3s")
	alone := keep("alone", "-y 0 -C 20 -t /queue/b")
	elsewhere := keep("elsewhere", "-y 0 -C 20 -t /queue/c --run-id one")
	topic := keep("topic", "-x 0 -t /topic/a --run-id one --await 100ms")
	deaf := keep("deaf", "-x 0 -z 100ms -t /queue/d")
	whole := keep("whole", "-C 20 -t /queue/e")

	change := func(name, from string, edit func(*results.Result)) string {
		r := readPart(t, from)
		edit(r)
		to := filepath.Join(dir, name)
		if err := os.Mkdir(to, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := r.Write(to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	without := change("without", receiver, func(r *results.Result) { r.Ledger = nil })
	spoilt := change("spoilt", receiver, func(r *results.Result) { r.Ledger.Book[12] ^= 1 })
	newer := change("newer", receiver, func(r *results.Result) { r.Ledger.Version++ })
	large := change("large", receiver, func(r *results.Result) { r.Ledger.Book, r.Ledger.TooLarge = nil, true })
	late := change("late", receiver, func(r *results.Result) { r.StartedAt = r.StartedAt.Add(3 * time.Hour) })
	again := change("again", sender, func(r *results.Result) { r.StartedAt = r.StartedAt.Add(time.Second) })

	for _, c := range []struct{ says, args string }{
		{"are of different runs", sender + " " + alone},
		{"are of different runs", whole + " " + receiver},
		{"result 2 received no message", alone + " " + deaf},
		{"whose result is not among these", sender + " " + receiver},
		{"whose result is not among these", receiver},
		{"none of these sent anything", topic},
		{"are the same one", sender + " " + second + " " + receiver + " " + receiver},
		{"are of the same process", sender + " " + second + " " + receiver + " " + again},
		{"send to /queue/a and /queue/c", sender + " " + elsewhere + " " + receiver},
		{"receive from /queue/a (shared) and /topic/a (each)", sender + " " + second + " " + receiver + " " + topic},
		{"has no ledger", sender + " " + second + " " + without},
		{"result 3: ledger: ", sender + " " + second + " " + spoilt},
		{"is of version 3", sender + " " + second + " " + newer},
		{"too scattered", sender + " " + second + " " + large},
		{"3h0m", sender + " " + second + " " + late},
		{"at least two", whole},
	} {
		code, stdout, stderr := stompbench(t, "merge "+c.args+" --out "+filepath.Join(dir, "sum"))
		if code != cli.ExitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %q: %s", c.args, code, c.says, stderr)
		}
	}
	if got := merged(t, cli.ExitOK, []string{sender, second, receiver}); got.Totals.Received != 40 || got.Totals.Expected != 40 {
		t.Errorf("%+v", got.Totals)
	}
}

// What flags of a shared run make no sense is said before anything is done.
func TestRunIDFlags(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"--run-id x":                                  "embedded broker",
		"--run-id x -u localhost -x 0 -z 10s":         "--duration is for processes that send",
		"--run-id x -u localhost -x 0 -C 10":          "--count is for processes that send",
		"--run-id x -u localhost --await 1s":          "--await is for a process that only receives",
		"--run-id x -u localhost -x 0 --await 0":      "--await",
		"--await 1s -x 0 -u localhost":                "--await is for a process that only receives",
		"--run-id  -u localhost":                      "--run-id",
		"find --run-id x -u localhost":                "no flag --run-id",
		"merge --slo nonsense a b --out " + "/none/x": "--slo",
	} {
		if strings.Contains(args, "--run-id  ") {
			args = "--run-id= -u localhost"
		}
		code, stdout, stderr := stompbench(t, args)
		if code != cli.ExitUsage || stdout != "" || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit %d, %q", args, code, stderr)
		}
	}
	code, stdout, _ := stompbench(t, "--dry-run -u localhost -x 0 --run-id night-7 --drain-timeout 3s")
	if code != 0 || !strings.Contains(stdout, "nothing has come for 3s, or no message at all within 1m") ||
		!strings.Contains(stdout, "part of the run night-7") || !strings.Contains(stdout, "without --out") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}
