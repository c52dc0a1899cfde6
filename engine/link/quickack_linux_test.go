package link_test

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/stompwire/stompwire/engine/link"
)

// Where there is no TCP, or no socket any more, there is nothing to do.
func TestQuickAckElsewhere(t *testing.T) {
	tcp, _ := socketPair(t, "tcp", "127.0.0.1:0")
	local, _ := socketPair(t, "unix", filepath.Join(t.TempDir(), "s"))
	pipe, end := net.Pipe()
	defer end.Close()
	for _, nc := range []net.Conn{tcp, local, pipe} {
		l := link.New(nc, silent{}, link.Options{QuickAck: true})
		if nc == tcp {
			_ = tcp.Close()
		}
		l.SetQuickAck(true)
		if _, err := l.Feed([]byte("MESSAGE\n\n\x00")); err != nil {
			t.Errorf("over %T: %v", nc, err)
		}
		l.Close(nil)
	}
}

// BenchmarkQuickAck measures what QuickAck adds to a read of a busy connection.
func BenchmarkQuickAck(b *testing.B) {
	for _, quick := range []bool{false, true} {
		b.Run(fmt.Sprintf("quickack=%v", quick), func(b *testing.B) {
			ours, _ := socketPair(b, "tcp", "127.0.0.1:0")
			l := link.New(ours, silent{}, link.Options{QuickAck: quick})
			defer l.Close(nil)
			read := []byte("MESSAGE\n\n\x00")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Feed(read); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
