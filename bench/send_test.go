package bench_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
)

// driver is what conn.Config.Driver takes.
type driver interface{ Start(l *link.Link) error }

// BenchmarkSend is the cost of a message toward a peer that reads and throws away:
// no receipts, 128 B.
func BenchmarkSend(b *testing.B) {
	drivers := map[string]driver{"gnet": engine.Own{}, "pump": pump.Driver{}}
	for _, name := range []string{"gnet", "pump"} {
		for _, producers := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("driver=%s/producers=%d/body=128B", name, producers), func(b *testing.B) {
				c := dialSink(b, drivers[name])
				body := make([]byte, 128)
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				b.ResetTimer()
				before := c.Stats()
				var wg sync.WaitGroup
				for p := range producers {
					wg.Go(func() {
						for i := p; i < b.N; i += producers {
							if err := c.Send(context.Background(), "/queue/bench", body); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				for c.Stats().Queued > 0 {
					time.Sleep(10 * time.Microsecond)
				}
				after := c.Stats()
				b.ReportMetric(float64(after.FramesOut-before.FramesOut)/float64(after.Writes-before.Writes), "frames/write")
			})
		}
	}
}

// dialSink connects to a broker that says CONNECTED and then only reads.
func dialSink(b *testing.B, d driver) *conn.Client {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		_, _ = io.WriteString(nc, "CONNECTED\nversion:1.2\n\n\x00")
		buf := make([]byte, 256<<10)
		for err == nil {
			_, err = nc.Read(buf)
		}
	}()
	c, err := conn.Dial(context.Background(), ln.Addr().String(), &conn.Config{Driver: d, OneConnection: true, NoReconnect: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = c.Close()
		_ = ln.Close()
		<-drained
	})
	return c
}
