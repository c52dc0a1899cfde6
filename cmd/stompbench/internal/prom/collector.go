package prom

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
)

// Collector holds the metrics of a run so far. Create it with NewCollector. All methods are safe
// for concurrent use.
type Collector struct {
	mu      sync.Mutex // guards what follows
	began   time.Time
	sent    uint64
	confirm uint64
	receive uint64
	backlog uint64
	running bool
	seconds float64
	cpu     float64
	latency [4]*histo.Histogram

	descs struct {
		sent, confirmed, received, backlog, running, elapsed, cpu *prometheus.Desc
		latency                                                   [4]*prometheus.Desc
	}
}

var latencies = [4]struct{ name, help string }{
	{"stompbench_from_due_seconds", "From when a message was due to its arrival."},
	{"stompbench_from_send_seconds", "From when a message was handed to the connection to its arrival."},
	{"stompbench_confirm_seconds", "From when a message was handed to the connection to its receipt."},
	{"stompbench_send_delay_seconds", "How late a message was handed to the connection."},
}

// NewCollector returns an empty collector. Its metrics have the labels.
func NewCollector(labels map[string]string) *Collector {
	c := &Collector{began: time.Now(), running: true}
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, nil, labels)
	}
	d := &c.descs
	d.sent = desc("stompbench_sent_total", "Messages sent.")
	d.confirmed = desc("stompbench_confirmed_total", "Messages confirmed by a receipt.")
	d.received = desc("stompbench_received_total", "Messages received, repeats included.")
	d.backlog = desc("stompbench_backlog", "Messages sent and not yet received.")
	d.running = desc("stompbench_running", "1 until the books are closed, 0 afterwards.")
	d.elapsed = desc("stompbench_elapsed_seconds", "Time since the first message, as of the last second that was added up.")
	d.cpu = desc("stompbench_cpu_seconds_total", "CPU time of this process since the first message, an embedded broker included.")
	for i, l := range latencies {
		d.latency[i] = desc(l.name, l.help)
		c.latency[i] = histo.New()
	}
	return c
}

// Add adds a sample. It keeps no reference to it.
func (c *Collector) Add(s *load.Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent += s.Sent
	c.confirm += s.Confirmed
	c.receive += s.Received
	c.backlog = s.Backlog
	c.seconds = s.Elapsed.Seconds()
	c.cpu += s.CPU.Seconds()
	for i, h := range [4]*histo.Histogram{s.FromDue, s.FromSend, s.Confirm, s.Delay} {
		if h != nil {
			c.latency[i].Merge(h)
		}
	}
}

// Done marks the run as finished: no more samples will be added.
func (c *Collector) Done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = false
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	d := &c.descs
	for _, desc := range append([]*prometheus.Desc{d.sent, d.confirmed, d.received, d.backlog, d.running, d.elapsed, d.cpu}, d.latency[:]...) {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	for _, m := range c.metrics() {
		out <- m
	}
}

func (c *Collector) metrics() []prometheus.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := &c.descs
	running := 0.0
	if c.running {
		running = 1
	}
	out := []prometheus.Metric{
		prometheus.MustNewConstMetric(d.sent, prometheus.CounterValue, float64(c.sent)),
		prometheus.MustNewConstMetric(d.confirmed, prometheus.CounterValue, float64(c.confirm)),
		prometheus.MustNewConstMetric(d.received, prometheus.CounterValue, float64(c.receive)),
		prometheus.MustNewConstMetric(d.backlog, prometheus.GaugeValue, float64(c.backlog)),
		prometheus.MustNewConstMetric(d.running, prometheus.GaugeValue, running),
		prometheus.MustNewConstMetric(d.elapsed, prometheus.GaugeValue, c.seconds),
		prometheus.MustNewConstMetric(d.cpu, prometheus.CounterValue, c.cpu),
	}
	for i, h := range c.latency {
		m, err := newHistogram(d.latency[i], h, c.began)
		if err != nil {
			m = prometheus.NewInvalidMetric(d.latency[i], err)
		}
		out = append(out, m)
	}
	return out
}
