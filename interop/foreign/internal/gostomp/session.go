// Package gostomp is the program for go-stomp.
package gostomp

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/go-stomp/stomp/v3"
	"github.com/go-stomp/stomp/v3/frame"

	"github.com/stompwire/stompwire/interop/foreign/internal/program"
)

// New returns the client.
func New(program.Env) program.Client {
	return program.Client{Name: "go-stomp " + program.Release("github.com/go-stomp/stomp/v3"), Dial: dial}
}

type session struct {
	nc       *ending
	c        *stomp.Conn
	messages chan *stomp.Message
	end      chan struct{} // closed by Cut
	cut      sync.Once
	txs      map[string]*stomp.Transaction
	subs     map[string]*subscription
}

// ending is a connection that tells when it is closed, by us or by go-stomp.
type ending struct {
	net.Conn
	closed chan struct{}
	once   sync.Once
}

func (e *ending) Close() error {
	e.once.Do(func() { close(e.closed) })
	return e.Conn.Close()
}

type subscription struct {
	*stomp.Subscription
	over chan struct{} // closed when the channel is
}

// prefix distinguishes our subscription ids from go-stomp's receipt ids, which are numbers: it has
// one table for both.
const prefix = "subscription-"

var ackModes = map[string]stomp.AckMode{
	"auto": stomp.AckAuto, "client": stomp.AckClient, "client-individual": stomp.AckClientIndividual,
}

func dial(o program.Options) (program.Session, error) {
	nc := &ending{Conn: o.Conn, closed: make(chan struct{})}
	c, err := stomp.Connect(nc,
		stomp.ConnOpt.Login("guest", o.Passcode),
		stomp.ConnOpt.AcceptVersion(stomp.Version(o.Version)),
		stomp.ConnOpt.HeartBeat(o.Beat, o.Beat),
		stomp.ConnOpt.HeartBeatGracePeriodMultiplier(3),
		stomp.ConnOpt.MsgSendTimeout(program.Wait),
		stomp.ConnOpt.RcvReceiptTimeout(program.Wait),
		stomp.ConnOpt.DisconnectReceiptTimeout(program.Wait),
		stomp.ConnOpt.UnsubscribeReceiptTimeout(program.Wait))
	if err != nil {
		return nil, err
	}
	return &session{
		nc: nc, c: c, messages: make(chan *stomp.Message), end: make(chan struct{}),
		txs: map[string]*stomp.Transaction{}, subs: map[string]*subscription{},
	}, nil
}

func (s *session) Version() string { return string(s.c.Version()) }

func (s *session) Subscribe(destination, id, ack string) error {
	theirs, err := s.c.Subscribe(destination, ackModes[ack], stomp.SubscribeOpt.Id(prefix+id))
	if err != nil {
		return err
	}
	sub := &subscription{theirs, make(chan struct{})}
	s.subs[id] = sub
	go func() {
		defer close(sub.over)
		for m := range sub.C {
			select {
			case s.messages <- m:
			case <-s.end:
			}
		}
	}()
	// go-stomp asks for no receipt of SUBSCRIBE. A receipt for a later frame serves the same
	// purpose.
	return s.SendReceipt("/topic/nobody", nil)
}

// Unsubscribe waits until go-stomp closes the channel at the receipt. go-stomp's own wait misses a
// receipt that comes quickly, and then lasts for 30 s.
func (s *session) Unsubscribe(id string) error {
	sub := s.subs[id]
	failed := make(chan error, 1)
	go func() {
		if err := sub.Subscription.Unsubscribe(); err != nil {
			failed <- err
		}
	}()
	select {
	case <-sub.over:
		return nil
	case err := <-failed:
		return err
	}
}

func (s *session) Send(destination string, body []byte, headers ...string) error {
	return s.c.Send(destination, "", body, options(headers)...)
}

func options(headers []string) (opts []func(*frame.Frame) error) {
	for i := 0; i+1 < len(headers); i += 2 {
		opts = append(opts, stomp.SendOpt.Header(headers[i], headers[i+1]))
	}
	return opts
}

func (s *session) SendReceipt(destination string, body []byte) error {
	return s.c.Send(destination, "", body, stomp.SendOpt.Receipt)
}

func (s *session) SendTx(tx, destination string, body []byte) error {
	return s.txs[tx].Send(destination, "", body)
}

func (s *session) Ack(m program.Message, tx string) error {
	if tx != "" {
		return s.txs[tx].Ack(m.Raw.(*stomp.Message))
	}
	return s.c.Ack(m.Raw.(*stomp.Message))
}

func (s *session) Nack(m program.Message) error { return s.c.Nack(m.Raw.(*stomp.Message)) }

func (s *session) Begin() (string, error) {
	tx, err := s.c.BeginWithError()
	if err != nil {
		return "", err
	}
	s.txs[tx.Id()] = tx
	return tx.Id(), nil
}

func (s *session) Commit(tx string) error { return s.txs[tx].Commit() }
func (s *session) Abort(tx string) error  { return s.txs[tx].Abort() }

func (s *session) Receive() (program.Message, error) {
	select {
	case m := <-s.messages:
		if m.Err != nil {
			return program.Message{}, m.Err
		}
		return program.Message{
			Body:         m.Body,
			Subscription: strings.TrimPrefix(m.Subscription.Id(), prefix),
			Header:       m.Header.Get,
			Raw:          m,
		}, nil
	case <-time.After(program.Wait):
		return program.Message{}, errors.New("no MESSAGE")
	}
}

func (s *session) SendNowhere() (string, error) {
	err := s.SendReceipt("", []byte("to nobody"))
	refused, ok := errors.AsType[stomp.Error](err)
	if !ok {
		return "", fmt.Errorf("no ERROR: %w", err)
	}
	select {
	case <-s.nc.closed:
		return refused.Message, nil
	case <-time.After(program.Wait):
		return "", errors.New("the connection is still there")
	}
}

func (s *session) Disconnect() error { return s.c.Disconnect() }

func (s *session) Cut() {
	s.cut.Do(func() {
		close(s.end)
		s.nc.Close()
	})
}
