package ws_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
)

// Opcodes of RFC 6455, section 5.2. fin is set where a message ends.
const (
	opMore  = 0x0
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xa
	fin     = 0x80
)

// masked returns a frame as a client must write it.
func masked(first byte, payload string) string {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := [4]byte{0x1d, 0, 0xff, 0x7e}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return string(b)
}

// raw opens a WebSocket whose frames the test writes and reads octet by octet.
func raw(t *testing.T, uri string) (net.Conn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(uri, "ws://"), "/ws"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(nc, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	r := bufio.NewReader(nc)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", resp, err)
	}
	return nc, r
}

// readFrame returns a frame of a server, which is never masked.
func readFrame(r *bufio.Reader) (first byte, payload string, err error) {
	var head [2]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return 0, "", err
	}
	if head[1] > 125 {
		return 0, "", fmt.Errorf("frame begins % x", head)
	}
	b := make([]byte, head[1])
	_, err = io.ReadFull(r, b)
	return head[0], string(b), err
}

func closeCode(code uint16) string { return string(binary.BigEndian.AppendUint16(nil, code)) }

const connectFrame = "CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,0\n\n\x00"

// A message may come in any number of frames, with control frames in between, which are
// answered there.
func TestMessageInParts(t *testing.T) {
	nc, r := raw(t, listen(t, start(t, broker.Config{}), ws.Options{}))
	long := strings.Repeat("p", 125)
	_, _ = io.WriteString(nc, masked(opText, connectFrame[:9])+masked(fin|opPing, long)+masked(opMore, "")+
		masked(fin|opPong, "never asked for")+masked(opMore, connectFrame[9:40])+masked(fin|opMore, connectFrame[40:]))
	if first, payload, err := readFrame(r); err != nil || first != fin|opPong || payload != long {
		t.Fatalf("got %x %q, %v; want the pong", first, payload, err)
	}
	if first, payload, err := readFrame(r); err != nil || first != fin|opText || !strings.HasPrefix(payload, "CONNECTED\n") {
		t.Fatalf("got %x %q, %v; want CONNECTED", first, payload, err)
	}
	_, _ = io.WriteString(nc, masked(fin|opClose, closeCode(1000)))
	if first, payload, err := readFrame(r); err != nil || first != fin|opClose || payload != closeCode(1000) {
		t.Fatalf("got %x %q, %v; want the answer to close", first, payload, err)
	}
	if _, _, err := readFrame(r); err != io.EOF {
		t.Fatalf("after close: %v", err)
	}
}

// Frames that RFC 6455 forbids end the connection at once, with the code of a protocol
// error if there is one.
func TestHostileFrames(t *testing.T) {
	b := start(t, broker.Config{})
	uri := listen(t, b, ws.Options{})
	for _, tt := range []struct{ name, wire string }{
		{"not masked", string([]byte{fin | opText, 1, 'C'})},
		{"a ping that is not masked", string([]byte{fin | opPing, 0})},
		{"a ping of 126 octets", masked(fin|opPing, strings.Repeat("p", 126))},
		{"a ping of 70,000 octets", masked(fin|opPing, strings.Repeat("p", 70_000))},
		{"a ping in parts", masked(opPing, "p")},
		{"a close in parts", masked(opClose, closeCode(1000))},
		{"a reserved bit", masked(fin|0x40|opText, "C")},
		{"a reserved bit of a ping", masked(fin|0x10|opPing, "p")},
		{"an opcode that nobody knows", masked(fin|0x3, "C")},
		{"a control opcode that nobody knows", masked(fin|0xb, "C")},
		{"a part of nothing", masked(fin|opMore, "C")},
		{"a message inside a message", masked(opText, "C") + masked(fin|opText, "O")},
		{"a length of more than 63 bits", string([]byte{fin | opText, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0})},
		{"a close of one octet", masked(fin|opClose, "\x03")},
		{"a close code that may not be sent", masked(fin|opClose, closeCode(1005))},
		{"a close code that is none", masked(fin|opClose, closeCode(999))},
		{"a close reason of 124 octets", masked(fin|opClose, closeCode(1000)+strings.Repeat("r", 124))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nc, r := raw(t, uri)
			_, _ = io.WriteString(nc, tt.wire)
			for {
				first, payload, err := readFrame(r)
				if ne, ok := err.(net.Error); ok && ne.Timeout() {
					t.Fatal("it is still open")
				}
				if err != nil {
					return
				}
				if first != fin|opClose || !strings.HasPrefix(payload, closeCode(1002)) {
					t.Errorf("got %x %q", first, payload)
				}
			}
		})
	}
	waitFor(t, func() bool { return b.Stats().Connections == 0 })
}
