package ws

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// origins are the patterns of Options.Origins, in lower case.
type origins []string

// check returns why the page that a browser acts for may not open a WebSocket, nil if it may or if
// the client is not a browser. It does not trust the request's Host header: a page of evil.example
// may have had that name changed to our address after it was loaded ("DNS rebinding"), and then
// both headers say evil.example. A certificate proves that the name is ours; an IP address or
// localhost is not a name.
func (allowed origins) check(r *http.Request) error {
	text := strings.ToLower(r.Header.Get("Origin"))
	if text == "" {
		return nil
	}
	origin, err := url.Parse(text)
	if err != nil || origin.Host == "" { // "null" is the origin of sandboxed frames and of files
		return fmt.Errorf("origin %q has no host", text)
	}
	if allowed.match(origin) {
		return nil
	}
	switch own := strings.EqualFold(origin.Host, r.Host); {
	case own && r.TLS != nil && origin.Scheme == "https":
		return nil
	case own && r.TLS == nil && isNoName(origin.Hostname()):
		return nil
	}
	return fmt.Errorf("origin %q may not connect to %q", text, r.Host)
}

func (allowed origins) match(origin *url.URL) bool {
	for _, pattern := range allowed {
		target := origin.Host
		if strings.Contains(pattern, "://") {
			target = origin.Scheme + "://" + origin.Host
		}
		if ok, _ := path.Match(pattern, target); ok {
			return true
		}
	}
	return false
}

// isNoName reports whether host means the same machine whatever a name server says: an IP address
// or localhost.
func isNoName(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
