package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
)

// inNoHurry is for brokers that stand still for a while, as those that share a busy machine do.
var inNoHurry = []string{"--connect-timeout", "1m", "--drain-timeout", "1m", "--heart-beat", "1m"}

// TestRunAgainstBrokers drives the brokers whose URIs are in the environment, for
// a second or so in each way. With STOMPWIRE_REQUIRE_BROKERS=1 RabbitMQ and
// ActiveMQ must be there.
func TestRunAgainstBrokers(t *testing.T) {
	for _, b := range []struct {
		name, env string
		required  bool
	}{
		{"RabbitMQ", "STOMPWIRE_RABBITMQ_URI", true},
		{"ActiveMQ", "STOMPWIRE_ACTIVEMQ_URI", true},
		{"Artemis", "STOMPWIRE_ARTEMIS_URI", false},
	} {
		t.Run(b.name, func(t *testing.T) {
			uri := os.Getenv(b.env)
			if uri == "" {
				if b.required && os.Getenv("STOMPWIRE_REQUIRE_BROKERS") == "1" {
					t.Fatalf("%s is not set, and STOMPWIRE_REQUIRE_BROKERS=1 says that it must be", b.env)
				}
				t.Skipf("no %s: set %s to its URI, such as stomp://guest:guest@127.0.0.1:61613", b.name, b.env)
			}
			againstBroker(t, uri)
			badDestination(t, b.name, uri)
		})
	}
}

// badDestination: RabbitMQ refuses what it cannot route, and says so without
// naming the frame. The others take any name for a queue.
func badDestination(t *testing.T, name, uri string) {
	if name != "RabbitMQ" {
		return
	}
	for _, args := range [][]string{
		{"-t", "/nowhere/x", "-y", "0"},
		{"-t", "/nowhere/x"},
		{"-t", "/exchange/stompbench-missing/x", "-y", "0"},
	} {
		var stdout, stderr bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // far from the end of the run
		all := slices.Concat([]string{"--quiet", "--uri", uri, "-z", "1h"}, inNoHurry, args)
		code := cli.Run(ctx, all, &stdout, &stderr)
		cancel()
		if code != exit.CannotRun || !strings.Contains(stderr.String(), "broker says") {
			t.Errorf("%v: exit %d\n%s%s", args, code, stdout.String(), stderr.String())
		}
	}
}

// TestRunOverTLSAndWebSocket: the same, over what brokers offer besides TCP.
func TestRunOverTLSAndWebSocket(t *testing.T) {
	for name, needs := range map[string][]string{
		"STOMPWIRE_RABBITMQ_TLS_URI": {"STOMPWIRE_TLS_CA"},
		"STOMPWIRE_ACTIVEMQ_TLS_URI": {"STOMPWIRE_TLS_CA"},
		"STOMPWIRE_RABBITMQ_WS_URI":  nil,
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--quiet", "-C", "1k", "-x", "2", "-y", "2", "-t", fmt.Sprintf("/queue/stompbench-%d", time.Now().UnixNano())}, inNoHurry...)
			for _, env := range append(needs, name) {
				if os.Getenv(env) == "" {
					t.Skipf("no broker: set %s", env)
				}
			}
			args = append(args, "--uri", os.Getenv(name))
			if needs != nil {
				args = append(args, "--tls-ca", os.Getenv(needs[0]))
			}
			var stdout, stderr bytes.Buffer
			if code := cli.Run(t.Context(), args, &stdout, &stderr); code != 0 {
				t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}

func againstBroker(t *testing.T, uri string) {
	run := time.Now().UnixNano()
	for i, args := range [][]string{
		{"-z", "1s"},
		{"-z", "1s", "-r", "1k", "-c", "100"},
		{"-C", "3k", "-c", "0"},
		{"-C", "3k", "-x", "2", "-y", "3"},
		{"-C", "1k", "--ack", "client"},
		{"-C", "1k", "-y", "2", "--ack", "client-individual"},
		{"-C", "500", "--persistent", "-s", "4KiB"},
		{"-C", "1k", "--stomp", "1.0"},
		{"-C", "1k", "--stomp", "1.1"},
		{"-C", "1200", "-x", "3", "-y", "2", "--destinations", "6", "--many"},
		{"-C", "1k", "-x", "4", "-y", "4", "--producer-connections", "1", "--consumer-connections", "2"},
		{"-C", "500", "-s", "0"},
		{"-C", "500", "-s", "128:80,4k:15,64k:5", "--payload", "text", "-H", "n:%d", "--priority", "9:10,4:90", "--expires", "1m", "--persistent"},
		{"-C", "1k", "--receipt-every", "20", "-c", "10"},
		{"-C", "1k", "--transaction", "50"},
		{"-C", "1k", "--ack", "client", "--ack-every", "20", "--prefetch", "50"},
		{"-C", "1k", "-y", "2", "--ack", "client-individual", "--nack", "1%", "--prefetch", "100"},
		{"-C", "100", "-y", "2", "--consumer-latency", "2ms", "--slow-consumers", "0.5", "--ack", "client-individual", "--prefetch", "5"},
		{"-r", "500..1k:1s", "--warmup", "200ms", "--heart-beat", "0"},
		{"-C", "500", "-y", "3", "--topic"},
	} {
		destination := fmt.Sprintf("/queue/stompbench-%d-%d", run, i)
		if last := len(args) - 1; args[last] == "--topic" {
			args = args[:last]
			destination = fmt.Sprintf("/topic/stompbench-%d-%d", run, i)
		}
		if last := len(args) - 1; args[last] == "--many" {
			args = args[:last]
			destination += "-%d"
		}
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			var stdout, stderr bytes.Buffer
			all := slices.Concat([]string{"run", "--json", "--quiet", "--uri", uri, "-t", destination}, inNoHurry, args)
			if code := cli.Run(ctx, all, &stdout, &stderr); code != 0 {
				t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr.String())
			}
			var r struct {
				Broker struct{ Server string }
				Totals map[string]uint64
				Rates  map[string]float64
			}
			if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			if r.Totals["sent"] == 0 || r.Totals["expected"] != r.Totals["received"] || r.Totals["lost"] != 0 {
				t.Errorf("%v", r.Totals)
			}
			t.Logf("%s: %.0f sent/s, %.0f received/s, %v", r.Broker.Server, r.Rates["sent_per_s"], r.Rates["received_per_s"], r.Totals)
		})
	}
}
