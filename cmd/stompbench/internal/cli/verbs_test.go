package cli_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// object runs a verb with --json and --quiet, and reads what it writes.
func object(t testing.TB, want int, args string, into any) {
	t.Helper()
	verb, rest, _ := strings.Cut(args, " ")
	code, stdout, stderr := stompbench(t, verb+" --json --quiet "+rest)
	if code != want {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", args, code, want, stdout, stderr)
	}
	dec := json.NewDecoder(strings.NewReader(stdout))
	if err := dec.Decode(into); err != nil || dec.More() {
		t.Fatalf("%s: not one JSON object: %v\n%s", args, err, stdout)
	}
}

func TestVerbsUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"find --rate 5":                     "--rate",
		"find --from 0":                     "--from",
		"find --from 10 --to 5":             "--to",
		"find --within 2":                   "--within",
		"find --dwell 1ms":                  "--dwell",
		"find --max-time 1s":                "--max-time",
		"find -x 0":                         "producers",
		"find --repeat -1":                  "--repeat",
		"find --repeat 21":                  "--repeat",
		"find --max-time 3s":                "--warmup",
		"find --slo lost":                   "--slo",
		"failover -c 0":                     "--confirm",
		"failover --restart-after 1h":       "--restart-after",
		"failover --restart-cmd true":       "--uri",
		"failover --down -1s":               "--down",
		"failover -x 3":                     "-x",
		"churn -x 0":                        "--open",
		"churn -y -1":                       "--subscriptions",
		"churn --hold -1s":                  "--hold",
		"churn -z 0":                        "--duration",
		"churn -r 0":                        "--rate",
		"calibrate -z 0":                    "--duration",
		"calibrate now":                     "neither a flag",
		"completion":                        "bash, zsh, fish, powershell",
		"completion tcsh":                   "bash, zsh, fish, powershell",
		"man ls":                            "neither a flag",
		"churn --publish-to /queue/x":       "publish-to",
		"failover --connect-timeout 0":      "--connect-timeout",
		"find --slo from_due.p99<20 --rate": "--slo",
	} {
		code, stdout, stderr := stompbench(t, args)
		if code != cli.ExitUsage || !strings.Contains(stderr, says) || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q %q, want 2 and something about %q", args, code, stdout, stderr, says)
		}
	}
	for _, verb := range []string{"find", "failover", "churn"} {
		args := verb + " -u stomp://" + nowhere(t) + " --connect-timeout 2s -q"
		if verb == "churn" { // which goes on
			args += " -C 20"
		}
		code, _, stderr := stompbench(t, args)
		if code != cli.ExitCannotRun || stderr == "" && verb != "churn" {
			t.Errorf("%s where nobody listens: exit %d, %q", verb, code, stderr)
		}
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	const args = " -z 5s -r 100 --restart-after 400ms --down 100ms"
	t.Run("as JSON", func(t *testing.T) {
		t.Parallel()
		virtually(t, func(t testing.TB) {
			var r struct {
				Sent, Confirmed, Received, Lost, Duplicated uint64
				Outages                                     []struct {
					Lane  string
					First int64 `json:"to_first_ns"`
				}
				Events []struct{ What string }
				Slices []struct{ Sent uint64 }
			}
			// The broker loses what it holds: either that is nothing, or the exit code says so.
			// There is time for the client to come back, however late it is: it tries less and less often.
			code, stdout, stderr := stompbench(t, "failover --json --quiet"+args)
			if err := json.Unmarshal([]byte(stdout), &r); err != nil {
				t.Fatalf("%v\n%s%s", err, stdout, stderr)
			}
			if r.Lost > 0 != (code == cli.ExitIntegrity) || r.Lost == 0 && code != 0 || r.Confirmed != r.Sent || r.Received+r.Lost != r.Sent {
				t.Errorf("exit %d, %+v", code, r)
			}
			if len(r.Outages) < 2 || r.Outages[0].First <= 0 || len(r.Events) < 6 || len(r.Slices) == 0 {
				t.Errorf("%+v", r)
			}
		})
	})
	t.Run("as text", func(t *testing.T) {
		t.Parallel()
		virtually(t, func(t testing.TB) {
			_, stdout, stderr := stompbench(t, "failover"+args)
			for _, want := range []string{"at risk", "to the first confirmation", "timeline", "confirmed  |"} {
				if !strings.Contains(stdout, want) {
					t.Errorf("%q is missing:\n%s", want, stdout)
				}
			}
			for _, want := range []string{"restarting the broker", "lost:", "connected", "first confirmation", "first message"} {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is missing:\n%s", want, stderr)
				}
			}
		})
	})
}

