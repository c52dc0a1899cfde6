// Package prom exports a running run to Prometheus: counters, and latencies as native histograms,
// with classic buckets for scrapers of the text format. Once a second it adds the sample of the live
// display to histograms of its own, which a scrape reads.
//
// Imports: client_golang, for the registry, the exposition formats and their negotiation, and
// client_model, its form of a metric; and the histo, load and metric packages of stompbench.
package prom

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Server answers scrapes at /metrics with the figures of a run so far: the metrics that the series
// has, the latencies, and how far it is. Create it with Serve. All methods are safe for concurrent use.
type Server struct {
	began time.Time
	ln    net.Listener
	http  http.Server
	wg    sync.WaitGroup

	mu        sync.Mutex // guards what follows
	values    metric.Values
	latencies load.Latencies
	elapsed   time.Duration
	done      bool

	answered atomic.Pointer[context.CancelFunc] // ends AwaitScrape
}

// Listen returns the address to listen on for text: an address without a host, such as :9400, is
// loopback and not the whole network.
func Listen(text string) string {
	if !strings.Contains(text, ":") {
		text = ":" + text
	}
	if strings.HasPrefix(text, ":") {
		return "127.0.0.1" + text
	}
	return text
}

// headerTimeout is how long a scraper may take to send its request header.
const headerTimeout = 5 * time.Second

// Serve starts a server at the address.
func Serve(address string) (*Server, error) {
	s := &Server{began: time.Now(), latencies: load.Latencies{}}
	for _, l := range metric.Latencies() {
		s.latencies[l] = histo.New()
	}
	registry := prometheus.NewRegistry()
	err := registry.Register(s)
	if err == nil {
		s.ln, err = net.Listen("tcp", Listen(address))
	}
	if err != nil {
		return nil, err
	}
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
	mux := http.NewServeMux()
	mux.Handle("/metrics", s.watched(metrics))
	s.http = http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, WriteTimeout: 2 * headerTimeout}
	s.wg.Go(func() { _ = s.http.Serve(s.ln) }) // returns when it is closed
	return s, nil
}

// URL returns where to scrape.
func (s *Server) URL() string { return "http://" + s.ln.Addr().String() + "/metrics" }

// Add adds a sample. It keeps no reference to it.
func (s *Server) Add(sample *load.Sample) {
	values := sample.Values()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values.Add(&values)
	s.values.Set(metric.Backlog, values.Value(metric.Backlog))
	s.elapsed = sample.Elapsed
	for l, h := range sample.Latencies {
		if h != nil {
			s.latencies[l].Merge(h)
		}
	}
}

// Done marks the run as finished: no more samples will be added.
func (s *Server) Done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
}

// Describe implements prometheus.Collector.
func (s *Server) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(s, out) }

// Collect implements prometheus.Collector.
func (s *Server) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	figure := func(name, help string, kind prometheus.ValueType, x float64) {
		out <- prometheus.MustNewConstMetric(desc(name, help), kind, x)
	}
	running := 1.0
	if s.done {
		running = 0
	}
	figure("running", "1 until the books are closed, 0 afterwards", prometheus.GaugeValue, running)
	figure("elapsed_seconds", "time since the first message, as of the last second that was added up", prometheus.GaugeValue, s.elapsed.Seconds())
	for _, d := range metric.EachSecond() {
		name, kind := d.Name, prometheus.GaugeValue
		if d.Unit == metric.InSeconds {
			name = strings.TrimSuffix(name, "_s") + "_seconds"
		}
		if d.Kind == metric.Counter {
			name, kind = name+"_total", prometheus.CounterValue
		}
		figure(name, d.EachSecond, kind, s.values.Value(d.ID))
	}
	for l, h := range s.latencies {
		desc := desc(string(l)+"_seconds", l.Help())
		m, err := newHistogram(desc, h, s.began)
		if err != nil {
			m = prometheus.NewInvalidMetric(desc, err)
		}
		out <- m
	}
}

func desc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("stompbench_"+name, strings.ToUpper(help[:1])+help[1:]+".", nil, nil)
}

// watched wraps h and detects the scrape that AwaitScrape waits for.
func (s *Server) watched(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answered := s.answered.Load() // read before h gathers the figures: a scrape in progress may have older ones
		h.ServeHTTP(w, r)
		if answered != nil {
			(*answered)()
		}
	})
}

// AwaitScrape waits for a scrape that begins after now, so that the last figures
// are not lost. It returns ctx.Err() if none came.
func (s *Server) AwaitScrape(ctx context.Context) error {
	scrape, answered := context.WithCancel(ctx)
	defer answered()
	s.answered.Store(&answered)
	<-scrape.Done()
	return ctx.Err()
}

// Close stops the server after the answers in progress.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), headerTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.wg.Wait()
	return err
}
