// Package uri parses the addresses of brokers in the form stomp://user:password@host:port/vhost,
// several of them with commas between.
//
// Imports: conn and conn/ws of stompwire, to check an address as the client does.
package uri

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
)

// Brokers are the addresses that connections are spread over.
type Brokers []Broker

// Parse parses addresses. An address without a scheme has the scheme stomp. Its errors say what to
// change and never show a password.
func Parse(s string) (Brokers, error) {
	var out Brokers
	members := strings.Split(s, ",")
	for i, member := range members {
		b, err := parseOne(strings.TrimSpace(member))
		if err != nil {
			if len(members) > 1 {
				err = fmt.Errorf("address %d: %w (a comma in a password is written %%2C)", i+1, err)
			}
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

func parseOne(s string) (Broker, error) {
	if !strings.Contains(s, "://") && !strings.HasPrefix(s, "unix:") {
		s = "stomp://" + s // otherwise "localhost:61613" would have the scheme localhost
	}
	// Inside the list, a nested list is an error, which New alone would accept.
	_, err := conn.New("failover:("+s+")", &conn.Config{WebSocket: ws.Client})
	var bad *conn.AddressError
	switch {
	case errors.As(err, &bad):
		return Broker{}, fmt.Errorf("the %s %s: write stomp://user:password@host:port/vhost, stomps://host or ws://host:port/path", bad.Part, bad.Problem)
	case err != nil:
		return Broker{}, err
	}
	return split(s), nil
}

// String returns the addresses without passwords.
func (b Brokers) String() string {
	texts := make([]string, len(b))
	for i := range b {
		texts[i] = b[i].String()
	}
	return strings.Join(texts, ",")
}

// At returns the brokers of the connection with the given number: they take turns.
func (b Brokers) At(connection int) Brokers {
	i := connection % len(b)
	return b[i : i+1]
}

// Dial returns the URI that package conn dials: these addresses and no others, in this order. It
// contains the passwords. A client that was never connected gives up after three rounds.
func (b Brokers) Dial() string {
	texts := make([]string, len(b))
	for i := range b {
		texts[i] = b[i].text(escape(b[i].Passcode), true)
	}
	return "failover:(" + strings.Join(texts, ",") + ")?randomize=false&startupMaxReconnectAttempts=3"
}

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

// form is scheme:[//[login[:passcode]@]host[:port]][rest]. The last @ of an authority ends the passcode.
var form = regexp.MustCompile(`(?s)^([^:]*):(?://(?:([^:/?]*)(?::([^/?]*))?@)?(\[[^\]]*\]|[^:/?]*)(?::([^/?]*))?)?(.*)$`)

// split parses an address that package conn has accepted.
func split(s string) Broker {
	part := form.FindStringSubmatch(s)
	b := Broker{Scheme: strings.ToLower(part[1]), Login: unescape(part[2]), Passcode: unescape(part[3]), Host: strings.Trim(part[4], "[]")}
	b.Host = strings.Replace(b.Host, "%25", "%", 1) // a zone (RFC 6874, section 2)
	port, _ := net.LookupPort("tcp", part[5])       // a number, or the name of a service
	b.Port = uint16(port)
	if plain, ok := schemes[b.Scheme]; ok {
		b.Scheme = plain
	}
	switch path := part[6]; {
	case b.WebSocket() && strings.HasPrefix(path, "?"):
		b.Path = "/" + path
	case b.WebSocket():
		b.Path = path
	case b.Unix():
		b.Path = unescape(path)
	default:
		b.VHost = unescape(strings.Trim(strings.TrimSuffix(path, "?"), "/"))
	}
	return b
}

// unescape undoes percent-encoding, which was checked before.
func unescape(s string) string {
	text, _ := url.PathUnescape(s)
	return text
}

// escape encodes all characters with a meaning in a URI, or in a list of them.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
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
	path, secret, found := strings.Cut(b.Path, "?")
	switch {
	case b.VHost != "":
		return text + "/" + escape(b.VHost)
	case b.WebSocket() && path == "":
		return text + "/"
	case !found:
		return text + path
	case !query:
		secret = masked
	}
	return text + path + "?" + secret
}

// Format prints the address as String does, whatever the verb.
func (b Broker) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), b.String())
}

// MarshalText is String: encoding/json and log/slog would write the fields.
func (b Broker) MarshalText() ([]byte, error) { return []byte(b.String()), nil }
