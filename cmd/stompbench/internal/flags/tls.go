package flags

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
)

// tlsFiles is the values of the flags for TLS.
type tlsFiles struct {
	ca, cert, key, serverName string
	insecure                  bool
}

// config returns the configuration for the brokers, nil if no flag is set.
func (s *tlsFiles) config(brokers uri.Brokers) (*tls.Config, error) {
	if *s == (tlsFiles{}) {
		return nil, nil
	}
	secure := false
	for i := range brokers {
		secure = secure || brokers[i].TLS()
	}
	switch {
	case !secure:
		return nil, Usage("--tls-… is given and no --uri has TLS: write it as stomps:// or wss://")
	case (s.cert == "") != (s.key == ""):
		return nil, Usage("--tls-cert and --tls-key belong together: give both")
	case s.insecure && s.ca != "":
		return nil, Usage("--tls-insecure takes any certificate and --tls-ca does not: leave one of them out")
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.serverName, InsecureSkipVerify: s.insecure}
	if s.ca != "" {
		pem, err := ReadFile("tls-ca", s.ca, 16<<20)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, Usage("--tls-ca %s holds no PEM certificate", s.ca)
		}
	}
	if s.cert != "" {
		pair, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			return nil, Usage("--tls-cert and --tls-key cannot be used: %v", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
