package dial

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Address is one place where a broker listens, and the settings that apply there. The
// zero value is localhost:61613. [ParseAddress] reads one.
//
// It prints without its passcode, and without the query of a WebSocket path, which may
// be a token: by fmt with any verb but %p, by log/slog and by encoding/json.
type Address struct {
	Transport Transport

	// Host is a name or an IP address without brackets; localhost if it is empty.
	// An IPv6 address may have a zone: "fe80::1%en1".
	Host string
	Port uint16 // 0 is 61613; 61614 for TLS, 80 for WebSocket, 443 for WebSocket over TLS

	// Path is the file of a Unix socket. For WebSocket it is the path of the request
	// with its query, as it goes into the request; "/" if it is empty.
	Path string

	// ServerName is the name that the certificate must have and that SNI sends; Host
	// if it is empty.
	ServerName string

	// Login and Passcode replace those of the configuration, both of them, if one of
	// the two is not empty.
	Login, Passcode string

	// VHost replaces the host header of the configuration if it is not empty.
	VHost string
}

const localhost = "localhost"

// Overrides returns what CONNECT to this address carries, given the values that apply
// to addresses without their own.
func (a *Address) Overrides(login, passcode, vhost string) (string, string, string) {
	if a.hasLogin() {
		login, passcode = a.Login, a.Passcode
	}
	if a.VHost != "" {
		vhost = a.VHost
	}
	return login, passcode, vhost
}

func (a *Address) hasLogin() bool { return a.Login != "" || a.Passcode != "" }

func (a *Address) host() string {
	if a.Host == "" {
		return localhost
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

// serverName returns the name that the certificate must have. A zone names an
// interface of this machine, so no certificate contains it.
func (a *Address) serverName() string {
	if a.ServerName != "" {
		return a.ServerName
	}
	name, _, _ := strings.Cut(a.host(), "%")
	return name
}

// validate refuses an address that could not be dialled.
func (a *Address) validate() error {
	if !a.Transport.valid() {
		return problem("transport", "is unknown")
	}
	if a.Transport == TransportUnix {
		if a.Path == "" {
			return problem("path", "is missing: where is the socket")
		}
		return nil
	}
	if err := validateHost(a.Host); err != nil {
		return err
	}
	return a.validatePath()
}

func validateHost(host string) error {
	switch {
	case strings.ContainsAny(host, "/@[] \t\r\n\x00"):
		return problem("host", "contains a character that neither names nor IP addresses have")
	case strings.Contains(host, ":"):
		if _, err := netip.ParseAddr(host); err != nil {
			return problem("host", "is not an IPv6 address; the port has a field of its own")
		}
	case strings.Contains(host, "%"):
		return problem("host", "contains a %, which only the zone of an IPv6 address has")
	}
	return nil
}

func (a *Address) validatePath() error {
	switch {
	case a.Path == "":
		return nil
	case !a.Transport.usesWebSocket():
		return problem("path", "is for WebSocket and Unix sockets; a virtual host goes into VHost")
	}
	if u, err := url.ParseRequestURI(a.Path); err != nil || u.Scheme != "" || u.Host != "" {
		return problem("path", "is not the path of a request")
	}
	return nil
}
