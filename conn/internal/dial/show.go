package dial

import (
	"fmt"
	"net/url"
	"strings"
)

// masked stands for a secret in a printed address.
const masked = "***"

// String returns the address as a URI, with *** for the passcode and for a query.
func (a Address) String() string {
	var b strings.Builder
	b.WriteString(a.Transport.String())
	b.WriteString(":")
	// The path of a socket that starts with // would be read as an authority.
	if a.Transport != TransportUnix || a.hasLogin() || strings.HasPrefix(a.Path, "//") {
		b.WriteString("//")
	}
	if a.hasLogin() {
		b.WriteString(url.User(a.Login).String()) // PathEscape does not escape : and @
		if a.Passcode != "" {
			b.WriteString(":" + masked)
		}
		b.WriteString("@")
	}
	if a.Transport.valid() && a.Transport != TransportUnix {
		b.WriteString(a.authority())
	}
	path, _, query := strings.Cut(a.path(), "?")
	b.WriteString(path)
	if query {
		b.WriteString("?" + masked)
	}
	return b.String()
}

// Format prints the address as String does, whatever the verb: without it, %d would
// print the fields.
func (a Address) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), a.String())
}

// MarshalText is String: encoding/json and log/slog would write the fields. The result
// is not meant to be read back, because it has no passcode.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// authority is hostPort as a URI writes it: a zone follows %25 (RFC 6874, section 2).
func (a *Address) authority() string { return strings.Replace(a.hostPort(), "%", "%25", 1) }

// path returns the part of the URI behind the authority.
func (a *Address) path() string {
	switch {
	case a.Transport == TransportUnix:
		return escapeAt((&url.URL{Path: a.Path}).EscapedPath())
	case a.Transport <= TransportTLS && a.VHost != "":
		return "/" + escapeAt(url.PathEscape(a.VHost))
	case a.Transport <= TransportTLS || a.Path != "":
		return a.Path
	}
	return "/"
}

// escapeAt escapes the @ that net/url leaves alone in a path. ParseAddress refuses one
// there: it could be the end of a password that was not escaped.
func escapeAt(path string) string { return strings.ReplaceAll(path, "@", "%40") }
