package cli_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// halved is what the tests read of a churn with half-open connections.
type halved struct {
	Opened, Failed uint64
	HalfOpen       *struct {
		MostHeld int64 `json:"most_held"`
		Skipped  uint64
		Stages   []struct {
			Stage           string
			Opened, Refused uint64
			Closed          uint64                 `json:"closed_by_broker"`
			StillOpen       uint64                 `json:"still_open"`
			After           struct{ Count uint64 } `json:"closed_after_ns"`
			How             []struct {
				Reason string
				Count  uint64
			} `json:"how_closed"`
		}
	} `json:"half_open"`
	Latency map[string]struct{ Count uint64 } `json:"latency_ns"`
}

// Half-open connections get as far as they are told over TCP, TLS and WebSocket, with
// the login of the URI; and the broker closes them, or does not.
func TestChurnHalfOpen(t *testing.T) {
	t.Parallel()
	c := newCredentials(t)
	cfg := broker.Config{
		Users: map[string]string{"u": "s3cret"}, ConnectTimeout: 20 * time.Second, HeartBeat: frame.HeartBeat{Send: -1, Receive: -1},
	}
	b, err := broker.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	tlsConfig := &tls.Config{Certificates: []tls.Certificate{c.server}}
	for name, open := range map[string]func() (string, error){
		"tcp": func() (string, error) { return b.Listen("127.0.0.1:0") },
		"tls": func() (string, error) { return b.ListenTLS("127.0.0.1:0", tlsConfig) },
		"ws":  func() (string, error) { return ws.Listen(b, "127.0.0.1:0", ws.Options{}) },
		"wss": func() (string, error) { return ws.Listen(b, "127.0.0.1:0", ws.Options{TLS: tlsConfig}) },
	} {
		uri, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := "churn -C 20 -x 2 -T /queue/half-" + name + " --half-open 50% --half-open-at connected,subscribed,tcp --half-open-hold 300ms"
			if name == "tls" || name == "wss" {
				args += " --tls-insecure"
			}
			var r halved
			object(t, 0, args+" -u "+strings.Replace(uri, "://", "://u:s3cret@", 1), &r)
			if r.Opened != 13 || r.HalfOpen == nil || len(r.HalfOpen.Stages) != 3 || r.Latency["connect_before_half_open"].Count == 0 {
				t.Fatalf("%+v", r)
			}
			for _, s := range r.HalfOpen.Stages {
				if s.Opened == 0 || s.StillOpen != s.Opened || s.Closed+s.Refused != 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		uri, err := b.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := stompbench(t, "churn -q -C 8 --half-open 50% --half-open-at connected --half-open-hold 1m -u "+strings.Replace(uri, "://", "://u:n0tthat@", 1))
		if code != cli.ExitCannotRun || !strings.Contains(stdout, "3 did not get so far") || !strings.Contains(stdout, "3 × the broker says") || strings.Contains(stdout+stderr, "n0tthat") {
			t.Errorf("exit %d\n%s%s", code, stdout, stderr)
		}
	})
}

// The report says when and how the broker closed what was half-open.
func TestChurnHalfOpenIsClosed(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{ConnectTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	// A broker with so little patience may lose the others on a busy machine: they are not looked at.
	code, stdout, stderr := stompbench(t, "churn -q --json -C 40 -y 0 --half-open 25% --half-open-at tcp,connect --half-open-hold 5m -u "+b.URI())
	var r halved
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != 0 && code != cli.ExitCannotRun {
		t.Fatalf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if len(r.HalfOpen.Stages) != 2 || r.HalfOpen.Skipped != 0 {
		t.Fatalf("%+v", r)
	}
	for _, s := range r.HalfOpen.Stages {
		if s.Closed == 0 || s.Closed != s.Opened || s.After.Count != s.Closed || len(s.How) == 0 {
			t.Errorf("%+v", s)
		}
	}
	_, stdout, _ = stompbench(t, "churn -q -C 40 -y 0 --half-open 25% --half-open-at tcp --half-open-hold 5m -u "+b.URI())
	if !strings.Contains(stdout, "closed by the broker after p50 ") {
		t.Errorf("%s", stdout)
	}
}

func TestChurnHalfOpenUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"--half-open 0":                        "--half-open",
		"--half-open 100%":                     "99.99%",
		"--half-open x":                        "--half-open",
		"--half-open 10% --half-open-at udp":   "subscribed",
		"--half-open 10% --half-open-hold 0":   "--half-open-hold",
		"--half-open 10% --half-open-max 0":    "--half-open-max",
		"--half-open 10% --half-open-after 1h": "within --duration",
		"--half-open-at tcp":                   "without --half-open",
		"--half-open-hold 1s":                  "without --half-open",
		"--half-open-max 5":                    "without --half-open",
		"--half-open-after 1s":                 "without --half-open",
		"--broker stomp":                       "rabbitmq",
	} {
		code, stdout, stderr := stompbench(t, "churn "+args)
		if code != cli.ExitUsage || !strings.Contains(stderr, says) || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q %q, want 2 and something about %q", args, code, stdout, stderr, says)
		}
	}
}

