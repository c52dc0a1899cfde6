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
		text := "# HELP stompwire_up 1 while the connection has not ended.\n# TYPE stompwire_up gauge\nstompwire_up{connection=\"c\"} " + want + "\n"
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
