package promstomp

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stompwire/stompwire/conn"
)

// Source has counters: a *conn.Client.
type Source interface {
	Stats() conn.Stats
	Connected() bool
}

// ProducerSource counts outcomes: a *conn.Producer.
type ProducerSource interface {
	Stats() conn.ProducerStats
}

// ConsumerSource counts what it drops: a *conn.Subscription.
type ConsumerSource interface {
	Dropped() uint64
}

var (
	_ Source         = (*conn.Client)(nil)
	_ ProducerSource = (*conn.Producer)(nil)
	_ ConsumerSource = (*conn.Subscription)(nil)
)

// Collector is a prometheus.Collector for any number of sources. Safe for concurrent
// use.
type Collector struct {
	mu        sync.Mutex
	clients   map[string]Source
	producers map[string]ProducerSource
	consumers map[string]ConsumerSource
}

var _ prometheus.Collector = (*Collector)(nil)

// NewCollector returns a collector that has no sources yet.
func NewCollector() *Collector {
	return &Collector{
		clients:   make(map[string]Source),
		producers: make(map[string]ProducerSource),
		consumers: make(map[string]ConsumerSource),
	}
}

// Add exports s with the label client="name". Choose names from a fixed set, such as the purpose of
// the client. A source of the same name is replaced; its counters may start at 0 again, which
// Prometheus handles.
func (c *Collector) Add(name string, s Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients[name] = s
}

// AddProducer exports p with the label producer="name". The rules of Add apply.
func (c *Collector) AddProducer(name string, p ProducerSource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.producers[name] = p
}

// AddConsumer exports co with the label consumer="name". The rules of Add apply.
func (c *Collector) AddConsumer(name string, co ConsumerSource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.consumers[name] = co
}

// Remove removes all sources with that name.
func (c *Collector) Remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.clients, name)
	delete(c.producers, name)
	delete(c.consumers, name)
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("stompwire_"+name, help, append([]string{"client"}, labels...), nil)
}

var (
	up     = desc("up", "1 while all connections that the client needs are there.")
	octets = desc("bytes_total", "Bytes that have passed.", "direction")
	frames = desc("frames_total", "Frames that have come in, and batches of frames that were handed to the outbox.", "direction")
	beats  = desc("heartbeats_total", "Heart-beats that have passed.", "direction")
	writes = desc("writes_total", "System calls that wrote frames.")
	queued = desc("outbox_bytes", "Bytes that wait to be written.")

	unsolicited = desc("unsolicited_messages_total", "Messages that belonged to no subscription.")
	skipped     = desc("skipped_messages_total", "Messages that were above our limits.")

	outcomes = prometheus.NewDesc("stompwire_producer_outcomes_total", "Sends by their outcome.", []string{"producer", "outcome"}, nil)
	pending  = prometheus.NewDesc("stompwire_producer_pending", "Sends without an outcome.", []string{"producer"}, nil)
	dropped  = prometheus.NewDesc("stompwire_consumer_dropped_total", "Messages that were dropped because the queue was full.", []string{"consumer"}, nil)
)

// Describe sends all descriptions.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, octets, frames, beats, writes, queued, unsolicited, skipped, outcomes, pending, dropped} {
		ch <- d
	}
}

// Collect reads every source.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, source := range c.clients {
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
		count(unsolicited, s.Unsolicited)
		count(skipped, s.Skipped)
		ch <- prometheus.MustNewConstMetric(queued, prometheus.GaugeValue, float64(s.Queued), name)
		ch <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, truth(source.Connected()), name)
	}
	for name, producer := range c.producers {
		s := producer.Stats()
		for outcome, n := range map[conn.OutcomeStatus]uint64{
			conn.Confirmed: s.Confirmed, conn.Rejected: s.Rejected, conn.Unknown: s.Unknown, conn.NotSent: s.NotSent,
		} {
			ch <- prometheus.MustNewConstMetric(outcomes, prometheus.CounterValue, float64(n), name, outcome.String())
		}
		ch <- prometheus.MustNewConstMetric(pending, prometheus.GaugeValue, float64(s.Pending), name)
	}
	for name, consumer := range c.consumers {
		ch <- prometheus.MustNewConstMetric(dropped, prometheus.CounterValue, float64(consumer.Dropped()), name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
