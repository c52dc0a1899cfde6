package listen_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/listen"
	"github.com/stompwire/stompwire/engine/pump"
)

// server answers CONNECT and receipts on one pipe after another. Frames are drawn with ^@ for NUL.
type server struct {
	t testing.TB

	mu        sync.Mutex
	connected string // the answer to CONNECT
	refuse    bool   // new connections
	latest    net.Conn
	done      chan struct{} // the latest was served
	writing   sync.Mutex
}

func newServer(t testing.TB) *server {
	return &server{t: t, connected: "CONNECTED\nversion:1.2\n\n^@"}
}

// client returns a client with these listeners, which is ended with the test.
func (s *server) client(cfg conn.Config, listeners *listen.Set) *conn.Client {
	s.t.Helper()
	cfg.DialFunc, cfg.Driver, cfg.Trace = s.dial, pump.Driver{}, listeners.Trace
	c, err := conn.New("stomp://broker", &cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = c.Close()
		<-c.Done()
		s.cut()
	})
	return c
}

// dialled is client that has connected.
func (s *server) dialled(cfg conn.Config, listeners *listen.Set) *conn.Client {
	s.t.Helper()
	c := s.client(cfg, listeners)
	if err := c.Connect(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *server) dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		return nil, errors.New("refused by the test")
	}
	client, broker := net.Pipe()
	s.latest, s.done = broker, make(chan struct{})
	go s.serve(broker, s.done)
	return client, nil
}

func (s *server) set(change func(s *server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *server) serve(nc net.Conn, done chan struct{}) {
	defer close(done)
	defer nc.Close()
	r := bufio.NewReader(nc)
	for {
		command, receipt, err := readFrame(r)
		if err != nil {
			return
		}
		s.mu.Lock()
		connected := s.connected
		s.mu.Unlock()
		if command == "CONNECT" {
			s.write(nc, connected)
		}
		if receipt != "" {
			s.write(nc, "RECEIPT\nreceipt-id:"+receipt+"\n\n^@")
		}
	}
}

// readFrame returns the command of the next frame and its receipt header.
func readFrame(r *bufio.Reader) (command, receipt string, err error) {
	length := -1
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		line = strings.TrimSuffix(line, "\n")
		switch name, value, _ := strings.Cut(line, ":"); {
		case line == "" && command == "": // a heart-beat
		case line == "":
			if length >= 0 {
				if _, err := io.CopyN(io.Discard, r, int64(length)); err != nil {
					return "", "", err
				}
			}
			_, err := r.ReadString(0)
			return command, receipt, err
		case command == "":
			command = line
		case name == "receipt":
			receipt = value
		case name == "content-length":
			length, _ = strconv.Atoi(value)
		}
	}
}

func (s *server) write(nc net.Conn, text string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, _ = io.WriteString(nc, strings.ReplaceAll(text, "^@", "\x00"))
}

// say writes to the latest connection.
func (s *server) say(text string) {
	s.mu.Lock()
	nc := s.latest
	s.mu.Unlock()
	s.write(nc, text)
}

// cut ends the latest connection.
func (s *server) cut() {
	s.mu.Lock()
	nc, done := s.latest, s.done
	s.mu.Unlock()
	if nc != nil {
		_ = nc.Close()
		<-done
	}
}

func message(id, body string) string {
	return "MESSAGE\nsubscription:1\nmessage-id:" + id + "\nack:" + id + "\ndestination:/queue/a\n\n" + body + "^@"
}

// events records what listeners are told.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) note(event string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Equal(e.all, want) {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(e.all, "\n"), strings.Join(want, "\n"))
	}
	e.all = nil
}

// sort makes the order of what is recorded so far irrelevant.
func (e *events) sort() {
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	slices.Sort(e.all)
}
