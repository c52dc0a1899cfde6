package dial

import (
	"context"
	"crypto/tls"
	"net"
)

// encrypt starts TLS over nc. It verifies the server unless the user's configuration
// says otherwise.
func (o *Options) encrypt(ctx context.Context, nc net.Conn, a *Address) (net.Conn, error) {
	cfg := o.TLS.Clone()
	if cfg == nil {
		cfg = new(tls.Config)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = a.serverName()
	}
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	secure := tls.Client(nc, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}
