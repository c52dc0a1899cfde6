package conn_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
)

// fakeServer is a broker that takes one connection after another and answers by itself, with the faults that a test asks
// for. It delivers nothing: what it got is in its log.
type fakeServer struct {
	t testing.TB

	mu       sync.Mutex
	refuse   int                    // dials to refuse
	dials    []time.Time            // when each came
	sessions []*fakeSession         // that are open
	log      []string               // frames but CONNECT
	answer   func(text string) bool // says whether to send a receipt now; nil for always
	ends     func(text string) bool // says whether to end the connection that the frame has come on; nil for never
	twice    bool                   // each receipt comes twice
	connect  string                 // answer to CONNECT, if not CONNECTED
	server   string
}

type fakeSession struct {
	*fakeBroker
	number int
	done   chan struct{}
	write  sync.Mutex
}

var errRefused = errors.New("connection refused by the test")

// dial is a Config.DialFunc.
func (s *fakeServer) dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	s.dials = append(s.dials, time.Now())
	if s.refuse != 0 {
		s.refuse--
		s.mu.Unlock()
		return nil, errRefused
	}
	s.mu.Unlock()
	client, broker := net.Pipe()
	go s.serve(s.take(broker))
	return client, nil
}

// take makes a session of the broker's end of a connection.
func (s *fakeServer) take(nc net.Conn) *fakeSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &fakeSession{number: len(s.dials), done: make(chan struct{}),
		fakeBroker: &fakeBroker{t: s.t, nc: nc, r: bufio.NewReader(nc), patience: time.Hour}}
	s.sessions = append(s.sessions, b)
	return b
}

func (s *fakeServer) serve(b *fakeSession) {
	defer close(b.done)
	defer b.nc.Close()
	for {
		text, err := b.next()
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(text, "\n")
		if command == "CONNECT" {
			answer := s.connect
			if answer == "" {
				answer = "CONNECTED\nversion:1.2\nserver:" + s.server + "\n\n^@"
			}
			b.say(answer)
			continue
		}
		s.mu.Lock()
		s.log = append(s.log, text)
		if s.ends != nil && s.ends(text) {
			s.mu.Unlock()
			return
		}
		answer, times := s.answer == nil || s.answer(text), 1
		if s.twice {
			times = 2
		}
		s.mu.Unlock()
		if id := header(text, "receipt"); id != "" && answer {
			b.say(strings.Repeat("RECEIPT\nreceipt-id:"+id+"\n\n^@", times))
		}
		if command == "DISCONNECT" {
			return
		}
	}
}

// say writes unless the client has gone.
func (b *fakeSession) say(text string) {
	b.write.Lock()
	defer b.write.Unlock()
	_, _ = b.nc.Write([]byte(strings.ReplaceAll(text, "^@", "\x00")))
}

// cut ends all connections, as a broker does that is killed.
func (s *fakeServer) cut() {
	s.mu.Lock()
	cut := s.sessions
	s.sessions = nil
	s.mu.Unlock()
	for _, b := range cut {
		_ = b.nc.Close()
		<-b.done
	}
}

// dialled returns when each dial came.
func (s *fakeServer) dialled() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dials)
}

// set changes the server under its lock.
func (s *fakeServer) set(change func(s *fakeServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// frames returns what came with this command, in order.
func (s *fakeServer) frames(command string) (frames []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.log {
		if strings.HasPrefix(text, command+"\n") {
			frames = append(frames, text)
		}
	}
	return frames
}

// order returns the commands in order, and the bodies of SENDs behind them.
func (s *fakeServer) order() (order []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.log {
		command, _, _ := strings.Cut(text, "\n")
		if command == "SEND" {
			command += " " + body(text)
		}
		order = append(order, command)
	}
	return order
}

func body(text string) string {
	_, body, _ := strings.Cut(text, "\n\n")
	return strings.TrimSuffix(body, "^@")
}

// latest returns the connection that was made last.
func (s *fakeServer) latest() *fakeSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[len(s.sessions)-1]
}

// client returns a client of the server that is closed with the test.
func (s *fakeServer) client(cfg conn.Config) *conn.Client {
	s.t.Helper()
	cfg.DialFunc, cfg.Driver = s.dial, pump.Driver{}
	c, err := conn.New(brokerURI, &cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.end(c) })
	return c
}

// connected is client that has connected.
func (s *fakeServer) connected(cfg conn.Config) *conn.Client {
	s.t.Helper()
	c := s.client(cfg)
	if err := c.Connect(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// end closes c and waits for everything that belongs to it.
func (s *fakeServer) end(c *conn.Client) {
	_ = c.Close()
	<-c.Done()
	s.cut()
}

// never is a fakeServer.answer.
func never(string) bool { return false }

// reject answers a frame on the latest connection with an ERROR that names it. It is for answer: the server is locked.
func (s *fakeServer) reject(text string) {
	b := s.sessions[len(s.sessions)-1]
	go b.say("ERROR\nmessage:no\nreceipt-id:" + header(text, "receipt") + "\n\n^@")
}
