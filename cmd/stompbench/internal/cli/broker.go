package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// startBroker starts a broker in this process, in the world of ctx.
func startBroker(ctx context.Context, addr string) (*broker.Broker, error) {
	cfg := forLoad()
	w := world.Of(ctx)
	if w == nil {
		cfg.Addr = addr
		return broker.Start(cfg)
	}
	b, err := broker.New(cfg)
	if err != nil {
		return nil, err
	}
	ln, err := w.Listen(addr)
	if err == nil {
		_, err = b.ListenOn(ln)
	}
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}

// forLoad configures a broker for the largest load that a plan may have, all of it from one
// connection if the plan says so.
func forLoad() broker.Config {
	return broker.Config{
		MaxConnections:               2 * workload.MaxWorkers,
		MaxDestinations:              workload.MaxDestinations,
		MaxDestinationsPerConnection: workload.MaxDestinations,
		MaxSubscriptions:             workload.MaxDestinations,
		Limits:                       workload.ExtraLimits(workload.MaxHeaders, workload.MaxHeaderSize),
		TransactionBytes:             8 * workload.MaxSize,
	}
}

const brokerHelp = `stompbench broker runs the broker that stompbench otherwise has in its own process, until ^C. It keeps
everything in memory. Without any address it listens on 127.0.0.1:61613.

Flags of broker:
`

// brokerSettings are the values of the flags of broker.
type brokerSettings struct {
	listen, tlsListen, wsListen, wssListen []string
	cert, key                              string
	origins                                []string
	users                                  string
	config                                 broker.Config
}

func newBrokerFlags() (*pflag.FlagSet, *brokerSettings) {
	s := &brokerSettings{config: forLoad()}
	f := pflag.NewFlagSet("stompbench broker", pflag.ContinueOnError)
	f.Usage = func() {}
	f.SortFlags = false
	addresses := func(into *[]string, name, short, usage string) {
		f.VarP(&value{kind: "ADDR", set: func(addr string) error {
			*into = append(*into, addr)
			return nil
		}}, name, short, usage)
	}
	addresses(&s.listen, "listen", "l", "listen for STOMP, such as 127.0.0.1:61613 or unix:/run/stomp; this and the like may be repeated")
	addresses(&s.tlsListen, "tls-listen", "", "listen for STOMP over TLS")
	addresses(&s.wsListen, "ws-listen", "", "listen for STOMP over WebSocket, at the path /ws")
	addresses(&s.wssListen, "wss-listen", "", "the same over TLS")
	f.StringVar(&s.cert, "tls-cert", "", "`FILE` with the certificate for the TLS listeners and what vouches for it, in PEM")
	f.StringVar(&s.key, "tls-key", "", "`FILE` with the key of that certificate, in PEM")
	f.StringArrayVar(&s.origins, "ws-origin", nil, "`ORIGIN` of pages that may connect over WebSocket besides those of the same host, such as https://*.example.com")
	f.StringVar(&s.users, "users", "", "`FILE` that says who may connect, as JSON: {\"login\": {\"passcode\": \"...\", \"read\": [\"/queue/*\"], \"write\": []}}")
	bound := func(into *int, name, kind, usage string, parse func(string) (int, error)) {
		v := parsed(into, atLeastOne(parse))
		v.kind = kind
		f.VarP(v, name, "", usage)
	}
	cfg := &s.config
	f.VarP(&value{kind: "TIME", set: func(text string) error {
		every, err := parseHeartBeat(text)
		if err == nil {
			cfg.HeartBeat = frame.HeartBeat{Send: every, Receive: every}
		}
		return err
	}}, "heart-beat", "", "shortest heart-beats to offer and to ask for, to clients that want them; 0 for none; 1s if not given")
	bound(&cfg.MaxConnections, "max-connections", "N", fmt.Sprintf("connections at a time; %d if not given", cfg.MaxConnections), parseInt)
	bound(&cfg.MaxConnectionsPerIP, "max-connections-per-ip", "N", "of them, from one address", parseInt)
	bound(&cfg.MaxConnectionsPerUser, "max-connections-per-user", "N", "of them, of one of the --users", parseInt)
	bound(&cfg.QueueBytes, "queue-size", "BYTES", "what a destination holds before its producers are slowed; 64MiB if not given", workload.ParseBytes)
	bound(&cfg.ConnectionRate.Frames, "connection-frames", "N", "frames a second of each connection; any if not given", parseInt)
	bound(&cfg.ConnectionRate.Bytes, "connection-bytes", "BYTES", "bytes a second of each connection", workload.ParseBytes)
	bound(&cfg.UserRate.Frames, "user-frames", "N", "frames a second of each user's connections together", parseInt)
	bound(&cfg.UserRate.Bytes, "user-bytes", "BYTES", "bytes a second of each user's connections together", workload.ParseBytes)
	f.BoolP("help", "h", false, "show this help")
	return f, s
}

