// Package broker is the verb broker: it runs the broker of package broker alone.
package broker

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
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
	listeners []listener
	files     struct{ cert, key, users string }
	origins   []string
	config    broker.Config
	heartBeat time.Duration
	tls       *tls.Config
}

// listener is an address, its flag, and how the broker listens there.
type listener struct {
	flag, addr string
	open       func(b *broker.Broker, addr string) (uri string, err error)
}

// Command makes the verb broker.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{config: verb.ForLoad()}
	cmd := &cobra.Command{
		Use: "broker", Short: "run the embedded broker alone, until ^C", Args: verb.NoArgs,
		Long: "It is the broker that stompbench otherwise has in its own process. It keeps everything in memory.\n" +
			"Without any address it listens on 127.0.0.1:61613.",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd, env) },
	}
	s.addFlags(flags.New(cmd.Flags()))
	return cmd
}

func (s *settings) addFlags(f *flags.Set) {
	cfg := &s.config
	f.Group = "Addresses, each of which may be repeated"
	listen := func(flag, help string, open func(b *broker.Broker, addr string) (string, error)) {
		f.Add(flag, "", help, flags.Repeated(&s.listeners, "ADDR", func(addr string) (listener, error) {
			_, err := flags.ListenAddress(addr)
			return listener{flag, addr, open}, err
		}))
	}
	listen("listen,l", "listen for STOMP, such as 127.0.0.1:61613 or unix:/run/stomp", (*broker.Broker).Listen)
	listen("tls-listen", "listen for STOMP over TLS", func(b *broker.Broker, addr string) (string, error) { return b.ListenTLS(addr, s.tls) })
	listen("ws-listen", "listen for STOMP over WebSocket, at the path /ws", func(b *broker.Broker, addr string) (string, error) {
		return ws.Listen(b, addr, ws.Options{Origins: s.origins})
	})
	listen("wss-listen", "listen for STOMP over WebSocket and TLS", func(b *broker.Broker, addr string) (string, error) {
		return ws.Listen(b, addr, ws.Options{Origins: s.origins, TLS: s.tls})
	})
	f.Add("ws-origin", "", "origin of pages that may connect over WebSocket besides those of the same host, such as https://*.example.com", flags.Repeated(&s.origins, "ORIGIN", parseOrigin))
	f.Group = "Who may connect"
	f.Add("tls-cert", "", "certificate for the TLS listeners with its chain, in PEM", flags.Text(&s.files.cert, "FILE"))
	f.Add("tls-key", "", "key of --tls-cert, in PEM", flags.Text(&s.files.key, "FILE"))
	f.Add("users", "", `logins and permissions, as JSON: {"login": {"passcode": "...", "read": ["/queue/*"], "write": []}}`, flags.Text(&s.files.users, "FILE"))
	f.Group = "Limits"
	f.Add("heart-beat", "1s", "shortest heart-beats to offer and to ask for, to clients that want them; 0 for none", flags.HeartBeat(&s.heartBeat))
	f.Add("max-connections", fmt.Sprint(cfg.MaxConnections), "connections at a time", flags.Int(&cfg.MaxConnections, 1, math.MaxInt32))
	f.Add("max-connections-per-ip", "", "connections at a time from one address", flags.Int(&cfg.MaxConnectionsPerIP, 1, math.MaxInt32))
	f.Add("max-connections-per-user", "", "connections at a time of each user", flags.Int(&cfg.MaxConnectionsPerUser, 1, math.MaxInt32))
	f.Add("queue-size", "64MiB", "bytes that a destination holds before its producers are slowed", flags.Bytes(&cfg.QueueBytes))
	f.Add("connection-frames", "", "frames a second of each connection", flags.Int(&cfg.ConnectionRate.Frames, 1, math.MaxInt32))
	f.Add("connection-bytes", "", "bytes a second of each connection", flags.Bytes(&cfg.ConnectionRate.Bytes))
	f.Add("user-frames", "", "frames a second of each user's connections together", flags.Int(&cfg.UserRate.Frames, 1, math.MaxInt32))
	f.Add("user-bytes", "", "bytes a second of each user's connections together", flags.Bytes(&cfg.UserRate.Bytes))
}

