// Package uri parses the addresses of brokers in the form stomp://user:password@host:port/vhost,
// several of them with commas between. Package conn decides what is valid.
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
		b, err := parse(strings.TrimSpace(member))
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

// String returns the addresses without passwords.
func (b Brokers) String() string { return b.join(mask) }

// At returns the brokers of the connection with the given number: they take turns.
func (b Brokers) At(connection int) Brokers {
	i := connection % len(b)
	return b[i : i+1]
}

// SetPasscode sets the password of the addresses that have none.
func (b Brokers) SetPasscode(passcode string) {
	for i := range b {
		if b[i].passcode == "" {
			b[i].passcode = escape(passcode)
		}
	}
}

// Dial returns the URI that package conn dials: these addresses and no others, in this order. It
// contains the passwords. A client that was never connected gives up after three rounds.
func (b Brokers) Dial() string {
	return "failover:(" + b.join(func(secret string) string { return secret }) + ")?randomize=false&startupMaxReconnectAttempts=3"
}

func (b Brokers) join(show func(secret string) string) string {
	texts := make([]string, len(b))
	for i := range b {
		texts[i] = b[i].text(show)
	}
	return strings.Join(texts, ",")
}

// Broker is one address. It prints without its password, and without the query of a WebSocket path,
// which may be a token.
type Broker struct {
	scheme          string // stomp, stomps, ws, wss or unix
	login, passcode string // like path, percent-encoded
	authority       string // host:port; "" for a Unix socket
	path            string // of the socket; of the WebSocket, with its query; or the virtual host after a slash
}

// ports are the default ports of the schemes.
var ports = map[string]int{"stomp": 61613, "stomps": 61614, "ws": 80, "wss": 443}

// schemes are the aliases of schemes in package conn.
var schemes = map[string]string{
	"tcp": "stomp", "stomp+nio": "stomp",
	"ssl": "stomps", "tls": "stomps", "stomp+ssl": "stomps", "stomp+tls": "stomps", "stomp+nio+ssl": "stomps",
}

// form is scheme:[//[login[:passcode]@]host[:port]][rest]. The last @ of an authority ends the passcode.
var form = regexp.MustCompile(`(?s)^([^:]*):(?://(?:([^:/?]*)(?::([^/?]*))?@)?(\[[^\]]*\]|[^:/?]*)(?::([^/?]*))?)?(.*)$`)

// parse parses one address.
func parse(s string) (b Broker, err error) {
	if !strings.Contains(s, "://") && !strings.HasPrefix(s, "unix:") {
		s = "stomp://" + s // otherwise "localhost:61613" would have the scheme localhost
	}
	// Inside the list, a nested list is an error, which New alone would accept.
	_, err = conn.New("failover:("+s+")", &conn.Config{WebSocket: ws.Client})
	var bad *conn.AddressError
	switch {
	case errors.As(err, &bad):
		return b, fmt.Errorf("the %s %s: write stomp://user:password@host:port/vhost, stomps://host or ws://host:port/path", bad.Part, bad.Problem)
	case err != nil:
		return b, err
	}
	part := form.FindStringSubmatch(s)
	b = Broker{scheme: strings.ToLower(part[1]), login: escape(unescape(part[2])), passcode: escape(unescape(part[3])), path: part[6]}
	if known, ok := schemes[b.scheme]; ok {
		b.scheme = known
	}
	switch {
	case b.scheme == "unix":
		b.path = strings.ReplaceAll(escape(unescape(b.path)), "%2F", "/")
		return b, nil
	case b.WebSocket():
		b.path = "/" + strings.TrimPrefix(b.path, "/")
	default:
		b.path = strings.TrimSuffix("/"+escape(unescape(strings.Trim(b.path, "/?"))), "/")
	}
	port := ports[b.scheme]
	if part[5] != "" {
		port, _ = net.LookupPort("tcp", part[5]) // a number, or the name of a service
	}
	host := strings.Replace(strings.Trim(part[4], "[]"), "%25", "%", 1)
	b.authority = net.JoinHostPort(strings.Replace(host, "%", "%25", 1), strconv.Itoa(port)) // of a zone (RFC 6874, section 2)
	return b, nil
}

// unescape undoes percent-encoding, which was checked before.
func unescape(s string) string {
	text, _ := url.PathUnescape(s)
	return text
}

// escape encodes all characters with a meaning in a URI, or in a list of them.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// TLS reports whether connections are encrypted.
func (b *Broker) TLS() bool { return b.scheme == "stomps" || b.scheme == "wss" }

// WebSocket reports whether STOMP goes over WebSocket.
func (b *Broker) WebSocket() bool { return b.scheme == "ws" || b.scheme == "wss" }

// Socket returns what to dial.
func (b *Broker) Socket() (network, address string) {
	if b.scheme == "unix" {
		return "unix", unescape(b.path)
	}
	return "tcp", strings.Replace(b.authority, "%25", "%", 1)
}

// Connect returns what goes into the CONNECT frame.
func (b *Broker) Connect() (login, passcode, vhost string) {
	if b.scheme == "stomp" || b.scheme == "stomps" {
		vhost = unescape(strings.TrimPrefix(b.path, "/"))
	}
	return unescape(b.login), unescape(b.passcode), vhost
}

// URL returns the URL of the WebSocket.
func (b *Broker) URL() string { return b.scheme + "://" + b.authority + b.path }

// mask stands for a secret in a printed address.
func mask(string) string { return "***" }

// String returns the address as a URI, with *** for the password and for a query.
func (b Broker) String() string { return b.text(mask) }

// text returns the address as a URI, with its secrets as show has them.
func (b *Broker) text(show func(secret string) string) string {
	user := b.login
	if b.passcode != "" {
		user += ":" + show(b.passcode)
	}
	if user != "" {
		user += "@"
	}
	path, query, found := strings.Cut(b.path, "?")
	if found {
		path += "?" + show(query)
	}
	// The path of a socket that starts with // would be read as an authority.
	if b.scheme == "unix" && user == "" && !strings.HasPrefix(path, "//") {
		return "unix:" + path
	}
	return b.scheme + "://" + user + b.authority + path
}

// Format prints the address as String does, whatever the verb.
func (b Broker) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), b.String())
}
