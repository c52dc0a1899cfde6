package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/internal/leaktest"
)

// atOnce is how many parallel tests run at a time: they wait for most of their time, for
// what was lost, a schedule or a slow consumer, and not for a processor. What is to be
// limited by one thing and not by a neighbour, or not to be held up, is not parallel.
const atOnce = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", atOnce)
	}
	for _, env := range os.Environ() {
		if name, _, _ := strings.Cut(env, "="); strings.HasPrefix(name, "STOMPBENCH_") {
			_ = os.Unsetenv(name)
		}
	}
	leaktest.Main(m)
}

// stompbench runs the command line args, a string with single blanks.
func stompbench(t testing.TB, args string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out, err bytes.Buffer
	code = cli.Run(ctx, strings.Fields(args), &out, &err)
	return code, out.String(), err.String()
}

// result is what the tests read of the JSON form.
type result struct {
	Schema   int
	Partial  bool
	ExitCode int `json:"exit_code"`
	Broker   struct{ STOMP string }
	Totals   struct {
		Sent, Confirmed, Rejected, Received, Lost, Duplicated, Redelivered, Nacked, Reordered, Corrupt, Foreign, Unsent uint64
	}
	Rates   map[string]float64
	Latency map[string]map[string]float64 `json:"latency_ns"`
	Plan    map[string]any
}

// busy is for runs that are to end well however busy the machine is: no pause of it loses
// messages, or is the limit of a rate.
const busy = " --drain-timeout 1m --accept-generator-limit"

// runJSON runs with --json and --quiet, and expects exit code want.
func runJSON(t testing.TB, want int, args string) result {
	t.Helper()
	if want == cli.ExitOK && !strings.Contains(args, "--drain-timeout") {
		args += busy
	}
	code, stdout, stderr := stompbench(t, "run --json --quiet "+args)
	if code != want {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", args, code, want, stdout, stderr)
	}
	var r result
	dec := json.NewDecoder(strings.NewReader(stdout))
	if err := dec.Decode(&r); err != nil || dec.More() {
		t.Fatalf("%s: not one JSON object: %v\n%s", args, err, stdout)
	}
	if r.ExitCode != code {
		t.Errorf("%s: exit_code is %d, the process ended with %d", args, r.ExitCode, code)
	}
	return r
}

