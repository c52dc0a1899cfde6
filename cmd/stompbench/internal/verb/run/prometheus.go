package run

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
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

func (e *export) addFlags(f *flags.Set) {
	f.Add("prometheus", "", "address to answer scrapes at, such as :9400; without a host, for this machine only", flags.Parsed(&e.address, "ADDR", parseAddress))
	f.Add("prometheus-wait", "", "how long to wait for a last scrape at the end", flags.Time(&e.wait, 0, flags.MaxTime))
}

func parseAddress(s string) (string, error) { return flags.ListenAddress(prom.Listen(s)) }

// start starts the server.
func (e *export) start(progress io.Writer) (err error) {
	if e.address == "" {
		return nil
	}
	e.collector = prom.NewCollector(nil)
	if e.server, err = prom.Serve(e.address, e.collector); err != nil {
		return fmt.Errorf("cannot answer scrapes at %s: %w: choose another --prometheus", e.address, err)
	}
	fmt.Fprintf(progress, "  prometheus  %s\n", e.server.URL())
	return nil
}

// sample adds a sample and passes it on.
func (e *export) sample(next func(*load.Sample)) func(*load.Sample) {
	return func(s *load.Sample) {
		if e.collector != nil {
			e.collector.Add(s)
		}
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
