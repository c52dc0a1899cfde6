package promstomp_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/promstomp"
	"github.com/stompwire/stompwire/engine/link"
)

// fixed is a source that stands still.
type fixed link.Stats

func (f fixed) Stats() link.Stats { return link.Stats(f) }

func TestCollector(t *testing.T) {
	metrics := promstomp.NewCollector()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics)
	metrics.Add("gone", fixed{})
	metrics.Add("orders", fixed{})
	metrics.Add("orders", fixed{
		BytesIn: 1, BytesOut: 2, FramesIn: 3, FramesOut: 4, BeatsIn: 5, BeatsOut: 6, Writes: 7, Queued: 8,
	})
	metrics.Remove("gone")
	const want = `
# HELP stompwire_bytes_total Bytes that have passed.
# TYPE stompwire_bytes_total counter
stompwire_bytes_total{connection="orders",direction="in"} 1
stompwire_bytes_total{connection="orders",direction="out"} 2
# HELP stompwire_frames_total Frames that have come, and batches of frames that were handed to the outbox.
# TYPE stompwire_frames_total counter
stompwire_frames_total{connection="orders",direction="in"} 3
stompwire_frames_total{connection="orders",direction="out"} 4
# HELP stompwire_heartbeats_total Heart-beats that have passed.
# TYPE stompwire_heartbeats_total counter
stompwire_heartbeats_total{connection="orders",direction="in"} 5
stompwire_heartbeats_total{connection="orders",direction="out"} 6
# HELP stompwire_outbox_bytes Bytes that wait to be written.
# TYPE stompwire_outbox_bytes gauge
stompwire_outbox_bytes{connection="orders"} 8
# HELP stompwire_writes_total System calls that the frames went out with.
# TYPE stompwire_writes_total counter
stompwire_writes_total{connection="orders"} 7
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// connect returns a session with nobody in particular.
func connect(t testing.TB) *conn.Conn {
	t.Helper()
	client, broker := net.Pipe()
	t.Cleanup(func() { _ = broker.Close() })
	go func() {
		_, _ = broker.Read(make([]byte, 1024))
		_, _ = io.WriteString(broker, "CONNECTED\nversion:1.2\n\n\x00")
		_, _ = io.Copy(io.Discard, broker)
	}()
	c, err := conn.Open(context.Background(), client, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCollectorOfConn(t *testing.T) {
	c, metrics := connect(t), promstomp.NewCollector()
	metrics.Add("c", c)
	for _, want := range []string{"1", "0"} {
		text := "# HELP stompwire_up 1 while there is a connection, or all of a client's.\n# TYPE stompwire_up gauge\nstompwire_up{connection=\"c\"} " + want + "\n"
		if err := testutil.CollectAndCompare(metrics, strings.NewReader(text), "stompwire_up"); err != nil {
			t.Error(err)
		}
		if n := testutil.CollectAndCount(metrics, "stompwire_bytes_total"); n != 2 {
			t.Errorf("%d series of bytes", n)
		}
		_ = c.Close()
		<-c.Done()
	}
}

func ExampleCollector() {
	metrics := promstomp.NewCollector()
	prometheus.MustRegister(metrics)

	c, err := conn.Dial(context.Background(), "127.0.0.1:61613", nil)
	if err != nil {
		return
	}
	defer c.Close()
	metrics.Add("orders", c)
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
	metrics.AddProducer("orders", outcomes{Sent: 10, Confirmed: 1, Rejected: 2, Unknown: 3, Pending: 4})
	metrics.AddConsumer("bills", drops(5))
	const want = `
# HELP stompwire_consumer_dropped_total Messages that were dropped because the queue was full.
# TYPE stompwire_consumer_dropped_total counter
stompwire_consumer_dropped_total{consumer="bills"} 5
# HELP stompwire_producer_outcomes_total Sends by what became of them.
# TYPE stompwire_producer_outcomes_total counter
stompwire_producer_outcomes_total{outcome="confirmed",producer="orders"} 1
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

// A client is up while all its connections are.
func TestCollectorOfClient(t *testing.T) {
	cl, err := conn.NewClient(conn.ClientConfig{Dial: func(context.Context, *conn.Config) (*conn.Conn, error) {
		return connect(t), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	metrics := promstomp.NewCollector()
	metrics.Add("c", cl)
	expect := func(value string) {
		t.Helper()
		text := "# HELP stompwire_up 1 while there is a connection, or all of a client's.\n# TYPE stompwire_up gauge\nstompwire_up{connection=\"c\"} " + value + "\n"
		if err := testutil.CollectAndCompare(metrics, strings.NewReader(text), "stompwire_up"); err != nil {
			t.Error(err)
		}
	}
	expect("0")
	if err := cl.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("1")
	_ = cl.Close()
	<-cl.Done()
	expect("0")
}