func TestUsage(t *testing.T) {
	for args, says := range map[string]string{
		"frobnicate":                            "neither a flag nor a command",
		"run now":                               "neither a flag nor a command",
		"--frobnicate":                          "--frobnicate",
		"-x many":                               "--producers",
		"-x -1":                                 "--producers",
		"-y 1.5":                                "--consumers",
		"-x 0":                                  "--uri",
		"-x 0 -y 0":                             "nothing to do",
		"-z soon":                               "--duration",
		"-z 0":                                  "never end",
		"-z -5s":                                "--duration",
		"-C -1":                                 "--count",
		"-C 0":                                  "--count",
		"-C 0k":                                 "--count",
		"--connect-rate 0/s":                    "--connect-rate",
		"--quiet=perhaps":                       "true or false",
		"-C 2 -x 3":                             "--count",
		"-s big":                                "--size",
		"-s 1GB":                                "--size",
		"-s -1":                                 "from 0 to 64MiB",
		"-s 99999999999999":                     "from 0 to 64MiB",
		"-s 5..1e30":                            "from 0 to 64MiB",
		"-r 1e30":                               "to 1000000000 a second",
		"-r fast":                               "--rate",
		"-r 0":                                  "--rate",
		"-r -5":                                 "--rate",
		"-r 5/day":                              "--rate",
		"-r 1e300":                              "--rate",
		"-c -1":                                 "--confirm",
		"-c 1e9":                                "--confirm",
		"--ack sometimes":                       "client-individual",
		"--ack client-individual --stomp 1.0":   "--ack",
		"--stomp 1.3":                           "1.2",
		"--delivery maybe":                      "shared",
		"-T /queue/a":                           "--publish-to",
		"--publish-to=":                         "--publish-to",
		"-H nocolon":                            "name:value",
		"-H receipt:1":                          "receipt",
		"--drain-timeout 0":                     "--drain-timeout",
		"-u http://h":                           "stomp://",
		"-u stomp://u:s3cret@h:99999":           "port",
		"--seed x":                              "--seed",
		"-r 10k,50k:30s":                        "without a time",
		"-r 10k:30s,50k":                        "--duration",
		"-r 10k:30s -z 10s":                     "--duration",
		"-r 1k..5k -C 10":                       "does not say how long",
		"-r 1k:0s":                              "above 0",
		"-r 0..0:5s":                            "--rate",
		"-r 1k..:5s":                            "--rate",
		"-r -1..5:5s":                           "out of range: choose from",
		"-x 0 -r 5 -u h":                        "--rate",
		"--warmup -1s":                          "--warmup",
		"--destinations 5":                      "%d",
		"--destinations 5..1 -t /queue/%d":      "5..14",
		"--destinations 2M -t /queue/%d":        "--destinations",
		"--producer-connections 2":              "--producer-connections",
		"--consumer-connections -1":             "--consumer-connections",
		"--connect-rate 0":                      "--connect-rate",
		"--source-address here":                 "IP address",
		"-s 100..50":                            "goes down",
		"-s 10:0":                               "weight",
		"-s 10:x":                               "weight",
		"--payload fish":                        "random",
		"--payload random:2":                    "from 0 to 1",
		"--payload @/nonexistent/file":          "cannot read",
		"--payload @. -s 5":                     "contradict",
		"--stamp body -s 10":                    "--stamp",
		"--stamp behind":                        "header",
		"--priority 10":                         "from 0 to 9",
		"--priority 3 -H priority:4":            "contradict",
		"--expires 1us":                         "from 1ms",
		"-H stompbench:1":                       "itself",
		"--receipt-every 0":                     "--receipt-every",
		"--receipt-every 5 -c 0":                "--confirm",
		"--transaction -1":                      "--transaction",
		"--transaction 5 -c 0":                  "COMMIT",
		"--transaction 5 --receipt-every 5":     "COMMIT",
		"--transaction 5 -x 0 -u h":             "producers",
		"--ack client --ack-every 0":            "--ack-every",
		"--ack-every 5":                         "--ack client",
		"--nack 0.1":                            "--ack client-individual",
		"--nack 1 --ack client":                 "below 1",
		"--nack 0.1 --ack client --ack-every 5": "--ack-every",
		"--nack 0.1 --ack client --stomp 1.0":   "1.1",
		"--ack client -y 0":                     "consumers",
		"--prefetch 0":                          "--prefetch",
		"--prefetch 5 --ack client --ack-every 6":   "lower",
		"--slow-consumers 0.5":                      "--consumer-latency",
		"--slow-consumers 0":                        "--slow-consumers",
		"--slow-consumers 2 --consumer-latency 1ms": "100%",
		"--consumer-latency 1m":                     "--drain-timeout",
		"--consumer-latency -1s":                    "from 0s",
		"--broker kafka":                            "rabbitmq",
		"--heart-beat 1us":                          "1ms",
		"--tls-insecure":                            "stomps://",
		"--tls-insecure -u stomp://h":               "stomps://",
		"--tls-cert x -u stomps://h":                "--tls-key",
		"--tls-ca /nonexistent -u stomps://h":       "cannot be read",
		"--tls-ca /dev/null -u stomps://h":          "no PEM",
		"--tls-insecure --tls-ca x -u wss://h":      "leave one",
		"-u stomp://h,http://k":                     "address 2",
		"--scenario /nonexistent":                   "cannot be read",
		"broker now":                                "neither a flag",
		"broker --nope":                             "--nope",
	} {
		code, stdout, stderr := stompbench(t, args)
		if code != cli.ExitUsage || !strings.Contains(stderr, says) || stdout != "" {
			t.Errorf("%s: exit %d, %q %q, want 2 and something about %q", args, code, stdout, stderr, says)
		}
		if strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "s3cret") {
			t.Errorf("%s: not one clean sentence: %q", args, stderr)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for args, says := range map[string]string{
		"--help": "-x, --producers", "-h": "Exit codes", "--help-all": "(default 1000)", "help": "STOMPBENCH_", "run --help": "Receipts and transactions:", "help find": "--within", "find --help": "--within", "failover -h": "--restart-cmd",
		"churn --help": "--subscriptions", "calibrate --help": "--save",
		"broker --help": "stompbench", "version": "stompbench ", "--version": "stompbench ",
	} {
		if code, stdout, _ := stompbench(t, args); code != 0 || !strings.Contains(stdout, says) {
			t.Errorf("%s: exit %d, %q", args, code, stdout)
		}
	}
}

// What keeps a run from starting is said in one sentence, before any load.
func TestCannotRun(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{Users: map[string]string{"guest": "right"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	at := b.Addr().String()
	small, err := broker.Start(broker.Config{MaxSubscriptions: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	for args, says := range map[string]string{
		"-u stomp://host.invalid":                                     "cannot be found",
		"-u stomp://" + nowhere(t):                                    "nothing listens",
		"-u stomp://guest:s3cret@" + at:                               "check user",
		"-u stomp://" + silent(t) + " --connect-timeout 200ms":        "no answer",
		"-u stomp://" + talker(t, "HTTP/1.1 400 Bad Request\r\n\r\n"): "STOMP",
		"-u stomp://" + talker(t, ""):                                 "closed the connection",
		"-y 20 --consumer-connections 1 -u " + small.URI():            "broker says",
		"--prefetch 5 --broker artemis -u " + small.URI():             "leave --prefetch out",
		"broker --listen " + at:                                       "--listen",
	} {
		code, stdout, stderr := stompbench(t, args)
		if code != cli.ExitCannotRun || !strings.Contains(stderr, says) || stdout != "" {
			t.Errorf("%s: exit %d, %q %q, want 1 and something about %q", args, code, stdout, stderr, says)
		}
		if strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "s3cret") {
			t.Errorf("%s: not one clean sentence: %q", args, stderr)
		}
	}
	r := runJSON(t, 0, "-C 100 -u stomp://guest:right@"+at)
	if r.Totals.Received != 100 {
		t.Errorf("%+v", r.Totals)
	}
}

// nowhere returns an address where nothing listens. It is the near end of a connection,
// so that the port is not reused before the test has ended.
func nowhere(t *testing.T) string {
	t.Helper()
	nc, err := net.Dial("tcp", silent(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return nc.LocalAddr().String()
}

// silent returns the address of a peer that accepts and sends nothing.
func silent(t testing.TB) string {
	return serve(t, func(nc net.Conn) { _, _ = nc.Read(make([]byte, 1<<20)) })
}

// talker returns the address of a peer that sends text on each connection and closes it.
func talker(t *testing.T, text string) string {
	return serve(t, func(nc net.Conn) {
		_, _ = nc.Read(make([]byte, 64<<10)) // all of it: closing with some unread would be a reset
		_, _ = nc.Write([]byte(text))
		_ = nc.Close()
	})
}

func serve(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var open []net.Conn
	go func() {
		defer close(done)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			open = append(open, nc)
			handle(nc)
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
		for _, nc := range open {
			_ = nc.Close()
		}
	})
	return ln.Addr().String()
}
