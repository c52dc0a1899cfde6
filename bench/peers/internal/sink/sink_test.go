package sink_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/bench/peers/internal/sink"
)

// talk dials a sink and returns a function that writes text, byte by byte if slow,
// and reads as many bytes as the answer has.
func talk(t *testing.T, protocol sink.Protocol) (*sink.Sink, func(text, answer string, slow bool)) {
	t.Helper()
	s, err := sink.Listen(protocol)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return s, func(text, answer string, slow bool) {
		t.Helper()
		step := len(text)
		if slow {
			step = 1
		}
		for ; len(text) > 0; text = text[step:] {
			if _, err := io.WriteString(c, text[:step]); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]byte, len(answer))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != answer {
			t.Fatalf("answer %q, %v; want %q", got, err, answer)
		}
	}
}

const (
	connect   = "CONNECT\naccept-version:1.2\nhost:/\n\n\x00"
	connected = "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\x00"
)

func TestSTOMP(t *testing.T) {
	s, say := talk(t, sink.STOMP)
	say(connect, connected, false)
	say(strings.Repeat("SEND\ndestination:/queue/a\n\nbody\x00", 3), "", true)
	if err := s.Wait(3); err != nil {
		t.Fatal(err)
	}
}

func TestReceipts(t *testing.T) {
	s, say := talk(t, sink.Receipts)
	say(connect, connected, false)
	say("SEND\ndestination:/queue/a\nreceipt:a\\c1\n\nbody\x00"+
		"SEND\ndestination:/queue/a\n\nbody\x00"+
		"SEND\nreceipt:2\ndestination:/queue/a\n\nbody\x00",
		"RECEIPT\nreceipt-id:a\\c1\n\n\x00RECEIPT\nreceipt-id:2\n\n\x00", true)
	if err := s.Wait(3); err != nil {
		t.Fatal(err)
	}
}

func TestNATS(t *testing.T) {
	s, say := talk(t, sink.NATS)
	say("", `INFO {"server_id":"sink","version":"2.15.0","proto":1,"max_payload":1048576}`+"\r\n", false)
	say("CONNECT {}\r\nPING\r\n", "PONG\r\n", false)
	say(strings.Repeat("PUB a 4\r\nbody\r\n", 3), "", true)
	if err := s.Wait(3); err != nil {
		t.Fatal(err)
	}
}