// broker is the verb broker: it serves until ctx ends.
func (c *command) broker(ctx context.Context, args []string) int {
	f, s := newBrokerFlags()
	if err := f.Parse(args); err != nil {
		return c.fail(asUsage(err))
	}
	if help, _ := f.GetBool("help"); help {
		return c.print(brokerHelp + f.FlagUsagesWrapped(helpWidth))
	}
	if f.NArg() > 0 {
		return c.fail(usage("%q is not a flag: see stompbench broker --help", f.Arg(0)))
	}
	if err := s.check(); err != nil {
		return c.fail(err)
	}
	cfg, err := s.tls()
	if err != nil {
		return c.fail(err)
	}
	if s.users != "" {
		if err := readUsers(s.users, &s.config); err != nil {
			return c.fail(err)
		}
	}
	b, err := broker.New(s.config)
	if err != nil {
		return c.fail(err)
	}
	if err := c.listen(b, s, cfg); err != nil {
		_ = b.Close()
		return c.fail(err)
	}
	fmt.Fprintln(c.stdout, "^C ends it and what it holds is gone")
	<-ctx.Done()
	if err := b.Close(); err != nil {
		return c.fail(err)
	}
	return ExitOK
}

// listen opens all listeners.
func (c *command) listen(b *broker.Broker, s *brokerSettings, cfg *tls.Config) error {
	if len(s.listen)+len(s.tlsListen)+len(s.wsListen)+len(s.wssListen) == 0 {
		s.listen = []string{"127.0.0.1:61613"}
	}
	for _, group := range []struct {
		flag  string
		addrs []string
		open  func(addr string) (uri string, err error)
	}{
		{"listen", s.listen, b.Listen},
		{"tls-listen", s.tlsListen, func(addr string) (string, error) { return b.ListenTLS(addr, cfg) }},
		{"ws-listen", s.wsListen, func(addr string) (string, error) { return ws.Listen(b, addr, ws.Options{Origins: s.origins}) }},
		{"wss-listen", s.wssListen, func(addr string) (string, error) {
			return ws.Listen(b, addr, ws.Options{Origins: s.origins, TLS: cfg})
		}},
	} {
		for _, addr := range group.addrs {
			uri, err := group.open(addr)
			if err != nil {
				return fmt.Errorf("cannot listen on %s: %w: choose another --%s", addr, err, group.flag)
			}
			fmt.Fprintln(c.stdout, "listening on", uri)
		}
	}
	return nil
}

// atLeastOne refuses 0: a bound of 0 would allow nothing.
func atLeastOne(parse func(string) (int, error)) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := parse(text)
		if err == nil && n < 1 {
			err = errors.New("it must be 1 or more")
		}
		return n, err
	}
}

func (s *brokerSettings) wantsTLS() bool { return len(s.tlsListen)+len(s.wssListen) > 0 }

// check finds flags that contradict each other.
func (s *brokerSettings) check() error {
	switch {
	case len(s.origins) > 0 && len(s.wsListen)+len(s.wssListen) == 0:
		return usage("--ws-origin means nothing without --ws-listen or --wss-listen")
	case s.wantsTLS() && (s.cert == "" || s.key == ""):
		return usage("TLS needs --tls-cert and --tls-key")
	case !s.wantsTLS() && (s.cert != "" || s.key != ""):
		return usage("--tls-cert and --tls-key mean nothing without --tls-listen or --wss-listen")
	case s.users == "" && (s.config.MaxConnectionsPerUser > 0 || s.config.UserRate != (broker.Rate{})):
		return usage("bounds for each user mean nothing without --users")
	}
	return nil
}

// tls returns the configuration of the TLS listeners, nil if there are none.
func (s *brokerSettings) tls() (*tls.Config, error) {
	if !s.wantsTLS() {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.cert, s.key)
	var missing *fs.PathError
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("cannot read the certificate or its key: %w", err)
	case err != nil:
		return nil, fmt.Errorf("--tls-cert and --tls-key are not a certificate and its key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
}