// A drill in which nothing happened has shown nothing. The restart command runs in
// the user's shell.
func TestFailoverWithoutAnOutage(t *testing.T) {
	t.Parallel()
	virtually(t, func(t testing.TB) {
		b := started(t, broker.Config{})
		code, _, stderr := stompbench(t, "failover -q -z 300ms -r 100 --restart-after 100ms -u "+b.URI())
		if code != cli.ExitCannotRun || !strings.Contains(stderr, "nothing was tested") {
			t.Errorf("exit %d, %q", code, stderr)
		}
		if runtime.GOOS == "windows" {
			return
		}
		mark := filepath.Join(t.TempDir(), "mark")
		var out, errs strings.Builder
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		code = cli.Run(ctx, []string{"failover", "-q", "-z", "2s", "-r", "100", "--restart-after", "100ms", "-u", b.URI(),
			"--restart-cmd", "echo restarted > '" + mark + "'; exit 7"}, &out, &errs)
		if data, err := os.ReadFile(mark); err != nil || string(data) != "restarted\n" {
			t.Errorf("%q, %v", data, err)
		}
		if code != cli.ExitCannotRun || !strings.Contains(errs.String(), "exit status 7") {
			t.Errorf("exit %d, %q", code, errs.String())
		}
	})
}

func TestChurn(t *testing.T) {
	t.Parallel()
	var r struct {
		Opened, Subscribed, Failed uint64
		Latency                    map[string]struct{ Count uint64 } `json:"latency_ns"`
	}
	object(t, 0, "churn -C 50 -y 2 -x 4 -T /queue/churn-%d", &r)
	if r.Opened != 50 || r.Subscribed != 100 || r.Failed != 0 || r.Latency["connect"].Count != 50 || r.Latency["subscribe"].Count != 100 {
		t.Errorf("%+v", r)
	}
	code, stdout, _ := stompbench(t, "churn -q -C 30 -r 200")
	if code != 0 || !strings.Contains(stdout, "30 opened") || !strings.Contains(stdout, "connect, from due") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	code, stdout, _ = stompbench(t, "churn -q -C 5 -u stomp://"+nowhere(t))
	if code != cli.ExitCannotRun || !strings.Contains(stdout, "5 × connect: nothing listens") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

// Connections come from the addresses of this machine that they are told to, and go to
// several brokers in turn, also over TLS.
func TestChurnGoesWhereItIsTold(t *testing.T) {
	t.Parallel()
	c := newCredentials(t)
	tlsConfig := &tls.Config{Certificates: []tls.Certificate{c.server}}
	var brokers [2]*broker.Broker
	var uris [2]string
	for i := range brokers {
		b, err := broker.New(broker.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if uris[i], err = b.ListenTLS("127.0.0.1:0", tlsConfig); err != nil {
			t.Fatal(err)
		}
		brokers[i] = b
	}
	var r struct{ Opened uint64 }
	object(t, 0, "churn -C 10 -x 2 --source-address 127.0.0.1 --tls-ca "+c.cert+" -u "+uris[0]+","+uris[1], &r)
	if r.Opened != 10 || brokers[0].Stats().Accepted != 5 || brokers[1].Stats().Accepted != 5 {
		t.Errorf("%d opened, %d and %d of them at each broker", r.Opened, brokers[0].Stats().Accepted, brokers[1].Stats().Accepted)
	}
	for args, says := range map[string]string{
		"churn -q -C 1 -u " + uris[0]:                                           "certificate",
		"churn -q -C 1 --tls-insecure --source-address 192.0.2.1 -u " + uris[0]: "--source-address",
	} {
		if code, stdout, _ := stompbench(t, args); code != cli.ExitCannotRun || !strings.Contains(stdout, says) {
			t.Errorf("%s: exit %d, want 1 and something about %q\n%s", args, code, says, stdout)
		}
	}
	// The drill gets as far as there being nothing to tell of.
	code, _, stderr := stompbench(t, "failover -q -z 300ms -r 100 --restart-after 100ms --tls-insecure -u "+uris[0])
	if code != cli.ExitCannotRun || !strings.Contains(stderr, "nothing was tested") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// Calibrate measures, saves when it is asked to, and run then relates itself to it.
func TestCalibrate(t *testing.T) {
	dir := t.TempDir()
	for _, env := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(env, dir)
	}
	var c struct {
		Points []struct {
			Rate float64 `json:"sent_per_s"`
		}
		Timers []struct {
			Name  string
			Count uint64
		}
	}
	virtually(t, func(t testing.TB) {
		t.(*virtual).n.Slow = time.Millisecond
		object(t, 0, "calibrate -z 200ms", &c)
		for _, p := range c.Points {
			if p.Rate <= 0 {
				t.Errorf("%+v", c.Points)
			}
		}
	})
	if len(c.Points) == 0 || len(c.Timers) != 2 || c.Timers[0].Count != 200 {
		t.Errorf("%+v", c)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("saved without being asked: %v, %v", entries, err)
	}
	virtually(t, func(t testing.TB) {
		t.(*virtual).n.Slow = time.Millisecond
		code, stdout, stderr := stompbench(t, "calibrate -z 200ms --save")
		if code != 0 || !strings.Contains(stdout, "no receipts") || !strings.Contains(stderr, "saved as "+dir) {
			t.Errorf("exit %d\n%s%s", code, stdout, stderr)
		}
		var r struct {
			Ceiling struct {
				Rate, Share float64
				Setting     string
			}
		}
		object(t, 0, "run -C 5k", &r)
		if r.Ceiling.Share <= 0 || r.Ceiling.Setting != "1 producer, 128 B, window 1000" {
			t.Errorf("%+v", r.Ceiling)
		}
	})
	if _, stdout, _ := stompbench(t, "-q -C 5k"); !strings.Contains(stdout, "that this machine reached against a sink") {
		t.Errorf("%s", stdout)
	}
}

// The shells themselves accept what is written for them. A shell that is not here is not asked.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, stdout, _ := stompbench(t, "completion "+shell)
		if code != 0 || !strings.Contains(stdout, "__complete") {
			t.Errorf("%s: exit %d\n%.500s", shell, code, stdout)
		}
		path, err := exec.LookPath(shell)
		if err != nil || shell == "powershell" {
			t.Logf("no %s here", shell)
			continue
		}
		script := filepath.Join(t.TempDir(), shell)
		if err := os.WriteFile(script, []byte(stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(path, "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}

// What a shell is proposed: verbs, flags and the values of flags, where they are known.
func TestProposals(t *testing.T) {
	for line, want := range map[string]string{
		"f":               "find failover :4",
		"--ack-":          "--ack-every :4",
		"run --ack cl":    "auto client client-individual :4",
		"--ack cl":        "auto client client-individual :4",
		"-x 5 --broker r": "auto rabbitmq activemq artemis :4",
		"--delivery=s":    "auto shared each :4",
		"churn --op":      "--open :4",
		"broker --lis":    "--listen :4",
		"completion z":    "zsh :4",
		"compare --f":     "--fail-if :4",
		"report --t":      "--text :4",
		"report ":         ":16", // a directory
		"merge --o":       "--out :4",
		"merge --out ":    ":16",
		"run --scenario ": ":0", // a file
		"run --rate ":     ":4", // any value
		"compare a --any": "--anyway :4",
		"calibrate --dur": "--duration :4",
	} {
		var out, err strings.Builder
		code := cli.Run(t.Context(), append([]string{"__completeNoDesc"}, strings.Split(line, " ")...), &out, &err)
		if got := strings.Join(strings.Fields(out.String()), " "); code != 0 || got != want {
			t.Errorf("%q: exit %d, %q, want %q", line, code, got, want)
		}
	}
}

func TestMan(t *testing.T) {
	code, stdout, _ := stompbench(t, "man")
	for _, want := range []string{".TH STOMPBENCH 1", ".SH SYNOPSIS", ".SS \"stompbench find\"", `\fB\-\-restart\-cmd\fR \fICMD\fR`, ".B 99", ".B 130",
		`\fB\-\-fail\-if\fR \fICONDITION\fR`, `\fB\-\-text\fR`, "stompbench merge DIR... [flags]",
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, %q is missing", code, want)
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here to read it")
	}
	cmd := exec.Command(groff, "-man", "-Tutf8", "-ww")
	cmd.Stdin = strings.NewReader(stdout)
	var errs strings.Builder
	cmd.Stderr = &errs
	if out, err := cmd.Output(); err != nil || errs.Len() > 0 || !strings.Contains(string(out), "stompbench") {
		t.Errorf("%v\n%s", err, errs.String())
	}
}

// A password does not come back in an error, wherever it was put.
func TestErrorsKeepSecrets(t *testing.T) {
	for _, args := range []string{
		"run stomp://u:s3cret@h", "stomp://u:s3cret@h", "--passcode=s3cret", "-Zs3cret", "-u stomp://u:s3cret@h:x", "--rate=s3cret", "--tls-insecure=s3cret",
		"--header=s3cret", "report --text=s3cret", "broker u:s3cret@h", "compare --fail-if=s3cret x y", "--uri=stomp://u:s3cret@h --uri=",
	} {
		code, stdout, stderr := stompbench(t, args)
		if code != cli.ExitUsage || strings.Contains(stdout+stderr, "s3cret") && !strings.Contains(args, "fail-if") {
			t.Errorf("%s: exit %d, %q", args, code, stderr)
		}
	}
}
