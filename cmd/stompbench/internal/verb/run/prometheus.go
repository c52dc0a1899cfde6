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

// export is where metrics of a run are served to Prometheus.
type export struct {
	address string // "" for no export
	wait    time.Duration
}

func (e *export) addFlags(f *flags.Set) {
	f.Add("prometheus", "", "address to answer scrapes at, such as :9400; without a host, for this machine only", flags.Parsed(&e.address, "ADDR", parseAddress))
	f.Add("prometheus-wait", "", "how long to wait for a last scrape at the end", flags.Time(&e.wait, 0, flags.MaxTime))
}

func parseAddress(s string) (string, error) { return flags.ListenAddress(prom.Listen(s)) }

// serve answers scrapes of the samples that add gets, until stop is called, which waits for the last
// scrape if it was asked to. Without an address add is nil.
func (e *export) serve(ctx context.Context, progress io.Writer) (add func(*load.Sample), stop func(), err error) {
	if e.address == "" {
		return nil, func() {}, nil
	}
	server, err := prom.Serve(e.address)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot answer scrapes at %s: %w: choose another --prometheus", e.address, err)
	}
	fmt.Fprintf(progress, "  prometheus  %s\n", server.URL())
	return server.Add, func() {
		server.Done()
		if e.wait > 0 {
			ctx, cancel := context.WithTimeout(ctx, e.wait)
			defer cancel()
			_ = server.AwaitScrape(ctx) // a scraper that does not come in time is not waited for
		}
		_ = server.Close()
	}, nil
}
