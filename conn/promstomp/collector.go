package promstomp

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
)

// Source has counters. A *conn.Conn is one, and so is whatever adds up several.
type Source interface {
	Stats() link.Stats
}

var _ Source = (*conn.Conn)(nil)

// Collector is a prometheus.Collector for any number of sources. Safe for concurrent
// use.
type Collector struct {
	mu      sync.Mutex
	sources map[string]Source
}

var _ prometheus.Collector = (*Collector)(nil)

// NewCollector returns a collector that has no sources yet.
func NewCollector() *Collector { return &Collector{sources: make(map[string]Source)} }

// Add shows s under the label connection="name". Choose names that do not grow in
// number, such as what the connection is for. A source of the same name is replaced:
// after a reconnect the counters begin anew, which Prometheus allows for.
func (c *Collector) Add(name string, s Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources[name] = s
}

// Remove forgets the source of that name.
func (c *Collector) Remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sources, name)
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("stompwire_"+name, help, append([]string{"connection"}, labels...), nil)
}

var (
	up     = desc("up", "1 while the connection has not ended.")
	octets = desc("bytes_total", "Bytes that have passed.", "direction")
	frames = desc("frames_total", "Frames that have come, and batches of frames that were handed to the outbox.", "direction")
	beats  = desc("heartbeats_total", "Heart-beats that have passed.", "direction")
	writes = desc("writes_total", "System calls that the frames went out with.")
	queued = desc("outbox_bytes", "Bytes that wait to be written.")
)

// Describe sends all descriptions.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, octets, frames, beats, writes, queued} {
		ch <- d
	}
}

// Collect reads every source.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, source := range c.sources {
		s := source.Stats()
		count := func(d *prometheus.Desc, n uint64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), append([]string{name}, labels...)...)
		}
		count(octets, s.BytesIn, "in")
		count(octets, s.BytesOut, "out")
		count(frames, s.FramesIn, "in")
		count(frames, s.FramesOut, "out")
		count(beats, s.BeatsIn, "in")
		count(beats, s.BeatsOut, "out")
		count(writes, s.Writes)
		ch <- prometheus.MustNewConstMetric(queued, prometheus.GaugeValue, float64(s.Queued), name)
		if value, known := alive(source); known {
			ch <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, value, name)
		}
	}
}

// alive asks a source that has an Err, as connections do.
func alive(s Source) (value float64, known bool) {
	ender, ok := s.(interface{ Err() error })
	switch {
	case !ok:
		return 0, false
	case ender.Err() != nil:
		return 0, true
	}
	return 1, true
}
