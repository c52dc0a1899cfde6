package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/prom"
)

// export serves metrics of a run to Prometheus, if it was asked to.
type export struct {
	address string // "" for no export
	wait    time.Duration

	collector *prom.Collector
	server    *prom.Server
}

func (e *export) addFlags(f *flags) {
	f.add("prometheus", "", "ADDR", "", "answer scrapes there, such as :9400; without a host, to this machine only", parsed(&e.address, asIs))
	f.add("prometheus-wait", "", "TIME", "", "at the end, wait so long for a last scrape", parsed(&e.wait, parseDuration))
}

// start starts the server.
func (e *export) start(progress io.Writer) error {
	switch {
	case e.address == "" && e.wait != 0:
		return usage("--prometheus-wait waits for scrapes, which need --prometheus: add it")
	case e.wait < 0:
		return usage("--prometheus-wait is %v: it cannot be negative", e.wait)
	case e.address == "":
		return nil
	}
	e.collector = prom.NewCollector(nil)
	server, err := prom.Serve(e.address, e.collector)
	if err != nil {
		return fmt.Errorf("cannot answer scrapes at %s: %w: choose another --prometheus", prom.Listen(e.address), err)
	}
	e.server = server
	fmt.Fprintf(progress, "  prometheus  %s\n", server.URL())
	return nil
}

// sample adds a sample and passes it on.
func (e *export) sample(next func(*load.Sample)) func(*load.Sample) {
	if e.collector == nil {
		return next
	}
	return func(s *load.Sample) {
		e.collector.Add(s)
		next(s)
	}
}

// close waits for the last scrape, if it was asked to, and stops the server.
func (e *export) close(ctx context.Context) {
	if e.server == nil {
		return
	}
	e.collector.Done()
	if e.wait > 0 {
		ctx, cancel := context.WithTimeout(ctx, e.wait)
		defer cancel()
		_ = e.server.AwaitScrape(ctx) // a scraper that does not come in time is not waited for
	}
	_ = e.server.Close()
}
