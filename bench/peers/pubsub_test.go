package peers

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

// inFlight is how many messages may be published and not yet received, in all rows.
const inFlight = 1024

// bus is a broker with clients. Everything that it opens ends with the test.
type bus interface {
	// publisher connects and returns what publishes to a destination. The body is
	// the broker's until its message has arrived.
	publisher(tb testing.TB, destination string) func(body []byte) error
	// subscribe connects and has handle called for each message of a destination,
	// one at a time; with ack, it is then acknowledged, in mode client. It returns
	// when no message can be missed any more.
	subscribe(tb testing.TB, destination string, ack bool, handle func(body []byte))
	// topic and queue return destinations.
	topic() string
	queue(i int) string
}

type busImpl struct {
	name string
	open func(tb testing.TB) bus
	can  []string
}

var buses = []busImpl{
	{"stompwire", stompwireBus, []string{"fan-out", "queues", "ack"}},
	{"go-stomp", goStompBus, []string{"fan-out", "queues"}},
	{"nats", natsBus, []string{"fan-out", "queues"}},
	{"raw", rawBus, nil},
}

// BenchmarkPubSub measures messages from one publisher through a broker to one
// subscriber of a topic, each on its own connection over loopback: an op is a
// message received. raw is a relay that does not look at the bytes.
func BenchmarkPubSub(b *testing.B) {
	for _, impl := range buses {
		b.Run("impl="+impl.name, func(b *testing.B) { fanOut(b, impl.open(b), 1) })
	}
}

// BenchmarkFanOut is PubSub with several subscribers: an op is a message that all
// have received.
func BenchmarkFanOut(b *testing.B) {
	for _, impl := range buses {
		if slices.Contains(impl.can, "fan-out") {
			b.Run("subscribers=8/impl="+impl.name, func(b *testing.B) { fanOut(b, impl.open(b), 8) })
		}
	}
}

func fanOut(b *testing.B, bus bus, subscribers int) {
	w := flow.NewWindow(inFlight * int64(subscribers))
	var all []*receiver
	for range subscribers {
		r := &receiver{gate: w.Gate}
		all = append(all, r)
		bus.subscribe(b, bus.topic(), false, r.handle)
	}
	s := &stamper{publish: bus.publisher(b, bus.topic()), w: w, copies: int64(subscribers)}
	b.ReportAllocs()
	b.SetBytes(bodySize)
	cpu := cpuTime(b)
	for b.Loop() {
		if err := s.send(); err != nil {
			b.Fatal(err)
		}
	}
	b.StartTimer() // the end of Loop has stopped it, with messages on their way
	err := w.Drain()
	b.StopTimer()
	cpu()
	must(b, err)
	for _, r := range all {
		must(b, r.check(int64(b.N)))
	}
}

// BenchmarkQueues measures four publishers, each with a queue of its own that one
// subscriber empties, all at the same time. An op is a message received.
func BenchmarkQueues(b *testing.B) {
	for _, impl := range buses {
		if slices.Contains(impl.can, "queues") {
			b.Run("pairs=4/impl="+impl.name, func(b *testing.B) { queues(b, impl.open(b), 4) })
		}
	}
}

// queues does not use Loop, which counts for one goroutine only.
func queues(b *testing.B, bus bus, pairs int) {
	all := make([]*receiver, pairs)
	senders := make([]*stamper, pairs)
	for i := range pairs {
		w := flow.NewWindow(inFlight)
		all[i] = &receiver{gate: w.Gate}
		bus.subscribe(b, bus.queue(i), false, all[i].handle)
		senders[i] = &stamper{publish: bus.publisher(b, bus.queue(i)), w: w, copies: 1}
	}
	each := (b.N + pairs - 1) / pairs
	errs := make([]error, pairs)
	b.ReportAllocs()
	b.SetBytes(bodySize)
	cpu := cpuTime(b)
	b.ResetTimer()
	var wg sync.WaitGroup
	for i, s := range senders {
		wg.Go(func() {
			for n := 0; n < each && errs[i] == nil; n++ {
				errs[i] = s.send()
			}
			if errs[i] == nil {
				errs[i] = s.w.Drain()
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	cpu()
	for i, r := range all {
		must(b, errs[i])
		must(b, r.check(int64(each)))
	}
}

// BenchmarkAcks measures one publisher and one subscriber of a queue in mode client,
// which acknowledges each message. NATS acknowledges only what it stores, and the
// server of go-stomp does not survive it.
func BenchmarkAcks(b *testing.B) {
	for _, impl := range buses {
		if slices.Contains(impl.can, "ack") {
			b.Run("ack=client/impl="+impl.name, func(b *testing.B) { acks(b, impl.open(b)) })
		}
	}
}

func acks(b *testing.B, bus bus) {
	w := flow.NewWindow(inFlight)
	r := &receiver{gate: w.Gate}
	bus.subscribe(b, bus.queue(0), true, r.handle)
	s := &stamper{publish: bus.publisher(b, bus.queue(0)), w: w, copies: 1}
	b.ReportAllocs()
	b.SetBytes(bodySize)
	cpu := cpuTime(b)
	for b.Loop() {
		if err := s.send(); err != nil {
			b.Fatal(err)
		}
	}
	b.StartTimer()
	err := w.Drain()
	b.StopTimer()
	cpu()
	must(b, err)
	must(b, r.check(int64(b.N)))
}

// TestBuses sends a few messages each way, so that go test alone finds what is
// broken.
func TestBuses(t *testing.T) {
	const messages = 3000
	for _, impl := range buses {
		for _, what := range append([]string{"pubsub"}, impl.can...) {
			t.Run("what="+what+"/impl="+impl.name, func(t *testing.T) {
				bus := impl.open(t)
				subscribers, destination := 1, bus.topic()
				switch what {
				case "fan-out":
					subscribers = 3
				case "queues", "ack":
					destination = bus.queue(1)
				}
				w := flow.NewWindow(inFlight)
				var all []*receiver
				for range subscribers {
					r := &receiver{gate: w.Gate}
					all = append(all, r)
					bus.subscribe(t, destination, what == "ack", r.handle)
				}
				s := &stamper{publish: bus.publisher(t, destination), w: w, copies: int64(subscribers)}
				for range messages {
					must(t, s.send())
				}
				must(t, w.Drain())
				for _, r := range all {
					must(t, r.check(messages))
				}
			})
		}
	}
}

// unexpected says what a subscriber received out of turn.
type unexpected struct {
	after int64
	seq   uint64
	size  int
}

func (u *unexpected) Error() string {
	return fmt.Sprintf("after %d messages: message %d with %d bytes, or with other bytes", u.after, u.seq, u.size)
}
