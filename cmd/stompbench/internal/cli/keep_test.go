package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// kept runs with --out and returns what was kept.
func kept(t testing.TB, want int, args string) *results.Result {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	if code, _, stderr := stompbench(t, "run --quiet --out "+dir+" "+args+busy); code != want {
		t.Fatalf("%s: exit code %d, want %d\n%s", args, code, want, stderr)
	}
	r, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The seconds of a run add up to the run, message by message and bucket by bucket.
func TestKeptSecondsAddUp(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-z 2300ms -r 2k -x 2 -y 2 --rate-tolerance 100%", "-C 20k", "-C 2k -y 0", "-C 300 -r 1k -c 0 --rate-tolerance 100%", "-C 2k -x 2 -y 2 -t /topic/t"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			r := kept(t, 0, args)
			var sent, confirmed, received uint64
			for _, in := range r.Series.Intervals {
				sent += in.Count(metric.Sent)
				confirmed += in.Count(metric.Confirmed)
				received += in.Count(metric.Received)
			}
			if sent != r.Count(metric.Sent) || confirmed != r.Count(metric.Confirmed) || received != r.Count(metric.Received) {
				t.Errorf("%d sent, %d confirmed, %d received in seconds; in all %+v", sent, confirmed, received, r.Values)
			}
			for _, kind := range r.Kinds() {
				parts, whole := histo.New(), r.Histogram(kind)
				for i := range r.Series.Intervals {
					if l := r.Series.Intervals[i].Latency[kind]; l != nil {
						parts.Add(l.HDR)
					}
				}
				if parts.Count() != whole.Count() || parts.Max() != whole.Max() || parts.Percentile(90) != whole.Percentile(90) {
					t.Errorf("%s: %d samples in seconds, %d in all", kind, parts.Count(), whole.Count())
				}
			}
			if r.Histogram(metric.FromSend).Count() != r.Latency[metric.FromSend].Count || r.Latency[metric.Confirm].Count != r.Count(metric.Confirmed) {
				t.Errorf("%+v", r.Latency)
			}
			if len(r.RunIDs) != 1 || len(r.RunIDs[0]) != 16 || r.Partial {
				t.Errorf("%+v", r.RunIDs)
			}
		})
	}
}

// Seconds in which consumers only work off what is left do not count as sending,
// however the run ended: rates over them would be none.
func TestSendingEnds(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-C 150 --consumer-latency 10ms", "-z 1s -r 150 --consumer-latency 15ms --rate-tolerance 100%"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t testing.TB) {
				r := kept(t, 0, args)
				all, drained := r.Series.Intervals, 0.0
				for i := range all {
					if !all[i].Sending {
						drained += all[i].Seconds
					}
				}
				if all[len(all)-1].Sending {
					t.Errorf("the last of %d intervals counts as sending", len(all))
				}
				if late := r.Value(metric.Receiving) - r.Value(metric.Sending); drained < late/2 {
					t.Errorf("%.2f s passed after the last send, and %.2f s do not count as sending", late, drained)
				}
			})
		})
	}
}

// A run that is cut short is kept, and says so.
func TestKeptPartial(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	interrupted(t, "-z 1h -r 1k --out "+dir)
	r, err := results.Read(dir)
	if err != nil || !r.Partial || r.ExitCode != cli.ExitInterrupted || r.Count(metric.Sent) == 0 {
		t.Errorf("%v\n%+v", err, r)
	}
}

// What cannot be kept is said before any load.
func TestCannotKeep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, results.Name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]int{file: cli.ExitCannotRun, taken: cli.ExitUsage} {
		// The address has no listener: connecting would be the next error.
		code, stdout, stderr := stompbench(t, "-u stomp://"+nowhere(t)+" --out "+dir)
		if code != want || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, dir) {
			t.Errorf("%s: exit %d, %q %q", dir, code, stdout, stderr)
		}
	}
}

func TestNoPasswordIsKept(t *testing.T) {
	uri := "stomp://u:s3cret@" + secured(t)
	dir := t.TempDir()
	if code, _, stderr := stompbench(t, "--quiet -C 10 -u "+uri+" -H token:t0ps3cret --out "+dir); code != 0 {
		t.Fatal(code, stderr)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil || strings.Contains(string(text), "s3cret") {
			t.Errorf("%s: %v, or it holds the password", name, err)
		}
	}
}

// sending is a line of the table that says that something was sent: after a stall the first
// one may come before the first message.
var sending = regexp.MustCompile(`\n +\d+\.\ds +[1-9]`)

// interrupted runs args, without --quiet, and interrupts the run when it shows that it is under way.
func interrupted(t testing.TB, args string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout strings.Builder
	stderr := &until{what: sending, do: cancel}
	if code := cli.Run(ctx, strings.Fields(args), &stdout, stderr); code != cli.ExitInterrupted {
		t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr)
	}
}

// secured returns the address of a broker that takes u with the password s3cret.
func secured(t *testing.T) string {
	t.Helper()
	b, err := broker.Start(broker.Config{Users: map[string]string{"u": "s3cret"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b.Addr().String()
}