func parseOrigin(s string) (string, error) {
	if _, err := path.Match(s, ""); err != nil {
		return "", errors.New("write an origin, such as https://a.example, with * for any part of a name")
	}
	return s, nil
}

// run serves until the context ends.
func (s *settings) run(cmd *cobra.Command, env *verb.Env) error {
	if err := s.complete(cmd); err != nil {
		return err
	}
	b, err := broker.New(s.config)
	if err != nil {
		return flags.Usage("%v", err)
	}
	defer b.Close()
	for _, l := range s.listeners {
		uri, err := l.open(b, l.addr)
		if err != nil {
			return fmt.Errorf("cannot listen on %s: %w: choose another --%s", l.addr, err, strings.TrimSuffix(l.flag, ",l"))
		}
		fmt.Fprintln(env.Stdout, "listening on", uri)
	}
	fmt.Fprintln(env.Stdout, "^C ends it and what it holds is gone")
	<-cmd.Context().Done()
	return b.Close()
}

// complete checks the flags together, and reads the files that they name.
func (s *settings) complete(cmd *cobra.Command) (err error) {
	f := cmd.Flags()
	secure, ws := f.Changed("tls-listen") || f.Changed("wss-listen"), f.Changed("ws-listen") || f.Changed("wss-listen")
	if err := cmp.Or(
		flags.Refuse(f, !ws, "means nothing without --ws-listen or --wss-listen: add one of them", "ws-origin"),
		flags.Refuse(f, !secure, "means nothing without --tls-listen or --wss-listen: add one of them", "tls-cert", "tls-key"),
		flags.Refuse(f, s.files.cert == "" || s.files.key == "", "needs --tls-cert and --tls-key: give both", "tls-listen", "wss-listen"),
		flags.Refuse(f, s.files.users == "", "is for each user, and means nothing without --users: add it", "max-connections-per-user", "user-frames", "user-bytes"),
	); err != nil {
		return err
	}
	if len(s.listeners) == 0 {
		s.listeners = []listener{{"listen", "127.0.0.1:61613", (*broker.Broker).Listen}}
	}
	s.config.HeartBeat = frame.HeartBeat{Send: s.heartBeat, Receive: s.heartBeat}
	if s.files.users != "" {
		if err := readUsers(s.files.users, &s.config); err != nil {
			return err
		}
	}
	if secure {
		s.tls = new(tls.Config)
		s.tls.Certificates, err = flags.KeyPair(s.files.cert, s.files.key)
	}
	return err
}

// readUsers fills cfg from a file such as
//
//	{
//	  "shop": {"passcode": "s3cret", "write": ["/queue/orders.*"], "read": ["/topic/prices"]},
//	  "root": {"passcode": "r00t"}
//	}
//
// Without read or write a user may read or write everything. Errors quote only logins from the
// file.
func readUsers(path string, cfg *broker.Config) error {
	text, err := flags.ReadFile("users", path, 16<<20)
	if err != nil {
		return err
	}
	var users map[string]*struct {
		Passcode    *string
		Read, Write []string
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&users); err != nil || users == nil || dec.Decode(new(any)) != io.EOF {
		return flags.Usage(`--users %s is not one JSON object such as {"login": {"passcode": "...", "read": ["/queue/*"], "write": []}}: see what is before byte %d`, path, dec.InputOffset())
	}
	cfg.Users, cfg.Permissions = map[string]string{}, map[string]broker.Permission{}
	for login, u := range users {
		if u == nil || u.Passcode == nil {
			return flags.Usage("--users %s: user %q has no passcode", path, login)
		}
		cfg.Users[login] = *u.Passcode
		cfg.Permissions[login] = broker.Permission{Read: u.Read, Write: u.Write}
	}
	return nil
}
