package uri

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Broker is one parsed address. It prints without its password, and without the query of a
// WebSocket path, which may be a token.
type Broker struct {
	Scheme string // "stomps", "ws", "wss", "unix", or "" for stomp
	Host   string // without brackets; an IPv6 address may have a zone
	Port   uint16 // 0 is the port of the scheme
	Path   string // of a Unix socket, or of the WebSocket request, with its query

	Login, Passcode string
	VHost           string
}

// The schemes.
const (
	stomp  = "stomp"
	stomps = "stomps"
	wss    = "wss"
	unix   = "unix"
)

// ports are the default ports of the schemes.
var ports = map[string]uint16{stomp: 61613, stomps: 61614, "ws": 80, wss: 443}

// schemes are the aliases of schemes in package conn.
var schemes = map[string]string{
	stomp: "", "tcp": "", "stomp+nio": "",
	"ssl": stomps, "tls": stomps, "stomp+ssl": stomps, "stomp+tls": stomps, "stomp+nio+ssl": stomps,
}

// split parses an address that package conn has accepted.
func split(s string) (b Broker) {
	scheme, rest, _ := strings.Cut(s, ":")
	b.Scheme = strings.ToLower(scheme)
	if plain, ok := schemes[b.Scheme]; ok {
		b.Scheme = plain
	}
	path := rest
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		path = ""
		if end := strings.IndexAny(authority, "/?"); end >= 0 {
			authority, path = authority[:end], authority[end:]
		}
		b.splitAuthority(authority)
	}
	switch {
	case b.WebSocket():
		if strings.HasPrefix(path, "?") {
			path = "/" + path
		}
		b.Path = path
	case b.Unix():
		b.Path = unescape(path)
	default:
		b.VHost = unescape(strings.Trim(strings.TrimSuffix(path, "?"), "/"))
	}
	return b
}

func (b *Broker) splitAuthority(authority string) {
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		login, passcode, _ := strings.Cut(authority[:at], ":")
		b.Login, b.Passcode = unescape(login), unescape(passcode)
		authority = authority[at+1:]
	}
	host, port, bracketed := strings.Cut(strings.TrimPrefix(authority, "["), "]")
	if bracketed {
		host = strings.Replace(host, "%25", "%", 1) // a zone (RFC 6874, section 2)
		port = strings.TrimPrefix(port, ":")
	} else {
		host, port, _ = strings.Cut(authority, ":")
	}
	b.Host = host
	if port != "" {
		n, _ := net.LookupPort("tcp", port) // a number, or the name of a service
		b.Port = uint16(n)
	}
	if b.Unix() {
		b.Host, b.Port = "", 0
	}
}

// unescape undoes percent-encoding, which was checked before.
func unescape(s string) string {
	text, _ := url.PathUnescape(s)
	return text
}

// escape encodes all characters with a meaning in a URI, or in a list of them.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// TLS reports whether connections are encrypted.
func (b *Broker) TLS() bool { return b.Scheme == stomps || b.Scheme == wss }

// WebSocket reports whether STOMP goes over WebSocket.
func (b *Broker) WebSocket() bool { return b.Scheme == "ws" || b.Scheme == wss }

// Unix reports whether Path is a Unix socket to connect to.
func (b *Broker) Unix() bool { return b.Scheme == unix }

// Socket returns what to dial.
func (b *Broker) Socket() (network, address string) {
	if b.Unix() {
		return unix, b.Path
	}
	port := b.Port
	if port == 0 {
		port = ports[b.scheme()]
	}
	return "tcp", net.JoinHostPort(b.Host, strconv.Itoa(int(port)))
}

// URL returns the URL of the WebSocket.
func (b *Broker) URL() string {
	return b.scheme() + "://" + b.authority() + "/" + strings.TrimPrefix(b.Path, "/")
}

// authority returns host and port in the form of a URI.
func (b *Broker) authority() string {
	_, address := b.Socket()
	return strings.Replace(address, "%", "%25", 1)
}

func (b *Broker) scheme() string {
	if b.Scheme == "" {
		return stomp
	}
	return b.Scheme
}

// masked stands for a secret in a printed address.
const masked = "***"

// String returns the address as a URI, with *** for the password and for a query.
func (b Broker) String() string { return b.text(masked, false) }

// text returns the address as a URI with this password, if there is one.
func (b *Broker) text(passcode string, query bool) string {
	text := b.scheme() + ":"
	// The path of a socket that starts with // would be read as an authority.
	if !b.Unix() || b.Login+b.Passcode != "" || strings.HasPrefix(b.Path, "//") {
		text += "//"
	}
	if b.Login+b.Passcode != "" {
		text += escape(b.Login)
		if b.Passcode != "" {
			text += ":" + passcode
		}
		text += "@"
	}
	if b.Unix() {
		return text + strings.ReplaceAll(escape(b.Path), "%2F", "/")
	}
	text += b.authority()
	switch path, secret, found := strings.Cut(b.Path, "?"); {
	case b.VHost != "":
		text += "/" + escape(b.VHost)
	case b.WebSocket() && path == "":
		text += "/"
	default:
		text += path
		if found && !query {
			secret = masked
		}
		if found {
			text += "?" + secret
		}
	}
	return text
}

// Format prints the address as String does, whatever the verb.
func (b Broker) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), b.String())
}

// MarshalText is String: encoding/json and log/slog would write the fields.
func (b Broker) MarshalText() ([]byte, error) { return []byte(b.String()), nil }
