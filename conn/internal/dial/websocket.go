package dial

import (
	"context"
	"errors"
	"net"

	"github.com/stompwire/stompwire/frame"
)

// WebSocketFunc opens a WebSocket over nc, which is connected already and, for a wss
// URL, encrypted; ws.Client of package conn/ws is one. url contains no user and no
// passcode. The function owns nc, and closes it if it fails.
type WebSocketFunc func(ctx context.Context, nc net.Conn, url string, subprotocols []string) (net.Conn, error)

// ErrNoWebSocket: there is a ws or wss address, and no function that opens WebSockets.
var ErrNoWebSocket = errors.New("stomp: ws and wss addresses need a WebSocket function, such as ws.Client of conn/ws")

func (o *Options) openWebSocket(ctx context.Context, nc net.Conn, a *Address, versions frame.Versions) (net.Conn, error) {
	url := a.Transport.String() + "://" + a.authority() + a.path()
	opened, err := o.WebSocket(ctx, nc, url, subprotocols(versions))
	if err == nil && opened == nil {
		_ = nc.Close()
		err = errNoConn
	}
	return opened, err
}

// subprotocols returns the names of the offered versions, the highest first.
func subprotocols(versions frame.Versions) (names []string) {
	for v := frame.Version12; v >= frame.Version10; v-- {
		if versions.Has(v) {
			names = append(names, "v"+v.String()[:1]+v.String()[2:]+".stomp")
		}
	}
	return names
}
