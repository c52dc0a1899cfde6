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
	ln   net.Listener
	http http.Server
	wg   sync.WaitGroup

	awaited atomic.Bool   // AwaitScrape was called
	told    chan struct{} // has an element once a scrape that began after that call was answered
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
func Serve(address string, c *Collector) (*Server, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(c); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", Listen(address))
	if err != nil {
		return nil, err
	}
	s := &Server{ln: ln, told: make(chan struct{}, 1)}
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
	mux := http.NewServeMux()
	mux.Handle("/metrics", s.watched(metrics))
	s.http = http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, WriteTimeout: 2 * headerTimeout}
	s.wg.Go(func() { _ = s.http.Serve(ln) }) // returns when it is closed
	return s, nil
}

// URL returns where to scrape.
func (s *Server) URL() string { return "http://" + s.ln.Addr().String() + "/metrics" }

// watched wraps h and detects the scrape that AwaitScrape waits for.
func (s *Server) watched(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last := s.awaited.Load() // read before h gathers the figures: a scrape in progress may have older ones
		h.ServeHTTP(w, r)
		if last {
			select {
			case s.told <- struct{}{}:
			default:
			}
		}
	})
}

// AwaitScrape waits for a scrape that begins after now, so that the last figures
// are not lost. It returns ctx.Err() if none came.
func (s *Server) AwaitScrape(ctx context.Context) error {
	s.awaited.Store(true)
	select {
	case <-s.told:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
