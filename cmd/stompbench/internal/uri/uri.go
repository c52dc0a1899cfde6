// Package uri reads the address of a broker as people write it:
// stomp://user:password@host:port/vhost.
//
// Imports: the standard library only.
package uri

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// DefaultPort is where brokers listen for STOMP.
const DefaultPort = "61613"

// URI is the address of a broker and who we are there.
type URI struct {
	Host, Port      string
	Login, Passcode string
	VHost           string // "" if the URI names none
}

// Parse reads a URI. Its errors say what to change and never show the password.
func Parse(s string) (URI, error) {
	if !strings.Contains(s, "://") {
		s = "stomp://" + s // "localhost:61613" would parse as scheme and opaque
	}
	u, err := url.Parse(s)
	if err != nil {
		return URI{}, parseError(err)
	}
	if err := check(u); err != nil {
		return URI{}, err
	}
	out := URI{Host: u.Hostname(), Port: u.Port(), Login: u.User.Username()}
	out.Passcode, _ = u.User.Password()
	if out.Port == "" {
		out.Port = DefaultPort
	}
	// Only the first slash separates: stomp://host/%2F is RabbitMQ's vhost "/",
	// and so is stomp://host//.
	out.VHost = strings.TrimPrefix(u.Path, "/")
	return out, nil
}

func check(u *url.URL) error {
	if u.Scheme != "stomp" {
		return fmt.Errorf("scheme %q is not supported: write stomp://host:port", u.Scheme)
	}
	if u.Hostname() == "" {
		return errors.New("there is no host: write stomp://host:port")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("port %s is not between 1 and 65535", p)
		}
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return errors.New("? and # have no meaning here: write them as %3F and %23 if they belong to the password or vhost")
	}
	return nil
}

// parseError keeps the reason and drops the text, which may hold a password.
func parseError(err error) error {
	var e *url.Error
	if !errors.As(err, &e) {
		return errors.New("it cannot be read: write stomp://user:password@host:port/vhost")
	}
	var escape url.EscapeError
	if errors.As(e.Err, &escape) {
		return errors.New("a % must be written as %25")
	}
	return errors.New("it cannot be read: write stomp://user:password@host:port/vhost, with %40 for @, %3A for : and %2F for / inside the user, password or vhost")
}

// Address returns host:port for dialling.
func (u URI) Address() string { return net.JoinHostPort(u.Host, u.Port) }

// String returns the URI without the password.
func (u URI) String() string {
	out := url.URL{Scheme: "stomp", Host: u.Address()}
	if u.Login != "" {
		out.User = url.User(u.Login)
	}
	s := out.String()
	if u.VHost != "" {
		s += "/" + url.PathEscape(u.VHost)
	}
	return s
}
