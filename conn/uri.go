package conn

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// schemes maps what users write to transports. The nio schemes are what ActiveMQ
// calls its connectors; on the wire they are the plain ones.
var schemes = map[string]Transport{
	"stomp": TransportTCP, "stomp+nio": TransportTCP,
	"stomps": TransportTLS, "stomp+ssl": TransportTLS, "stomp+tls": TransportTLS, "stomp+nio+ssl": TransportTLS,
	"ws": TransportWS, "wss": TransportWSS,
	"unix": TransportUnix,
}

// ParseAddress reads the URI of one address:
//
//	stomp://login:passcode@host:61613/vhost
//	stomps://host                             stomp+ssl and stomp+tls are the same
//	ws://login:passcode@host:15674/ws         path and query go into the request
//	wss://host/ws
//	unix:/run/broker.sock
//
// Login, passcode and vhost are percent-decoded: the vhost "/" is %2F, and none is
// named by no path or by a lone slash. IPv6 addresses have brackets and their zone
// is written [fe80::1%25en1]; with a bare % it is understood too. Login and
// passcode of a WebSocket address go into CONNECT and not into the HTTP request.
//
// The URI is taken apart here and not by net/url, whose errors quote the URI.
// Errors are [*AddressError].
func ParseAddress(uri string) (Address, error) {
	name, rest, _ := strings.Cut(uri, ":")
	transport, ok := schemes[strings.ToLower(name)]
	if !ok {
		return Address{}, problem("scheme", "is not stomp, stomps, stomp+ssl, stomp+tls, ws, wss, unix or failover")
	}
	a := Address{Transport: transport}
	rest, slashes := strings.CutPrefix(rest, "//")
	authority, tail := "", rest
	if slashes {
		authority, tail = splitAt(rest, "/?#")
	} else if transport != TransportUnix {
		return Address{}, problem("host", "is missing: // has to follow the scheme")
	}
	// A / ? or # in a password would end the authority before its @.
	if strings.Contains(tail, "@") {
		return Address{}, problem("user", "holds / ? or #, or what follows the host holds @; they have to be percent-encoded")
	}
	if strings.Contains(tail, "#") {
		return Address{}, problem("path", "is followed by a fragment, which means nothing here")
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		if err := a.parseUser(authority[:at]); err != nil {
			return Address{}, err
		}
		authority = authority[at+1:]
	}
	if err := a.parseHost(authority); err != nil {
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

// splitAt cuts s before the first of chars.
func splitAt(s, chars string) (before, rest string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func (a *Address) parseUser(user string) error {
	login, passcode, _ := strings.Cut(user, ":")
	var errLogin, errPasscode error
	a.Login, errLogin = url.PathUnescape(login)
	a.Passcode, errPasscode = url.PathUnescape(passcode)
	if errLogin != nil || errPasscode != nil {
		return problem("user", "holds a % that two hex digits do not follow; a % itself is %25")
	}
	return nil
}

func (a *Address) parseHost(authority string) error {
	if a.Transport == TransportUnix {
		if authority != "" && authority != defaultHostName {
			return problem("host", "means nothing for a Unix socket: write unix:/path")
		}
		return nil
	}
	host, port, err := splitHost(authority)
	if err != nil {
		return err
	}
	if host == "" {
		return problem("host", "is missing")
	}
	a.Host = host
	if port == "" {
		return nil
	}
	n, bad := strconv.ParseUint(port[1:], 10, 16)
	if bad != nil || n == 0 {
		return problem("port", "is not a number from 1 to 65535; an IPv6 address has brackets")
	}
	a.Port = uint16(n)
	return nil
}

// splitHost returns the host, without brackets, and the port with its colon, "" if
// there is none.
func splitHost(authority string) (host, port string, err error) {
	literal, bracketed := strings.CutPrefix(authority, "[")
	if !bracketed {
		host, port = splitAt(authority, ":")
		return host, port, nil
	}
	host, port, ok := strings.Cut(literal, "]")
	if !ok || (port != "" && port[0] != ':') {
		return "", "", problem("host", "has brackets that do not match")
	}
	// "%25" ZoneID (RFC 6874, section 2).
	host = strings.Replace(host, "%25", "%", 1)
	if ip, err := netip.ParseAddr(host); err != nil || ip.Is4() {
		return "", "", problem("host", "in brackets is no IPv6 address")
	}
	return host, port, nil
}

func (a *Address) parsePath(tail string) error {
	if a.usesWebSocket() {
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
		return problem("path", "holds a % that two hex digits do not follow")
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
