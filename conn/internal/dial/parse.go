package dial

import (
	"net/url"
	"strings"
)

// Parse reads what a client connects to: host:port or a URI, see [ParseAddress], or a
// failover list of them as users of ActiveMQ write it:
//
//	broker:61613
//	stomp://login:passcode@broker:61613/vhost
//	failover:(stomp://a:61613,stomps://b)?randomize=false&maxReconnectAttempts=5
//	failover://(stomp://a,stomp://b)
//	failover:stomp://a,stomp://b
//
// The fields of [Plan] name the options of a failover list that set them. Any other
// option is an error. Errors are [*AddressError].
func Parse(uri string) (Plan, error) {
	if list, ok := cutScheme(uri, "failover"); ok {
		return parseFailover(list)
	}
	a, err := ParseAddress(uri)
	if err != nil {
		return Plan{}, err
	}
	return Plan{Addresses: []Address{a}}, nil
}

// ParseAddress reads one address:
//
//	host:61613                                the same as stomp://host:61613
//	stomp://login:passcode@host:61613/vhost   tcp and stomp+nio are the same
//	stomps://host                             ssl, tls, stomp+ssl, stomp+tls and stomp+nio+ssl are the same
//	ws://login:passcode@host:15674/ws         path and query go into the request
//	wss://host/ws
//	unix:/run/broker.sock
//
// Login, passcode and vhost are percent-decoded: the vhost "/" is written %2F, and no
// path or a lone slash names none. IPv6 addresses have brackets, and their zone is
// written [fe80::1%25en1]; a bare % is accepted too. A port may be a name that
// [net.LookupPort] knows. Login and passcode of a WebSocket address go into CONNECT
// and not into the HTTP request.
//
// The URI is not read by net/url because the errors of net/url quote it. Errors are
// [*AddressError].
func ParseAddress(uri string) (Address, error) {
	if isHostPort(uri) {
		uri = "stomp://" + uri
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	transport, ok := schemeTransport(strings.ToLower(scheme))
	if !ok {
		return Address{}, problem("scheme", "is not one of stomp, tcp, stomps, ssl, tls, ws, wss, unix and failover; only host:port has none")
	}
	a := Address{Transport: transport}
	authority, tail, err := splitAuthority(rest, transport)
	if err != nil {
		return Address{}, err
	}
	if err := a.parseAuthority(authority); err != nil {
		return Address{}, err
	}
	if err := a.parsePath(tail); err != nil {
		return Address{}, err
	}
	if err := a.validate(); err != nil {
		return Address{}, err
	}
	return a, nil
}

// isHostPort tells host:port from a URI. It has no user, so nothing in it is secret,
// and a port, so that a word which is no address at all is refused and not dialled.
func isHostPort(s string) bool {
	_, unix := cutScheme(s, "unix")
	_, failover := cutScheme(s, "failover")
	return !unix && !failover && strings.Contains(s, ":") && !strings.ContainsAny(s, "/?#@")
}

// cutScheme returns what follows "scheme:" in any case.
func cutScheme(s, scheme string) (rest string, found bool) {
	name, rest, found := strings.Cut(s, ":")
	return rest, found && strings.EqualFold(name, scheme)
}

// splitAuthority returns the part of a URI between // and the path, and what follows.
func splitAuthority(rest string, transport Transport) (authority, tail string, err error) {
	tail, slashes := strings.CutPrefix(rest, "//")
	switch {
	case slashes:
		authority, tail = splitAt(tail, "/?#")
	case transport != TransportUnix:
		return "", "", problem("host", "is missing: // has to follow the scheme")
	}
	// An unescaped / ? or # in a password would end the authority before its @.
	if strings.Contains(tail, "@") {
		return "", "", problem("user", "contains / ? or #, or the part behind the host contains @: they have to be percent-encoded")
	}
	if strings.Contains(tail, "#") {
		return "", "", problem("path", "is followed by a fragment, which has no meaning here")
	}
	return authority, tail, nil
}

// splitAt cuts s before the first of chars.
func splitAt(s, chars string) (before, rest string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func (a *Address) parsePath(tail string) error {
	if a.Transport.usesWebSocket() {
		if strings.HasPrefix(tail, "?") {
			tail = "/" + tail
		}
		a.Path = tail
		return nil
	}
	path, query, _ := strings.Cut(tail, "?")
	if query != "" {
		name, _, _ := strings.Cut(query, "=")
		return unknownOption(name)
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return problem("path", "contains a % that is not followed by two hex digits")
	}
	if a.Transport == TransportUnix {
		a.Path = decoded
		return nil
	}
	if strings.Count(path, "/") > 1 {
		return problem("path", "has several parts; a / in the name of a virtual host is written %2F")
	}
	a.VHost = strings.TrimPrefix(decoded, "/")
	return nil
}
