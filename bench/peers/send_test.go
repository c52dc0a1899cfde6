package peers

import (
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/bench/peers/internal/sink"
)

// What the benchmarks over the network send.
const (
	destination = "/queue/bench"
	contentType = "text/plain"
	bodySize    = 128
)

// sender sends bodies to the destination, over one connection.
type sender struct {
	send func(body []byte) error
	// flush is called once, after the last send. It may return before everything
	// has left.
	flush func() error
}

var senders = []struct {
	name     string
	protocol sink.Protocol
	open     func(tb testing.TB, addr string) sender
}{
	{"stompwire", sink.STOMP, stompwireSender},
	{"stompwire-producer", sink.STOMP, stompwireProducer},
	{"go-stomp", sink.STOMP, goStompSender},
	{"stompngo", sink.STOMP, stompngoSender},
	{"nats", sink.NATS, natsSender},
	{"raw", sink.STOMP, rawSender},
}

// BenchmarkSend measures messages sent without a receipt, until the last one is
// with a peer that throws them away. All STOMP rows send the same three headers:
// destination, content-type and content-length. stompwire-producer has encoded the
// first two once. raw appends to a buffer what all messages have in common and the
// body, and writes the buffer when it is full.
func BenchmarkSend(b *testing.B) {
	for _, impl := range senders {
		b.Run("impl="+impl.name, func(b *testing.B) {
			s := openSink(b, impl.protocol)
			p := impl.open(b, s.Addr())
			body := []byte(cases.Body(bodySize))
			b.ReportAllocs()
			b.SetBytes(bodySize)
			cpu := cpuTime(b)
			for b.Loop() {
				if err := p.send(body); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer() // the end of Loop has stopped it, with messages on their way
			must(b, p.flush())
			must(b, s.Wait(int64(b.N)))
			b.StopTimer()
			cpu()
			if n := s.Count(); n != int64(b.N) {
				b.Fatalf("%d messages have arrived of %d", n, b.N)
			}
		})
	}
}

func openSink(tb testing.TB, protocol sink.Protocol) *sink.Sink {
	tb.Helper()
	s, err := sink.Listen(protocol)
	must(tb, err)
	tb.Cleanup(s.Close)
	return s
}

func noFlush() error { return nil }
