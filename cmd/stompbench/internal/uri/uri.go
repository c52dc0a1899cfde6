// Package uri reads the addresses of brokers as people write them:
// stomp://user:password@host:port/vhost, several of them with commas between.
//
// Imports: conn of stompwire, which knows what an address is.
package uri

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/conn"
)

// Brokers are the addresses that connections are spread over.
type Brokers []conn.Address

// Parse reads addresses. An address without a scheme is one of stomp. Its errors
// say what to change and never show a password.
func Parse(s string) (Brokers, error) {
	var out Brokers
	members := strings.Split(s, ",")
	for i, member := range members {
		a, err := parseOne(strings.TrimSpace(member))
		if err != nil {
			if len(members) > 1 {
				err = fmt.Errorf("address %d: %w (a comma in a password is written %%2C)", i+1, err)
			}
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func parseOne(s string) (conn.Address, error) {
	if !strings.Contains(s, "://") && !strings.HasPrefix(s, "unix:") {
		s = "stomp://" + s // "localhost:61613" would be a scheme and a port
	}
	a, err := conn.ParseAddress(s)
	var bad *conn.AddressError
	if errors.As(err, &bad) {
		return a, fmt.Errorf("the %s %s: write stomp://user:password@host:port/vhost, stomps://host or ws://host:port/path", bad.Part, bad.Problem)
	}
	return a, err
}

// String returns the addresses without passwords.
func (b Brokers) String() string {
	texts := make([]string, len(b))
	for i, a := range b {
		texts[i] = a.String()
	}
	return strings.Join(texts, ",")
}

// At returns the address of the connection with the given number: they take turns.
func (b Brokers) At(connection int) conn.Address { return b[connection%len(b)] }
