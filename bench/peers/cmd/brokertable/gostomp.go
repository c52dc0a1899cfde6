package main

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/go-stomp/stomp/v3"
	"github.com/go-stomp/stomp/v3/frame"
)

// goStomp drives a load with go-stomp.
type goStomp struct {
	load               load
	consumer, producer *stomp.Conn
	sub                *stomp.Subscription
}

func dialGoStomp(l load) (peer, error) {
	p := &goStomp{load: l}
	var err error
	if p.consumer, err = goStompConn(l.URI); err != nil {
		return nil, err
	}
	if p.sub, err = p.consumer.Subscribe(l.Queue, ackModes[l.Ack]); err != nil {
		return nil, err
	}
	p.producer, err = goStompConn(l.URI)
	return p, err
}

var ackModes = map[string]stomp.AckMode{
	"auto": stomp.AckAuto, "client": stomp.AckClient, "client-individual": stomp.AckClientIndividual,
}

func goStompConn(uri string) (*stomp.Conn, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, err
	}
	passcode, _ := u.User.Password()
	opts := []func(*stomp.Conn) error{stomp.ConnOpt.Host("/"), stomp.ConnOpt.HeartBeat(0, 0)}
	if u.User != nil {
		opts = append(opts, stomp.ConnOpt.Login(u.User.Username(), passcode))
	}
	return stomp.Dial("tcp", u.Host, opts...)
}

// lookAt is how many messages are sent between two readings of the clock.
const lookAt = 16

// send sends the last message with a receipt even if the others have none: a message
// that go-stomp has taken may still be in its channel.
func (p *goStomp) send(start time.Time) (n uint64, err error) {
	body := bodyOf(p.load)
	var opts []func(*frame.Frame) error
	if p.load.Persistent {
		opts = append(opts, stomp.SendOpt.Header("persistent", "true"))
	}
	confirmed := append(opts[:len(opts):len(opts)], stomp.SendOpt.Receipt)
	if p.load.Window > 0 {
		opts = confirmed
	}
	for n%lookAt != 0 || time.Since(start) < p.load.Duration {
		if err := p.producer.Send(p.load.Queue, "", body, opts...); err != nil {
			return n, err
		}
		n++
	}
	if err := p.producer.Send(p.load.Queue, "", body, confirmed...); err != nil {
		return n, err
	}
	return n + 1, nil
}

func (p *goStomp) receive(total <-chan uint64) (n uint64, err error) {
	want := uint64(math.MaxUint64) // until the sender has finished
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for n < want {
		select {
		case m, ok := <-p.sub.C:
			if !ok {
				return n, errors.New("the subscription has ended")
			}
			if m.Err != nil {
				return n, m.Err
			}
			n++
			if p.load.Ack != "auto" {
				if err := p.consumer.Ack(m); err != nil {
					return n, fmt.Errorf("ack: %w", err)
				}
			}
			if want != math.MaxUint64 {
				quiet.Reset(silence)
			}
		case want = <-total:
			quiet.Reset(silence)
		case <-quiet.C:
			return n, nil
		}
	}
	return n, nil
}
