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
)

// Server answers scrapes at /metrics. Create it with Serve.
type Server struct {
	ln      net.Listener
	http    http.Server
	wg      sync.WaitGroup
	scrapes atomic.Uint64
}

// Listen returns the address that text stands for: what names no host, such as
// :9400, is this machine alone and not the whole network.
func Listen(text string) string {
	if !strings.Contains(text, ":") {
		text = ":" + text
	}
	if strings.HasPrefix(text, ":") {
		return "127.0.0.1" + text
	}
	return text
}

// headerTimeout is how long a scraper may take to say what it wants.
const headerTimeout = 5 * time.Second

// Serve starts to answer at the address.
func Serve(address string, c *Collector) (*Server, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(c); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", Listen(address))
	if err != nil {
		return nil, err
	}
	s := &Server{ln: ln}
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) {
		metrics.ServeHTTP(w, r)
		s.scrapes.Add(1)
	})
	s.http = http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, WriteTimeout: 2 * headerTimeout}
	s.wg.Go(func() { _ = s.http.Serve(ln) }) // returns when it is closed
	return s, nil
}

// URL returns where to scrape.
func (s *Server) URL() string { return "http://" + s.ln.Addr().String() + "/metrics" }

// AwaitScrape waits for a scrape that begins after now, so that the last figures
// are not lost.
func (s *Server) AwaitScrape(ctx context.Context) error {
	before := s.scrapes.Load()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for s.scrapes.Load() == before {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Close stops to answer, and lets who is being answered have the rest.
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
