package sink

import (
	"bytes"
	"net"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

const info = `INFO {"server_id":"sink","version":"2.15.0","proto":1,"max_payload":1048576}` + "\r\n"

var lf = []byte{'\n'}

// NATS discards PUBs. It counts them by their LFs, two for each, so payloads must not contain LF.
func NATS(c net.Conn, buf []byte, arrived *flow.Gate) {
	if _, err := c.Write([]byte(info)); err != nil {
		return
	}
	for pinged := false; !pinged; {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		pinged = bytes.HasSuffix(buf[:n], []byte("PING\r\n")) // the client waits for PONG
	}
	if _, err := c.Write([]byte("PONG\r\n")); err != nil {
		return
	}
	for lines := int64(0); ; {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		before := lines
		lines += int64(bytes.Count(buf[:n], lf))
		arrived.Add(lines/2 - before/2)
	}
}
