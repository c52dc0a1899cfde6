package wsconn

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// Messages is the kind of WebSocket message that carries what is written. Both kinds are read.
type Messages uint8

const (
	Auto   Messages = iota // text if it is valid UTF-8, else binary
	Text                   // text only
	Binary                 // binary only
)

// Conn is a WebSocket as a net.Conn. The library has one, too, but it accepts only one kind of
// message, loses the addresses, and its Close may wait 5 s for the peer.
type Conn struct {
	net.Conn // underneath: its addresses and its Close
	c        *websocket.Conn
	messages Messages
	held     []byte    // the beginning of a character; the next Write has the rest
	reader   io.Reader // of the message that is being read; nil between messages
	reads    deadline
	writes   writeDeadline
	writing  chan struct{} // holds one element while a message or a pong is written
	once     sync.Once
	closed   chan struct{}
}

// New returns a Conn over under that has no WebSocket yet. The options for opening one need
// [Conn.MayPong], before there is one for [Conn.Open].
func New(under net.Conn, messages Messages) *Conn {
	w := &Conn{Conn: under, messages: messages, writing: make(chan struct{}, 1), closed: make(chan struct{})}
	w.reads.abort = func() { _ = under.Close() }
	w.writes.under = under
	return w
}

// Open sets the WebSocket of w. It is called before any other method except MayPong. With pingEvery
// above 0 it sends pings at that interval.
func (w *Conn) Open(c *websocket.Conn, pingEvery time.Duration) {
	w.c = c
	if pingEvery > 0 {
		go w.pings(pingEvery)
	}
}

// Read continues to read a message or waits for the next one.
func (w *Conn) Read(p []byte) (int, error) {
	if err := w.reads.begin(); err != nil {
		return 0, err
	}
	n, err := w.read(p)
	return n, w.reads.end(err)
}

func (w *Conn) read(p []byte) (int, error) {
	for {
		if w.reader == nil {
			_, r, err := w.c.Reader(context.Background())
			if err != nil {
				return 0, endOf(err)
			}
			w.reader = r
		}
		n, err := w.reader.Read(p)
		if err == io.EOF { // of the message
			w.reader, err = nil, nil
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// endOf converts an orderly close to the end of a stream.
func endOf(err error) error {
	switch websocket.CloseStatus(err) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return io.EOF
	}
	return err
}

// Write sends p as one message.
func (w *Conn) Write(p []byte) (int, error) {
	w.writing <- struct{}{} // a pong takes no longer than controlTimeout
	defer func() { <-w.writing }()
	if err := w.writes.begin(); err != nil {
		return 0, err
	}
	err := w.write(p)
	w.writes.end(err)
	if err != nil {
		return 0, err // later writes fail, too: the library writes through a bufio.Writer
	}
	return len(p), nil
}

func (w *Conn) write(p []byte) error {
	if w.messages == Text {
		if p = w.wholeCharacters(p); len(p) == 0 {
			return nil
		}
	}
	return w.c.Write(context.Background(), w.typeOf(p), p)
}

// wholeCharacters holds back an incomplete character at the end of p, because a server may check
// each text message by itself. A frame never ends like that, since its last octet is NUL or LF, so
// the rest always follows.
func (w *Conn) wholeCharacters(p []byte) []byte {
	if len(w.held) > 0 {
		p = append(w.held, p...)
	}
	end := len(p)
	for back := 1; back <= min(len(p), utf8.UTFMax-1); back++ {
		if c := p[len(p)-back]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(p[len(p)-back:]) {
				end = len(p) - back
			}
			break
		}
	}
	w.held = append([]byte(nil), p[end:]...)
	return p[:end]
}

func (w *Conn) typeOf(p []byte) websocket.MessageType {
	if w.messages == Text || (w.messages == Auto && utf8.Valid(p)) {
		return websocket.MessageText
	}
	return websocket.MessageBinary
}

// CloseWrite sends a close frame. The peer's answer ends the reading. It does not wait for it.
func (w *Conn) CloseWrite() error {
	go func() { _ = w.c.Close(websocket.StatusNormalClosure, "") }()
	return nil
}

// Close ends the connection at once, without the closing handshake.
func (w *Conn) Close() error {
	var err error
	w.once.Do(func() {
		close(w.closed)
		w.reads.stop()
		err = w.Conn.Close()
		go func() { _ = w.c.CloseNow() }() // waits for a CloseWrite in progress
	})
	return err
}

// SetDeadline sets both deadlines. A deadline that passes during a Read ends the connection. One
// that passes during a Write ends writing, because a message cannot be continued later. One that
// passes between them makes the next operations fail until it is set again. The write deadline
// restarts with each message, and with what the peer takes if the connection underneath moves its
// own.
func (w *Conn) SetDeadline(t time.Time) error {
	w.reads.set(t)
	w.writes.set(t)
	return nil
}

func (w *Conn) SetReadDeadline(t time.Time) error {
	w.reads.set(t)
	return nil
}

func (w *Conn) SetWriteDeadline(t time.Time) error {
	w.writes.set(t)
	return nil
}
