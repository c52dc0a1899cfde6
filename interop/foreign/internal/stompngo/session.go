// Package stompngo is the program for stompngo.
package stompngo

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gmallard/stompngo"

	"github.com/stompwire/stompwire/interop/foreign/internal/program"
)

// New returns the client.
func New(program.Env) program.Client {
	return program.Client{Name: "stompngo " + program.Release("github.com/gmallard/stompngo"), Dial: dial}
}

type session struct {
	nc       net.Conn
	c        *stompngo.Connection
	messages chan stompngo.MessageData
	end      chan struct{} // closed by Cut
	cut      sync.Once
	subs     map[string]string // destinations by id
}

func dial(o program.Options) (program.Session, error) {
	ms := o.Beat.Milliseconds()
	c, err := stompngo.Connect(o.Conn, stompngo.Headers{
		"accept-version", o.Version, "host", "/", "login", "guest", "passcode", o.Passcode,
		"heart-beat", fmt.Sprintf("%d,%d", ms, ms),
	})
	if err != nil {
		if c != nil && c.ConnectResponse != nil { // the ERROR frame
			err = fmt.Errorf("%w: %s", err, c.ConnectResponse.Headers.Value("message"))
		}
		return nil, err
	}
	return &session{
		nc: o.Conn, c: c, messages: make(chan stompngo.MessageData), end: make(chan struct{}),
		subs: map[string]string{},
	}, nil
}

func (s *session) Version() string { return s.c.ConnectResponse.Headers.Value("version") }

func (s *session) Subscribe(destination, id, ack string) error {
	receipt := stompngo.Uuid()
	in, err := s.c.Subscribe(stompngo.Headers{"destination", destination, "id", id, "ack", ack, "receipt", receipt})
	if err != nil {
		return err
	}
	s.subs[id] = destination
	go func() {
		for m := range in {
			select {
			case s.messages <- m:
			case <-s.end:
			}
		}
	}()
	return s.receipt(receipt)
}

// receipt waits for a RECEIPT. They arrive on a channel of the connection.
func (s *session) receipt(id string) error {
	f, err := s.unsolicited()
	if err == nil && (f.Command != stompngo.RECEIPT || f.Headers.Value("receipt-id") != id) {
		err = fmt.Errorf("%s %s %q instead of the receipt", f.Command, f.Headers.Value("receipt-id"), f.Headers.Value("message"))
	}
	return err
}

func (s *session) unsolicited() (stompngo.Message, error) {
	select {
	case m, ok := <-s.c.MessageData:
		if !ok {
			return stompngo.Message{}, net.ErrClosed
		}
		return m.Message, m.Error
	case <-time.After(program.Wait):
		return stompngo.Message{}, errors.New("no RECEIPT, no ERROR")
	}
}

func (s *session) Unsubscribe(id string) error {
	return s.c.Unsubscribe(stompngo.Headers{"destination", s.subs[id], "id", id})
}

func (s *session) Send(destination string, body []byte, headers ...string) error {
	h := stompngo.Headers{"destination", destination}
	return s.c.SendBytes(h.AddHeaders(headers), body)
}

func (s *session) SendReceipt(destination string, body []byte) error {
	receipt := stompngo.Uuid()
	if err := s.Send(destination, body, "receipt", receipt); err != nil {
		return err
	}
	return s.receipt(receipt)
}

func (s *session) SendTx(tx, destination string, body []byte) error {
	return s.Send(destination, body, "transaction", tx)
}

func (s *session) Ack(m program.Message, tx string) error {
	h := s.ackHeaders(m)
	if tx != "" {
		h = h.Add("transaction", tx)
	}
	return s.c.Ack(h)
}

func (s *session) Nack(m program.Message) error { return s.c.Nack(s.ackHeaders(m)) }

func (s *session) ackHeaders(m program.Message) stompngo.Headers {
	switch s.c.Protocol() {
	case stompngo.SPL_12:
		return stompngo.Headers{"id", m.Header("ack")}
	case stompngo.SPL_11:
		return stompngo.Headers{"message-id", m.Header("message-id"), "subscription", m.Subscription}
	}
	return stompngo.Headers{"message-id", m.Header("message-id")}
}

func (s *session) Begin() (string, error) {
	tx := stompngo.Uuid()
	return tx, s.c.Begin(stompngo.Headers{"transaction", tx})
}

func (s *session) Commit(tx string) error { return s.c.Commit(stompngo.Headers{"transaction", tx}) }
func (s *session) Abort(tx string) error  { return s.c.Abort(stompngo.Headers{"transaction", tx}) }

func (s *session) Receive() (program.Message, error) {
	select {
	case m := <-s.messages:
		if m.Error != nil {
			return program.Message{}, m.Error
		}
		h := m.Message.Headers
		return program.Message{
			Body: m.Message.Body, Subscription: h.Value("subscription"), Header: h.Value,
		}, nil
	case m := <-s.c.MessageData:
		return program.Message{}, fmt.Errorf("%s %s: %w", m.Message.Command, m.Message.Headers.Value("message"), m.Error)
	case <-time.After(program.Wait):
		return program.Message{}, errors.New("no MESSAGE")
	}
}

func (s *session) SendNowhere() (string, error) {
	err := s.Send("", []byte("to nobody"))
	if err == stompngo.EHDRMTV {
		return "", program.Unsupported("stompngo itself refuses to SEND without a destination on 1.0.")
	}
	if err != nil {
		return "", err
	}
	f, err := s.unsolicited()
	if err != nil {
		return "", err
	}
	if f.Command != stompngo.ERROR {
		return "", fmt.Errorf("%s instead of ERROR", f.Command)
	}
	if _, err := s.unsolicited(); err == nil {
		return "", errors.New("another frame behind ERROR")
	}
	return f.Headers.Value("message"), nil
}

// Disconnect waits until the broker has closed the connection. stompngo asks for a receipt by
// itself and waits for it. But if its writer is done before its reader has begun to read, the
// reader stops, and stompngo takes that for the receipt.
func (s *session) Disconnect() error {
	if err := s.c.Disconnect(stompngo.Headers{}); err != nil {
		return err
	}
	if err := s.nc.SetReadDeadline(time.Now().Add(program.Wait)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, s.nc)
	return err
}

func (s *session) Cut() {
	s.cut.Do(func() {
		close(s.end)
		s.nc.Close()
	})
}
