package faults_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// peer is a broker played by hand, over TCP. It takes what is sent into its books, and confirms it; a script does otherwise.
type peer struct {
	l        net.Listener
	books    *books
	script   func(s *session, f *incoming) (done bool) // sees each frame first
	hello    string                                    // headers of CONNECTED besides the version
	greeting string                                    // said when a connection begins
	trust    *tls.Config                               // what a client needs to know of one that speaks TLS
	wait     sync.WaitGroup

	mu       sync.Mutex
	sessions []*session
}

// session is one connection of a peer, served by one goroutine.
type session struct {
	p      *peer
	number int // from 1 on
	nc     net.Conn
	r      *bufio.Reader
	held   []string // receipts that a script keeps for later

	write sync.Mutex
}

// incoming is a frame from the client.
type incoming struct {
	command string
	header  map[string]string
	body    []byte
}

func startPeer(t testing.TB, script func(s *session, f *incoming) bool) *peer {
	t.Helper()
	return startPeerWith(t, nil, &peer{script: script})
}

// startSecurePeer starts one that speaks TLS.
func startSecurePeer(t testing.TB, script func(s *session, f *incoming) bool) *peer {
	t.Helper()
	server, trust := certified(t)
	return startPeerWith(t, server, &peer{script: script, trust: trust})
}

// startPeerWith starts p, over TLS if server is not nil.
func startPeerWith(t testing.TB, server *tls.Config, p *peer) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if server != nil {
		l = tls.NewListener(l, server)
	}
	p.l, p.books = l, newBooks()
	p.wait.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			s := &session{p: p, number: len(p.sessions) + 1, nc: nc, r: bufio.NewReader(nc)}
			p.sessions = append(p.sessions, s)
			p.mu.Unlock()
			p.wait.Go(s.serve)
		}
	})
	t.Cleanup(p.stop)
	return p
}

// stop ends the peer. When it returns, nothing more arrives.
func (p *peer) stop() {
	_ = p.l.Close()
	p.mu.Lock()
	for _, s := range p.sessions {
		_ = s.nc.Close()
	}
	p.mu.Unlock()
	p.wait.Wait()
}

func (p *peer) addr() string { return p.l.Addr().String() }

func (p *peer) place() place {
	if p.trust != nil {
		return place{uri: "stomps://" + p.addr(), tls: p.trust}
	}
	return place{uri: "stomp://" + p.addr()}
}

// count returns how many connections there were.
func (p *peer) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions)
}

func (s *session) serve() {
	defer s.nc.Close()
	if s.p.greeting != "" {
		s.say("%s", s.p.greeting)
	}
	for {
		f, err := s.next()
		if err != nil || s.handle(f) {
			return
		}
	}
}

// handle answers one frame, and says whether the connection is over.
func (s *session) handle(f *incoming) (over bool) {
	if s.p.script != nil && s.p.script(s, f) {
		return false
	}
	switch f.command {
	case "CONNECT":
		s.say("CONNECTED\nversion:1.2\n%s\n\x00", s.p.hello)
	case "SEND":
		s.p.books.arrive(f.body, f.header["x-possible-duplicate"] == "true")
	}
	s.confirm(f)
	return f.command == "DISCONNECT"
}

func (s *session) confirm(f *incoming) {
	if text := receiptOf(f); text != "" {
		s.say("%s", text)
	}
}

func receiptOf(f *incoming) string {
	if id := f.header["receipt"]; id != "" {
		return "RECEIPT\nreceipt-id:" + id + "\n\n\x00"
	}
	return ""
}

// say writes unless the client has gone.
func (s *session) say(format string, args ...any) {
	s.write.Lock()
	defer s.write.Unlock()
	_, _ = fmt.Fprintf(s.nc, format, args...)
}

// hangUp ends what the broker says, and reads on until the client has closed, too: so nothing that was said is destroyed.
func (s *session) hangUp() {
	_ = s.nc.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, s.r)
}

// next reads a frame and passes over heart-beats.
func (s *session) next() (*incoming, error) {
	var line string
	for line == "" {
		var err error
		if line, err = s.line(); err != nil {
			return nil, err
		}
	}
	f := &incoming{command: line, header: map[string]string{}}
	for {
		line, err := s.line()
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		f.header[name] = value
	}
	length, err := strconv.Atoi(f.header["content-length"])
	if err != nil {
		length = 0
	}
	f.body = make([]byte, length+1) // and the NUL
	_, err = io.ReadFull(s.r, f.body)
	f.body = f.body[:length]
	return f, err
}

func (s *session) line() (string, error) {
	line, err := s.r.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}
