package promstomp_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/promstomp"
	"github.com/stompwire/stompwire/engine/link"
)

// fixed is a source whose counters do not change.
type fixed struct{ stats conn.Stats }

func (f fixed) Stats() conn.Stats { return f.stats }
func (fixed) Connected() bool     { return true }

func TestCollector(t *testing.T) {
	metrics := promstomp.NewCollector()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics)
	metrics.Add("gone", fixed{})
	metrics.Add("orders", fixed{})
	metrics.Add("orders", fixed{conn.Stats{
		Stats:       link.Stats{BytesIn: 1, BytesOut: 2, FramesIn: 3, FramesOut: 4, BeatsIn: 5, BeatsOut: 6, Writes: 7, Queued: 8},
		Unsolicited: 9, Skipped: 10,
	}})
	metrics.Remove("gone")
	const want = `
# HELP stompwire_bytes_total Bytes that have passed.
# TYPE stompwire_bytes_total counter
stompwire_bytes_total{client="orders",direction="in"} 1
stompwire_bytes_total{client="orders",direction="out"} 2
# HELP stompwire_frames_total Frames that have come in, and batches of frames that were handed to the outbox.
# TYPE stompwire_frames_total counter
stompwire_frames_total{client="orders",direction="in"} 3
stompwire_frames_total{client="orders",direction="out"} 4
# HELP stompwire_heartbeats_total Heart-beats that have passed.
# TYPE stompwire_heartbeats_total counter
stompwire_heartbeats_total{client="orders",direction="in"} 5
stompwire_heartbeats_total{client="orders",direction="out"} 6
# HELP stompwire_outbox_bytes Bytes that wait to be written.
# TYPE stompwire_outbox_bytes gauge
stompwire_outbox_bytes{client="orders"} 8
# HELP stompwire_skipped_messages_total Messages that were above our limits.
# TYPE stompwire_skipped_messages_total counter
stompwire_skipped_messages_total{client="orders"} 10
# HELP stompwire_unsolicited_messages_total Messages that belonged to no subscription.
# TYPE stompwire_unsolicited_messages_total counter
stompwire_unsolicited_messages_total{client="orders"} 9
# HELP stompwire_up 1 while all connections that the client needs are there.
# TYPE stompwire_up gauge
stompwire_up{client="orders"} 1
# HELP stompwire_writes_total System calls that wrote frames.
# TYPE stompwire_writes_total counter
stompwire_writes_total{client="orders"} 7
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func ExampleCollector() {
	b, err := broker.Start(broker.Config{}) // or any broker that you have
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	metrics := promstomp.NewCollector()
	registry := prometheus.NewRegistry() // or prometheus.MustRegister
	registry.MustRegister(metrics)

	c, err := conn.Dial(context.Background(), b.URI(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	metrics.Add("orders", c)

	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/orders"})
	if err != nil {
		log.Fatal(err)
	}
	metrics.AddProducer("orders", p)
	for range 3 {
		if _, err := p.Send(context.Background(), []byte("two teas")); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.Flush(context.Background()); err != nil {
		log.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "stompwire_producer_outcomes_total" {
			for _, m := range family.GetMetric() {
				fmt.Println(m.GetLabel()[0].GetValue(), m.GetCounter().GetValue())
			}
		}
	}
	// Output:
	// confirmed 3
	// not sent 0
	// rejected 0
	// unknown 0
}

type outcomes conn.ProducerStats

func (o outcomes) Stats() conn.ProducerStats { return conn.ProducerStats(o) }

type drops uint64

func (d drops) Dropped() uint64 { return uint64(d) }

func TestCollectorOfProducersAndConsumers(t *testing.T) {
	metrics := promstomp.NewCollector()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics)
	metrics.AddProducer("gone", outcomes{})
	metrics.Remove("gone")
	metrics.AddProducer("orders", outcomes{Confirmed: 1, Rejected: 2, Unknown: 3, NotSent: 6, Pending: 4})
	metrics.AddConsumer("bills", drops(5))
	const want = `
# HELP stompwire_consumer_dropped_total Messages that were dropped because the queue was full.
# TYPE stompwire_consumer_dropped_total counter
stompwire_consumer_dropped_total{consumer="bills"} 5
# HELP stompwire_producer_outcomes_total Sends by their outcome.
# TYPE stompwire_producer_outcomes_total counter
stompwire_producer_outcomes_total{outcome="confirmed",producer="orders"} 1
stompwire_producer_outcomes_total{outcome="not sent",producer="orders"} 6
stompwire_producer_outcomes_total{outcome="rejected",producer="orders"} 2
stompwire_producer_outcomes_total{outcome="unknown",producer="orders"} 3
# HELP stompwire_producer_pending Sends without an outcome.
# TYPE stompwire_producer_pending gauge
stompwire_producer_pending{producer="orders"} 4
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// A client is up while all its connections are there.
func TestCollectorOfClient(t *testing.T) {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, err := conn.New(b.URI(), nil)
	if err != nil {
		t.Fatal(err)
	}
	metrics := promstomp.NewCollector()
	metrics.Add("c", c)
	expect := func(value string) {
		t.Helper()
		text := "# HELP stompwire_up 1 while all connections that the client needs are there.\n# TYPE stompwire_up gauge\nstompwire_up{client=\"c\"} " + value + "\n"
		if err := testutil.CollectAndCompare(metrics, strings.NewReader(text), "stompwire_up"); err != nil {
			t.Error(err)
		}
	}
	expect("0")
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("1")
	if n := testutil.CollectAndCount(metrics, "stompwire_bytes_total"); n != 2 {
		t.Errorf("%d series of bytes", n)
	}
	_ = c.Close()
	<-c.Done()
	expect("0")
}
