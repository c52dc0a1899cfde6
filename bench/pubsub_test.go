package bench

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// BenchmarkPubSub carries 128-byte messages over loopback from a publisher through
// the broker to a subscriber, as fast as they go. Both ends write and count raw
// bytes, so that the broker is what is measured.
func BenchmarkPubSub(b *testing.B) {
	for _, c := range []struct {
		name, destination, ack  string
		publishers, subscribers int
	}{
		{"1-1-topic", "/topic/bench", "auto", 1, 1},
		{"1-1-queue", "/queue/bench", "auto", 1, 1},
		{"1-8-topic", "/topic/bench", "auto", 1, 8},
		{"4-4-queue", "/queue/bench", "auto", 4, 4},
	} {
		b.Run("case="+c.name+"/impl=stompwire", func(b *testing.B) {
			srv, err := broker.Start(broker.Config{})
			if err != nil {
				b.Fatal(err)
			}
			defer srv.Close()
			runPubSub(b, srv.Addr().String(), c.destination, c.ack, c.publishers, c.subscribers)
		})
	}
}

func runPubSub(b *testing.B, addr, destination, ack string, publishers, subscribers int) {
	total := b.N / publishers * publishers
	if total == 0 {
		total = publishers
	}
	each := total
	if destination[:7] == "/queue/" {
		each = -1 // shared
	}
	done := make(chan int, subscribers)
	var conns []net.Conn
	for range subscribers {
		nc := dialRaw(b, addr)
		conns = append(conns, nc)
		write(b, nc, "SUBSCRIBE\nid:1\ndestination:"+destination+"\nack:"+ack+"\nreceipt:r\n\n\x00")
		readNUL(b, nc)
		go func() {
			buf := make([]byte, 64<<10)
			n := 0
			for each < 0 || n < each {
				k, err := nc.Read(buf)
				m := bytes.Count(buf[:k], []byte{0})
				n += m
				if each < 0 && m > 0 {
					done <- m
				}
				if err != nil {
					return
				}
			}
			done <- n
		}()
	}
	frame := append([]byte("SEND\ndestination:"+destination+"\ncontent-length:128\n\n"), bytes.Repeat([]byte("x"), 128)...)
	frame = append(frame, 0)
	batch := bytes.Repeat(frame, 64)
	b.ReportAllocs()
	b.SetBytes(128)
	b.ResetTimer()
	for range publishers {
		nc := dialRaw(b, addr)
		conns = append(conns, nc)
		go func() {
			for n := total / publishers; n > 0; n -= 64 {
				if _, err := nc.Write(batch[:min(n, 64)*len(frame)]); err != nil {
					return
				}
			}
		}()
	}
	want := total
	if each >= 0 {
		want *= subscribers
	}
	for got := 0; got < want; {
		got += <-done
	}
	b.StopTimer()
	for _, nc := range conns {
		nc.Close()
	}
}

func dialRaw(b *testing.B, addr string) net.Conn {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	write(b, nc, "CONNECT\naccept-version:1.2\nhost:x\n\n\x00")
	readNUL(b, nc)
	return nc
}

func write(b *testing.B, nc net.Conn, text string) {
	if _, err := io.WriteString(nc, text); err != nil {
		b.Fatal(err)
	}
}

func readNUL(b *testing.B, nc net.Conn) {
	one := make([]byte, 1)
	for {
		if _, err := io.ReadFull(nc, one); err != nil {
			b.Fatal(err)
		}
		if one[0] == 0 {
			return
		}
	}
}
