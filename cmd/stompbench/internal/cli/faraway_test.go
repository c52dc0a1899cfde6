package cli_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// One message at a time over a long way is limited by it, not by who answers. It is so
// long that what a busy machine adds to a round trip, before the run or in it, is less.
func TestVerdictRoundTrip(t *testing.T) {
	j := judge(t, 0, "-z 3s -c 1 -y 8 -u stomp://"+farAway(t, 200*time.Millisecond))
	j.limitedBy(t, "network")
}

// farAway returns the address of a broker whose every answer, messages included,
// takes so long to come.
func farAway(t *testing.T, delay time.Duration) string {
	t.Helper()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", b.Addr().String())
			if err != nil {
				_ = client.Close()
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(server, client)
				_ = server.Close()
			})
			wg.Go(func() { late(client, server, delay) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		_ = b.Close()
		wg.Wait()
	})
	return ln.Addr().String()
}

// late copies from src to dst, each octet not before the delay is over.
func late(dst, src net.Conn, delay time.Duration) {
	type chunk struct {
		at    time.Time
		bytes []byte
	}
	queue := make(chan chunk, 1<<12)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer dst.Close()
		for c := range queue {
			time.Sleep(time.Until(c.at))
			_, _ = dst.Write(c.bytes) // when it fails, src ends too
		}
	})
	for {
		buf := make([]byte, 16<<10)
		n, err := src.Read(buf)
		if n > 0 {
			queue <- chunk{time.Now().Add(delay), buf[:n]}
		}
		if err != nil {
			break
		}
	}
	close(queue)
	wg.Wait()
	_ = src.Close()
}
