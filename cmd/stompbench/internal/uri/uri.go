// Package uri parses the addresses of brokers in the form stomp://user:password@host:port/vhost,
// several of them with commas between.
//
// Imports: conn and conn/ws of stompwire, to check an address as the client does.
package uri

import (
	"errors"
	"fmt"
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
