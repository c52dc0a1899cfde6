package peers

import (
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
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
	{"stompwire", stompwireConfirmed},
	{"go-stomp", goStompConfirmed},
	{"stompngo", stompngoConfirmed},
	{"raw", rawConfirmed},
}

// BenchmarkSendReceipts measures messages of which each is confirmed by a RECEIPT,
// until the last receipt is there, over one connection with up to 1000 sends on
// their way. go-stomp's API waits for each receipt before the next send, even from
// several goroutines. NATS has no such thing without storage.
func BenchmarkSendReceipts(b *testing.B) {
	for _, impl := range confirmedSenders {
		b.Run("impl="+impl.name, func(b *testing.B) {
			s := openSink(b, sink.Receipts)
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
			b.StartTimer() // the end of Loop has stopped it, with receipts on their way
			n, err := p.flush()
			b.StopTimer()
			cpu()
			must(b, err)
			if n != int64(b.N) || s.Count() != int64(b.N) {
				b.Fatalf("%d messages have arrived and %d are confirmed of %d", s.Count(), n, b.N)
			}
		})
	}
}
