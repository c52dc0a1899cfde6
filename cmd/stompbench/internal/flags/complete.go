package flags

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/frame"
)

// Complete completes the plan from the flags and checks it.
func (l *Load) Complete(f *pflag.FlagSet) (notes []string, err error) {
	p := &l.Plan
	p.Embedded, p.DurationSet = !f.Changed("uri"), f.Changed("duration")
	p.Versions = cmp.Or(p.Versions, frame.AllVersions)
	p.Broker.SetPasscode(os.Getenv(passcodeEnv))
	if p.Count > 0 && !p.DurationSet {
		p.Duration = 0
	}
	if err := l.check(f); err != nil {
		return nil, err
	}
	if p.TLS, err = l.tls.config(); err != nil {
		return nil, err
	}
	if p.Embedded && f.Changed("connect-timeout") {
		notes = append(notes, "--connect-timeout hardly matters to the embedded broker")
	}
	if p.Shared() && l.Out == "" && f.Lookup("out") != nil {
		notes = append(notes, "without --out this part is not kept, and the books cannot be closed")
	}
	more, err := p.Complete()
	return append(notes, more...), err
}

// check refuses flags that mean nothing beside others.
func (l *Load) check(f *pflag.FlagSet) error {
	p := &l.Plan
	none := func(workers int, flag string) bool { return workers == 0 && f.Lookup(flag) != nil }
	receives := p.Producers == 0 && p.Shared()
	secure := slices.ContainsFunc(p.Broker, func(b uri.Broker) bool { return b.TLS() })
	return cmp.Or(
		Refuse(f, f.Changed("payload") && len(p.Payload.Files) > 0, fmt.Sprintf("contradicts --payload %v, since files are sent as they are: leave it out", p.Payload), "size"),
		Refuse(f, p.Producers > 0 && p.Consumers > 0 && !f.Changed("publish-to"),
			fmt.Sprintf("lets consumers listen to %s, but producers send to %s: set --publish-to as well", p.ConsumeFrom, p.PublishTo), "consume-from"),
		Refuse(f, none(p.Producers, "producers"), "is for producers, and there are none: leave it out or raise --producers",
			"receipt-every", "transaction", "priority", "expires", "payload", "producer-connections", "persistent", "header", "header-count", "header-size", "header-values", "header-escape"),
		Refuse(f, none(p.Consumers, "consumers"), "is for consumers, and there are none: leave it out or raise --consumers",
			"ack", "ack-every", "nack", "prefetch", "consumer-latency", "slow-consumers", "consumer-connections"),
		Refuse(f, !receives, "is for a process that only receives what others send: add --run-id and --producers 0, or leave it out", "await"),
		Refuse(f, receives, "is for processes that send: with --run-id, a process that only receives ends when no more messages come, so leave it out", "duration", "count", "warmup"),
		Refuse(f, !secure, "is for TLS, and no --uri has it: write stomps:// or wss:// there, or leave this out", TLS...),
		Refuse(f, l.tls.cert == "", "needs --tls-cert: give both", "tls-key"),
		Refuse(f, l.tls.key == "", "needs --tls-key: give both", "tls-cert"),
		Refuse(f, l.tls.insecure, "checks the certificate and --tls-insecure does not: leave one of them out", "tls-ca"),
	)
}

// tlsFiles is the values of the flags for TLS.
type tlsFiles struct {
	ca, cert, key, serverName string
	insecure                  bool
}

// config returns the configuration of connections, nil if no flag is set.
func (s *tlsFiles) config() (cfg *tls.Config, err error) {
	if *s == (tlsFiles{}) {
		return nil, nil
	}
	cfg = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.serverName, InsecureSkipVerify: s.insecure}
	if s.ca != "" {
		pem, err := ReadFile("tls-ca", s.ca, 16<<20)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, Usage("--tls-ca %s holds no PEM certificate: name another file", s.ca)
		}
	}
	if s.cert != "" {
		cfg.Certificates, err = KeyPair(s.cert, s.key)
	}
	return cfg, err
}

// KeyPair reads the certificate of --tls-cert and its key.
func KeyPair(cert, key string) ([]tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, Usage("--tls-cert and --tls-key are not a certificate and its key: %v: name other files", err)
	}
	return []tls.Certificate{pair}, nil
}
