package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// Every peer carries each kind of load whole.
func TestPeers(t *testing.T) {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	queue := 0
	for name, dial := range peers {
		for _, window := range []int{0, 1, 10, 1000} {
			for _, ack := range []string{"auto", "client-individual"} {
				if name == "go-stomp" && ack != "auto" {
					continue // it times out when it cannot keep up with its ACKs
				}
				t.Run(fmt.Sprintf("%s/window=%d/ack=%s", name, window, ack), func(t *testing.T) {
					queue++
					in, err := json.Marshal(load{
						URI: b.URI(), Queue: fmt.Sprintf("/queue/%d", queue), Pairs: queue % 3, Window: window, Size: 128, Ack: ack, Duration: 50 * time.Millisecond,
					})
					if err != nil {
						t.Fatal(err)
					}
					var out bytes.Buffer
					if err := peerMain(dial, bytes.NewReader(in), &out); err != nil {
						t.Fatal(err)
					}
					r, err := decode(out.Bytes())
					if err != nil || r.Totals.Sent == 0 || r.Totals.Received != r.Totals.Sent || r.Process.CPUNsPerMsg == 0 {
						t.Errorf("%+v, %v", r, err)
					}
				})
			}
		}
	}
}

// A peer that starts when the time is over still reports a result.
func TestPeersWithoutTime(t *testing.T) {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	for name, dial := range peers {
		in, err := json.Marshal(load{URI: b.URI(), Queue: "/queue/" + name, Window: 10, Size: 128, Ack: "auto"})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := peerMain(dial, bytes.NewReader(in), &out); err != nil {
			t.Fatal(err)
		}
		if r, err := decode(out.Bytes()); err != nil || r.Totals.Sent == 0 || r.Totals.Received != r.Totals.Sent {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
