package cli

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// startBroker starts a broker in this process. Whoever connects to it is load, so
// it takes as much of that as a plan may have.
func startBroker(addr string) (*broker.Broker, error) {
	return broker.Start(broker.Config{
		Addr:             addr,
		MaxConnections:   2 * workload.MaxWorkers,
		MaxDestinations:  workload.MaxDestinations,
		MaxSubscriptions: workload.MaxDestinations,
	})
}

// broker is the verb broker: it serves until ctx ends.
func (c *command) broker(ctx context.Context, args []string) int {
	f := pflag.NewFlagSet("stompbench broker", pflag.ContinueOnError)
	f.Usage = func() {}
	f.BoolP("help", "h", false, "show help")
	listen := f.StringP("listen", "l", "127.0.0.1:61613", "address to listen on")
	if code, done := c.parse(f, args); done {
		return code
	}
	if f.NArg() > 0 {
		return c.fail(usage("%q is not a flag: see stompbench --help", f.Arg(0)))
	}
	b, err := startBroker(*listen)
	if err != nil {
		return c.fail(fmt.Errorf("cannot listen on %s: %w: choose another --listen", *listen, err))
	}
	fmt.Fprintf(c.stdout, "listening on %s; ^C ends it and what it holds is gone\n", b.URI())
	<-ctx.Done()
	if err := b.Close(); err != nil {
		return c.fail(err)
	}
	return ExitOK
}
