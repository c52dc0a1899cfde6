package delay_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stompwire/stompwire/bench/peers/internal/delay"
)

// What goes in comes out, there and back, and not before its time.
func TestProxy(t *testing.T) {
	const oneWay = 5 * time.Millisecond
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	echoed := make(chan struct{})
	go func() {
		defer close(echoed)
		if nc, err := echo.Accept(); err == nil {
			_, _ = io.Copy(nc, nc)
			nc.Close()
		}
	}()
	p, err := delay.Listen(echo.Addr().String(), oneWay)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 1000, 10 << 20} {
		want, got := bytes.Repeat([]byte("stomp"), size/5+1)[:size], make([]byte, size)
		begin := time.Now()
		go func() { _, _ = nc.Write(want) }()
		if _, err := io.ReadFull(nc, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if took := time.Since(begin); took < 2*oneWay {
			t.Errorf("%d bytes were back after %v", size, took)
		}
	}
	nc.Close()
	<-echoed
	p.Close()
	echo.Close()
}