// A dry run connects to no broker and shows what would be done. It does not show passwords.
func TestVerbsDryRun(t *testing.T) {
	t.Setenv("STOMPBENCH_HALF_OPEN", "10%")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var came int
	wg.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			came++
			_ = nc.Close()
		}
	})
	uri := fmt.Sprintf("stomp://u:s3cret@%s", ln.Addr())
	for args, want := range map[string][]string{
		"churn -C 100 --broker artemis -u " + uri:                                           {"spoken to as", "10% of the connections after the first 25", "100 connections", "116 open files"},
		"churn -z 8s -r 50 --half-open-at tcp,connected":                                    {"embedded", "50/s", "after 2s, at tcp, connected in turn", "8s have passed", "232 open files"},
		"failover --broker rabbitmq --persistent -u " + uri:                                 {"spoken to as RabbitMQ", "persistent", "yours to do"},
		"failover -r 50 --restart-after 3s --down 2s":                                       {"embedded", "50/s", "after 3s, for 2s"},
		"failover --restart-cmd false --restart-after 3s -u " + uri:                         {`"false" after 3s`},
		"churn --json --broker activemq --half-open-max 7 -u " + uri:                        {`"broker_profile": "activemq"`, `"max": 7`, `"after_ns": 2500000000`},
		"failover --json -z 10s --broker artemis --restart-after 2s --persistent -u " + uri: {`"broker_profile": "artemis"`, `"persistent": true`, `"restart_after_ns": 2000000000`},
	} {
		code, stdout, stderr := stompbench(t, strings.Replace(args, " ", " --dry-run ", 1))
		if code != 0 || stderr != "" || strings.Contains(stdout, "s3cret") {
			t.Errorf("%s: exit %d\n%s%s", args, code, stdout, stderr)
		}
		for _, text := range want {
			if !strings.Contains(stdout, text) {
				t.Errorf("%s: %q is missing:\n%s", args, text, stdout)
			}
		}
		if strings.Contains(args, "--json") && !json.Valid([]byte(stdout)) {
			t.Errorf("%s: no JSON:\n%s", args, stdout)
		}
	}
	_ = ln.Close()
	wg.Wait()
	if came != 0 {
		t.Errorf("%d connections were made", came)
	}
}

// The broker's profile decides about the headers of the drill, and of subscriptions;
// the user's own have their places filled in.
func TestProfilesOfVerbs(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[frame.Command]map[string]bool{}
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		mu.Lock()
		defer mu.Unlock()
		if seen[f.Command] == nil {
			seen[f.Command] = map[string]bool{}
		}
		for i := range f.Header.Len() {
			name, value := f.Header.At(i)
			seen[f.Command][string(name)+":"+string(value)] = true
		}
		return broker.Fault{}
	})
	enough := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return seen[frame.CmdSend]["number:2"]
	}
	for range 10 { // a machine that stands still for half a second sends nothing
		if enough() {
			break
		}
		stompbench(t, "failover -q -z 500ms -r 40 --restart-after 100ms --broker artemis --persistent -H kind:%p -H number:%d -u "+b.URI())
	}
	stompbench(t, "churn -q -C 4 --broker artemis -T /topic/c --half-open 50% --half-open-at subscribed --half-open-hold 100ms -u "+b.URI())
	mu.Lock()
	defer mu.Unlock()
	for command, fields := range map[frame.Command][]string{
		frame.CmdSend:      {"persistent:true", "destination-type:ANYCAST", "kind:1", "number:1", "number:2"},
		frame.CmdSubscribe: {"subscription-type:ANYCAST", "subscription-type:MULTICAST"},
	} {
		for _, field := range fields {
			if !seen[command][field] {
				t.Errorf("no %v has %s: %v", command, field, seen[command])
			}
		}
	}
}
