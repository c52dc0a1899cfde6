package dial

// Transport is what lies between STOMP and the network.
type Transport uint8

// The transports, with the schemes that name them in URIs.
const (
	TransportTCP  Transport = iota // stomp, tcp, stomp+nio
	TransportTLS                   // stomps, ssl, tls, stomp+ssl, stomp+tls, stomp+nio+ssl
	TransportWS                    // ws: WebSocket
	TransportWSS                   // wss: WebSocket over TLS
	TransportUnix                  // unix: a Unix socket
)

// transports holds the scheme and the default port of each transport, and its layers.
var transports = [...]struct {
	scheme string
	port   uint16
	tls    bool
	ws     bool
}{
	TransportTCP:  {scheme: "stomp", port: 61613},
	TransportTLS:  {scheme: "stomps", port: 61614, tls: true},
	TransportWS:   {scheme: "ws", port: 80, ws: true},
	TransportWSS:  {scheme: "wss", port: 443, tls: true, ws: true},
	TransportUnix: {scheme: "unix"},
}

// String returns the scheme of the transport.
func (t Transport) String() string {
	if t.valid() {
		return transports[t].scheme
	}
	return "none"
}

func (t Transport) valid() bool         { return int(t) < len(transports) }
func (t Transport) usesTLS() bool       { return transports[t].tls }
func (t Transport) usesWebSocket() bool { return transports[t].ws }

// schemeTransport returns the transport that a scheme in lower case names. ActiveMQ
// calls its connectors stomp+nio; on the wire they are plain STOMP.
func schemeTransport(scheme string) (Transport, bool) {
	switch scheme {
	case "stomp", "tcp", "stomp+nio":
		return TransportTCP, true
	case "stomps", "ssl", "tls", "stomp+ssl", "stomp+tls", "stomp+nio+ssl":
		return TransportTLS, true
	case "ws":
		return TransportWS, true
	case "wss":
		return TransportWSS, true
	case "unix":
		return TransportUnix, true
	}
	return 0, false
}
