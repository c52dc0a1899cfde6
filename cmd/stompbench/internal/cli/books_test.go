package cli_test

import (
	"sync"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// faulty starts a broker that treats the nth SEND to a destination as decide says.
func faulty(t *testing.T, decide func(destination string, n int) broker.Fault) *broker.Broker {
	t.Helper()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	var mu sync.Mutex
	count := map[string]int{}
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command != frame.CmdSend {
			return broker.Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		to := string(f.Header.Get(frame.HeaderDestination))
		count[to]++
		return decide(to, count[to])
	})
	return b
}

// The books are right for each of many destinations: what is lost of one is not
// made up for by what comes twice of another.
func TestBooksOfManyDestinations(t *testing.T) {
	t.Parallel()
	for args, copies := range map[string]uint64{
		"-x 6 -y 3 -t /queue/a%d":                1,
		"-x 3 -y 1 -t /queue/a%d -s 10":          1, // stamps in headers
		"-x 1 -y 5 -t /queue/a%d --ack client":   1,
		"-x 3 -y 6 -t /topic/a%d":                2, // two subscribers each
		"-x 3 -y 6 -t /topic/a%d --stamp header": 2,
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			b := faulty(t, func(to string, n int) broker.Fault {
				switch {
				case to[len(to)-1] == '2' && n%20 == 0:
					return broker.Drop // neither delivered nor confirmed
				case to[len(to)-1] == '3' && n%50 == 0:
					return broker.Duplicate
				}
				return broker.Fault{}
			})
			r := runJSON(t, cli.ExitIntegrity, "-C 600 --destinations 3 --drain-timeout 4s "+args+" -u "+b.URI())
			got := r.Totals
			if got.Sent != 600 || got.Confirmed != 590 || got.Lost != 10*copies || got.Duplicated != 4*copies || got.Received != 590*copies {
				t.Errorf("%+v", got)
			}
		})
	}
}

// With a receipt for every 10th message, the broker has vouched for those only.
func TestBooksOfSparseReceipts(t *testing.T) {
	t.Parallel()
	b := faulty(t, func(_ string, n int) broker.Fault {
		if n == 15 || n == 20 {
			return broker.Drop
		}
		return broker.Fault{}
	})
	r := runJSON(t, cli.ExitIntegrity, "-C 200 --receipt-every 10 --drain-timeout 4s -u "+b.URI())
	if got := r.Totals; got.Sent != 200 || got.Confirmed != 19 || got.Lost != 2 || got.Received != 198 {
		t.Errorf("%+v", got)
	}
}
