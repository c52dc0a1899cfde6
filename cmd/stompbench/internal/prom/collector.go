package prom

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Collector holds the metrics of a run so far: those of the registry that the series has, its
// latencies, and how far it is. Create it with NewCollector. All methods are safe for concurrent use.
type Collector struct {
	began            time.Time
	running, elapsed *prometheus.Desc
	metrics          map[metric.ID]*prometheus.Desc
	latencies        map[metric.Latency]*prometheus.Desc

	mu      sync.Mutex // guards what follows
	values  metric.Values
	done    bool
	seconds float64
	latency map[metric.Latency]*histo.Histogram
}

// NewCollector returns an empty collector. Its metrics have the labels.
func NewCollector(labels map[string]string) *Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("stompbench_"+name, strings.ToUpper(help[:1])+help[1:]+".", nil, labels)
	}
	c := &Collector{
		began:     time.Now(),
		running:   desc("running", "1 until the books are closed, 0 afterwards"),
		elapsed:   desc("elapsed_seconds", "time since the first message, as of the last second that was added up"),
		metrics:   map[metric.ID]*prometheus.Desc{},
		latencies: map[metric.Latency]*prometheus.Desc{},
		latency:   map[metric.Latency]*histo.Histogram{},
	}
	for _, d := range metric.EachSecond() {
		name := d.Name
		if d.Unit == metric.InSeconds {
			name = strings.TrimSuffix(name, "_s") + "_seconds"
		}
		if d.Kind == metric.Counter {
			name += "_total"
		}
		c.metrics[d.ID] = desc(name, d.EachSecond)
	}
	for _, l := range metric.Latencies() {
		c.latencies[l], c.latency[l] = desc(string(l)+"_seconds", l.Help()), histo.New()
	}
	return c
}

// Add adds a sample. It keeps no reference to it.
func (c *Collector) Add(s *load.Sample) {
	values := s.Values()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values.Add(&values)
	c.values.Set(metric.Backlog, values.Value(metric.Backlog))
	c.seconds = s.Elapsed.Seconds()
	for l, h := range s.Latencies {
		if h != nil {
			c.latency[l].Merge(h)
		}
	}
}

// Done marks the run as finished: no more samples will be added.
func (c *Collector) Done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	running := 1.0
	if c.done {
		running = 0
	}
	out <- prometheus.MustNewConstMetric(c.running, prometheus.GaugeValue, running)
	out <- prometheus.MustNewConstMetric(c.elapsed, prometheus.GaugeValue, c.seconds)
	for id, desc := range c.metrics {
		kind := prometheus.GaugeValue
		if metric.Of(id).Kind == metric.Counter {
			kind = prometheus.CounterValue
		}
		out <- prometheus.MustNewConstMetric(desc, kind, c.values.Value(id))
	}
	for l, desc := range c.latencies {
		m, err := newHistogram(desc, c.latency[l], c.began)
		if err != nil {
			m = prometheus.NewInvalidMetric(desc, err)
		}
		out <- m
	}
}
