// Package broker is the verb broker: it runs the broker of package broker alone.
package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"path"
	"time"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/frame"
)

// settings are the values of the flags of broker.
type settings struct {
	listen, tlsListen, wsListen, wssListen []string
	cert, key                              string
	origins                                []string
	users                                  string
	config                                 broker.Config
	heartBeat                              time.Duration
}

// Command makes the verb broker.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{config: verb.ForLoad()}
	cmd := &cobra.Command{
		Use: "broker", Short: "run the embedded broker alone, until ^C", Args: verb.NoArgs,
		Long: "It is the broker that stompbench otherwise has in its own process. It keeps everything in memory.\n" +
			"Without any address it listens on 127.0.0.1:61613.",
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context(), env) }
	s.addFlags(flags.New(cmd.Flags()))
	return cmd
}

func (s *settings) addFlags(f *flags.Set) {
	cfg := &s.config
	f.Group = "Addresses, each of which may be repeated"
	f.Add("listen,l", "", "listen for STOMP, such as 127.0.0.1:61613 or unix:/run/stomp", flags.Repeated(&s.listen, "ADDR", flags.ListenAddress))
	f.Add("tls-listen", "", "listen for STOMP over TLS", flags.Repeated(&s.tlsListen, "ADDR", flags.ListenAddress))
	f.Add("ws-listen", "", "listen for STOMP over WebSocket, at the path /ws", flags.Repeated(&s.wsListen, "ADDR", flags.ListenAddress))
	f.Add("wss-listen", "", "the same over TLS", flags.Repeated(&s.wssListen, "ADDR", flags.ListenAddress))
	f.Add("ws-origin", "", "origin of pages that may connect over WebSocket besides those of the same host, such as https://*.example.com", flags.Repeated(&s.origins, "ORIGIN", parseOrigin))
	f.Group = "Who may connect"
	f.Add("tls-cert", "", "certificate for the TLS listeners with its chain, in PEM", flags.Text(&s.cert, "FILE"))
	f.Add("tls-key", "", "key of that certificate, in PEM", flags.Text(&s.key, "FILE"))
	f.Add("users", "", `logins and permissions, as JSON: {"login": {"passcode": "...", "read": ["/queue/*"], "write": []}}`, flags.Text(&s.users, "FILE"))
	f.Group = "Limits"
	f.Add("heart-beat", "1s", "shortest heart-beats to offer and to ask for, to clients that want them; 0 for none", flags.HeartBeat(&s.heartBeat))
	number := func(into *int, name, def, help string) { f.Add(name, def, help, flags.Int(into, 1, math.MaxInt32)) }
	bytes := func(into *int, name, def, help string) { f.Add(name, def, help, flags.Bytes(into)) }
	number(&cfg.MaxConnections, "max-connections", fmt.Sprint(cfg.MaxConnections), "connections at a time")
	number(&cfg.MaxConnectionsPerIP, "max-connections-per-ip", "", "of them, from one address")
	number(&cfg.MaxConnectionsPerUser, "max-connections-per-user", "", "of them, of one of the --users")
	bytes(&cfg.QueueBytes, "queue-size", "64MiB", "what a destination holds before its producers are slowed")
	number(&cfg.ConnectionRate.Frames, "connection-frames", "", "frames a second of each connection; any if not given")
	bytes(&cfg.ConnectionRate.Bytes, "connection-bytes", "", "bytes a second of each connection")
	number(&cfg.UserRate.Frames, "user-frames", "", "frames a second of each user's connections together")
	bytes(&cfg.UserRate.Bytes, "user-bytes", "", "bytes a second of each user's connections together")
}

func parseOrigin(s string) (string, error) {
	if _, err := path.Match(s, ""); err != nil {
		return "", errors.New("write an origin, such as https://a.example, with * for any part of a name")
	}
	return s, nil
}

// run serves until ctx ends.
func (s *settings) run(ctx context.Context, env *verb.Env) error {
	if err := s.check(); err != nil {
		return err
	}
	cfg, err := s.tls()
	if err != nil {
		return err
	}
	if s.users != "" {
		if err := readUsers(s.users, &s.config); err != nil {
			return err
		}
	}
	if s.heartBeat != 0 {
		s.config.HeartBeat = frame.HeartBeat{Send: s.heartBeat, Receive: s.heartBeat}
	}
	b, err := broker.New(s.config)
	if err != nil {
		return flags.Usage("%v", err)
	}
	if err := s.open(env, b, cfg); err != nil {
		_ = b.Close()
		return err
	}
	fmt.Fprintln(env.Stdout, "^C ends it and what it holds is gone")
	<-ctx.Done()
	return b.Close()
}

// open opens all listeners.
func (s *settings) open(env *verb.Env, b *broker.Broker, cfg *tls.Config) error {
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
			fmt.Fprintln(env.Stdout, "listening on", uri)
		}
	}
	return nil
}

func (s *settings) wantsTLS() bool { return len(s.tlsListen)+len(s.wssListen) > 0 }

// check finds flags that contradict each other.
func (s *settings) check() error {
	switch {
	case len(s.origins) > 0 && len(s.wsListen)+len(s.wssListen) == 0:
		return flags.Usage("--ws-origin means nothing without --ws-listen or --wss-listen")
	case s.wantsTLS() && (s.cert == "" || s.key == ""):
		return flags.Usage("TLS needs --tls-cert and --tls-key")
	case !s.wantsTLS() && (s.cert != "" || s.key != ""):
		return flags.Usage("--tls-cert and --tls-key mean nothing without --tls-listen or --wss-listen")
	case s.users == "" && (s.config.MaxConnectionsPerUser > 0 || s.config.UserRate != (broker.Rate{})):
		return flags.Usage("bounds for each user mean nothing without --users")
	}
	return nil
}

// tls returns the configuration of the TLS listeners, nil if there are none.
func (s *settings) tls() (*tls.Config, error) {
	if !s.wantsTLS() {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		return nil, flags.Usage("--tls-cert and --tls-key are not a certificate and its key: %v: name other files", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
}
