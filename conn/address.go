package conn

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Transport is what lies between the session and the network.
type Transport uint8

// The transports, with the schemes that name them in URIs.
const (
	TransportTCP  Transport = iota // stomp, stomp+nio
	TransportTLS                   // stomps, stomp+ssl, stomp+tls, stomp+nio+ssl
	TransportWS                    // ws: WebSocket
	TransportWSS                   // wss: WebSocket over TLS
	TransportUnix                  // unix
)

// transports says how each is written, and where it listens if nobody says.
var transports = [...]struct {
	scheme string
	port   uint16
	tls    bool
	ws     bool
}{
	TransportTCP:  {scheme: "stomp", port: 61613},
	TransportTLS:  {scheme: "stomps", port: 61614, tls: true},
	TransportWS:   {scheme: "ws", port: 80, ws: true},
	TransportWSS:  {scheme: "wss", port: 443, tls: true, ws: true},
	TransportUnix: {scheme: "unix"},
}

// String returns the scheme of the transport.
func (t Transport) String() string {
	if int(t) < len(transports) {
		return transports[t].scheme
	}
	return "none"
}

// Address is one place where a broker listens, and what is particular to it. The
// zero value is localhost:61613. See [ParseURI] for how it is written.
//
// It prints without its passcode and without the query of a WebSocket path, which
// may hold a token: by fmt with any verb, by log/slog and by
// encoding/json.
type Address struct {
	Transport Transport

	// Host is a name or an IP address without brackets; localhost if it is empty.
	// An IPv6 address may have a zone: "fe80::1%en1".
	Host string
	Port uint16 // 0 is 61613; 61614 for TLS, 80 for WebSocket, 443 for that over TLS

	// Path is the socket of a Unix address, and for WebSocket the path of the
	// request with its query, as it goes into the request; "/" if it is empty.
	Path string

	// ServerName is the name that the certificate must have and that SNI tells
	// the server; Host if it is empty.
	ServerName string

	// Login and Passcode take the place of those in [Config], both, if one of
	// them is not empty.
	Login, Passcode string

	// VHost takes the place of Config.Host if it is not empty.
	VHost string
}

const defaultHostName = "localhost"

// String returns the address as a URI, with *** for the passcode and for a query.
func (a Address) String() string {
	var b strings.Builder
	b.WriteString(a.Transport.String())
	b.WriteString(":")
	// A socket's path that begins with // would be read as an authority.
	if a.Transport != TransportUnix || a.hasLogin() || strings.HasPrefix(a.Path, "//") {
		b.WriteString("//")
	}
	if a.hasLogin() {
		b.WriteString(url.User(a.Login).String()) // PathEscape would leave : and @ alone
		if a.Passcode != "" {
			b.WriteString(":" + masked)
		}
		b.WriteString("@")
	}
	if a.Transport != TransportUnix {
		b.WriteString(a.authority())
	}
	path, _, query := strings.Cut(a.path(), "?")
	b.WriteString(path)
	if query {
		b.WriteString("?" + masked)
	}
	return b.String()
}

// GoString is String, so that %#v does not show the passcode either.
func (a Address) GoString() string { return strconv.Quote(a.String()) }

// MarshalText is String, for encoding/json and log/slog would write the fields.
// It is not meant to be read back: the passcode is gone.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// path returns what stands in a URI after the authority.
func (a *Address) path() string {
	switch {
	case a.Transport == TransportUnix:
		return escapeAt((&url.URL{Path: a.Path}).EscapedPath())
	case a.Transport <= TransportTLS && a.VHost != "":
		return "/" + escapeAt(url.PathEscape(a.VHost))
	case a.Transport <= TransportTLS || a.Path != "":
		return a.Path
	}
	return "/"
}

// escapeAt escapes the @ that net/url leaves alone in a path: ParseAddress takes one
// there for the end of a password that nobody escaped.
func escapeAt(path string) string { return strings.ReplaceAll(path, "@", "%40") }

func (a *Address) hasLogin() bool { return a.Login != "" || a.Passcode != "" }

func (a *Address) usesTLS() bool       { return transports[a.Transport].tls }
func (a *Address) usesWebSocket() bool { return transports[a.Transport].ws }

func (a *Address) host() string {
	if a.Host == "" {
		return defaultHostName
	}
	return a.Host
}

func (a *Address) port() uint16 {
	if a.Port == 0 {
		return transports[a.Transport].port
	}
	return a.Port
}

func (a *Address) hostPort() string {
	return net.JoinHostPort(a.host(), strconv.Itoa(int(a.port())))
}

// authority is hostPort as it stands in a URI (RFC 6874, section 2).
func (a *Address) authority() string { return strings.Replace(a.hostPort(), "%", "%25", 1) }

// serverName returns the name for the certificate. A zone is this machine's affair
// and is in no certificate.
func (a *Address) serverName() string {
	if a.ServerName != "" {
		return a.ServerName
	}
	name, _, _ := strings.Cut(a.host(), "%")
	return name
}

// configure returns cfg with what is particular to the address.
func (a *Address) configure(cfg *Config) Config {
	var out Config
	if cfg != nil {
		out = *cfg
	}
	if a.hasLogin() {
		out.Login, out.Passcode = a.Login, a.Passcode
	}
	if a.VHost != "" {
		out.Host = a.VHost
	}
	return out
}

// validate refuses what could not be dialled.
func (a *Address) validate() error {
	switch {
	case int(a.Transport) >= len(transports):
		return problem("transport", "is unknown")
	case a.Transport == TransportUnix && a.Path == "":
		return problem("path", "is missing: where is the socket")
	case a.Transport == TransportUnix:
		return nil
	case strings.ContainsAny(a.Host, "/@[] \t\r\n\x00"):
		return problem("host", "holds what neither a name nor an IP address can hold")
	case strings.Contains(a.Host, ":"):
		if _, err := netip.ParseAddr(a.Host); err != nil {
			return problem("host", "is no IPv6 address; the port has a field of its own")
		}
	case strings.Contains(a.Host, "%"):
		return problem("host", "holds a %, which only the zone of an IPv6 address has")
	}
	if a.usesWebSocket() && a.Path != "" {
		if u, err := url.ParseRequestURI(a.Path); err != nil || u.Scheme != "" || u.Host != "" {
			return problem("path", "is not the path of a request")
		}
	} else if a.Path != "" {
		return problem("path", "is for WebSocket and Unix sockets; a virtual host goes into VHost")
	}
	return nil
}
