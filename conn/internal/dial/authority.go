package dial

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// parseAuthority reads login:passcode@host:port.
func (a *Address) parseAuthority(authority string) error {
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		if err := a.parseUser(authority[:at]); err != nil {
			return err
		}
		authority = authority[at+1:]
	}
	return a.parseHost(authority)
}

func (a *Address) parseUser(user string) error {
	login, passcode, _ := strings.Cut(user, ":")
	var errLogin, errPasscode error
	a.Login, errLogin = url.PathUnescape(login)
	a.Passcode, errPasscode = url.PathUnescape(passcode)
	if errLogin != nil || errPasscode != nil {
		return problem("user", "contains a % that is not followed by two hex digits; a % itself is written %25")
	}
	return nil
}

func (a *Address) parseHost(authority string) error {
	if a.Transport == TransportUnix {
		if authority != "" && authority != localhost {
			return problem("host", "has no meaning for a Unix socket: write unix:/path")
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
	a.Port, err = parsePort(port[1:])
	return err
}

// splitHost returns the host, without brackets, and the port with its colon; "" if
// there is no port.
func splitHost(authority string) (host, port string, err error) {
	literal, bracketed := strings.CutPrefix(authority, "[")
	if !bracketed {
		if strings.Count(authority, ":") > 1 {
			return "", "", problem("host", "contains several colons; an IPv6 address has brackets: [::1]:61613")
		}
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
		return "", "", problem("host", "in brackets is not an IPv6 address")
	}
	return host, port, nil
}

// parsePort reads a number from 1 to 65535, or the name of a service.
func parsePort(port string) (uint16, error) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil && isServiceName(port) {
		var known int
		known, err = net.LookupPort("tcp", port)
		n = uint64(known)
	}
	if err != nil || n == 0 {
		return 0, problem("port", "is neither a number from 1 to 65535 nor the name of a service")
	}
	return uint16(n), nil
}

// isServiceName reports whether s can be the name of a service: up to 15 letters,
// digits and hyphens, at least one of them a letter (RFC 6335, section 5.1).
func isServiceName(s string) bool {
	const letters, rest = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789-"
	return len(s) <= 15 && strings.ContainsAny(s, letters) && strings.Trim(s, letters+rest) == ""
}
