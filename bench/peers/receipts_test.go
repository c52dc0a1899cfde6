package peers

import (
	"testing"
	"time"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/bench/peers/internal/delay"
	"github.com/stompwire/stompwire/bench/peers/internal/sink"
)

// receiptWindow is how many sends may wait for their receipts.
const receiptWindow = 1000

// confirmed sends bodies and counts the receipts that match them.
type confirmed struct {
	send func(body []byte) error
	// flush is called once, after the last send, and returns the number of sends
	// that were confirmed, each exactly once, when all are.
	flush func() (int64, error)
}

var confirmedSenders = []struct {
	name string
	open func(tb testing.TB, addr string) confirmed
}{
	{"stompwire", stompwireConfirmed(1)},
	{"stompwire-every-100", stompwireConfirmed(100)},
	{"go-stomp", goStompConfirmed},
	{"stompngo", stompngoConfirmed},
	{"raw", rawConfirmed},
}

// BenchmarkSendReceipts measures messages of which each is confirmed by a RECEIPT,
// until the last receipt is there, over one connection with up to 1000 sends on
// their way. NATS has no such thing without storage. stompwire-every-100 has the
// broker's word for 100 messages with each receipt.
func BenchmarkSendReceipts(b *testing.B) {
	for _, impl := range confirmedSenders {
		b.Run("impl="+impl.name, func(b *testing.B) {
			s := openSink(b, sink.Receipts)
			sendConfirmed(b, s, impl.open(b, s.Addr()))
		})
	}
}

// BenchmarkSendReceiptsRTT is BenchmarkSendReceipts over a link with a round trip,
// which is what it measures of go-stomp: its API waits for each receipt before the
// next send, even from several goroutines.
func BenchmarkSendReceiptsRTT(b *testing.B) {
	for _, impl := range confirmedSenders {
		b.Run("rtt=1ms/impl="+impl.name, func(b *testing.B) {
			s := openSink(b, sink.Receipts)
			sendConfirmed(b, s, impl.open(b, behind(b, s.Addr(), time.Millisecond)))
		})
	}
}

// sendConfirmed measures p, which sends to s.
func sendConfirmed(b *testing.B, s *sink.Sink, p confirmed) {
	b.Helper()
	body := []byte(cases.Body(bodySize))
	b.ReportAllocs()
	b.SetBytes(bodySize)
	cpu := cpuTime(b)
	for b.Loop() {
		if err := p.send(body); err != nil {
			b.Fatal(err)
		}
	}
	b.StartTimer() // the end of Loop has stopped it, with receipts on their way
	n, err := p.flush()
	b.StopTimer()
	cpu()
	must(b, err)
	if n != int64(b.N) || s.Count() != int64(b.N) {
		b.Fatalf("%d messages have arrived and %d are confirmed of %d", s.Count(), n, b.N)
	}
}

// behind returns an address behind which addr is, with a round trip in between.
func behind(tb testing.TB, addr string, rtt time.Duration) string {
	tb.Helper()
	p, err := delay.Listen(addr, rtt/2)
	must(tb, err)
	tb.Cleanup(p.Close)
	return p.Addr()
}
