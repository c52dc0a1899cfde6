package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"time"
)

// raw drives a load with hand-written bytes and blocking reads, with only the necessary parts of
// STOMP: no client can be cheaper. It sends like stompbench: at most a window of messages is
// outstanding, and a full window is refilled when a quarter of it is free.
type raw struct {
	load               load
	consumer, producer *rawConn
}

func dialRaw(l load) (peer, error) {
	p := &raw{load: l}
	var err error
	if p.consumer, err = newRawConn(l.URI); err != nil {
		return nil, err
	}
	if p.producer, err = newRawConn(l.URI); err != nil {
		return nil, err
	}
	subscribe := fmt.Sprintf("SUBSCRIBE\nid:0\ndestination:%s\nack:%s\nreceipt:s\n\n\x00", l.Queue, l.Ack)
	if _, err := p.consumer.Write([]byte(subscribe)); err != nil {
		return nil, err
	}
	return p, p.consumer.expect("RECEIPT\n")
}

// rawBatch is the maximum size of one write.
const rawBatch = 64 << 10

func (p *raw) send(start time.Time) (n uint64, err error) {
	nc := p.producer
	head := fmt.Sprintf("SEND\ndestination:%s\ncontent-length:%d\n", p.load.Queue, p.load.Size)
	if p.load.Persistent {
		head += "persistent:true\n"
	}
	if p.load.Window > 0 {
		head += "receipt:r\n"
	}
	frame := append([]byte(head+"\n"), bodyOf(p.load)...)
	frame = append(frame, 0)
	window, confirmed := uint64(p.load.Window), uint64(0)
	var batch []byte
	for n == 0 || time.Since(start) < p.load.Duration { // at least once, even if the process starts late
		batch = batch[:0]
		for len(batch) == 0 || len(batch)+len(frame) <= rawBatch && (window == 0 || n < confirmed+window) {
			batch = append(batch, frame...)
			n++
		}
		if _, err := nc.Write(batch); err != nil {
			return n, err
		}
		for window > 0 && n-confirmed > window-max(1, window/4) {
			if err := nc.next(func([]byte) { confirmed++ }); err != nil {
				return n, err
			}
		}
	}
	for window > 0 && confirmed < n {
		if err := nc.next(func([]byte) { confirmed++ }); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (p *raw) receive(total <-chan uint64) (n uint64, err error) {
	nc := p.consumer
	var acks []byte
	count := func(frame []byte) {
		n++
		if p.load.Ack != "auto" {
			_, id, _ := bytes.Cut(frame, []byte("\nack:"))
			id, _, _ = bytes.Cut(id, []byte("\n"))
			acks = append(append(append(acks, "ACK\nid:"...), id...), "\n\n\x00"...)
		}
	}
	want, known := uint64(math.MaxUint64), false // until the sender has finished
	heard := time.Now()
	for n < want {
		before := n
		_ = nc.SetReadDeadline(time.Now().Add(lookUp))
		for n == before && err == nil || n < want && err == nil && !known {
			err = nc.next(count)
			if len(acks) > 0 && err == nil {
				_, err = nc.Write(acks)
				acks = acks[:0]
			}
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		err = nil
		if n > before {
			heard = time.Now()
		} else if known && time.Since(heard) > silence {
			return n, nil
		}
		select {
		case want = <-total:
			known = true
			heard = time.Now()
		default:
		}
	}
	return n, nil
}

// lookUp is the interval at which the receiving side checks whether the sender has finished. A
// deadline for each read would cost more than the frame.
const lookUp = 50 * time.Millisecond

// rawConn is a connection that reads whole frames, whose bodies must not contain NUL.
type rawConn struct {
	net.Conn
	buf  []byte
	have int
}

func newRawConn(uri string) (*rawConn, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, err
	}
	nc, err := net.Dial("tcp", u.Host)
	if err != nil {
		return nil, err
	}
	c := &rawConn{Conn: nc, buf: make([]byte, 1<<20)}
	connect := "CONNECT\naccept-version:1.2\nhost:/\nheart-beat:0,0\n"
	if passcode, ok := u.User.Password(); ok {
		connect += "login:" + u.User.Username() + "\npasscode:" + passcode + "\n"
	}
	if _, err := c.Write([]byte(connect + "\n\x00")); err != nil {
		return nil, err
	}
	return c, c.expect("CONNECTED\n")
}

// expect reads one frame, which must have this command.
func (c *rawConn) expect(command string) (err error) {
	var got []byte
	if e := c.next(func(frame []byte) { got = bytes.TrimLeft(bytes.Clone(frame), "\n") }); e != nil {
		return e
	}
	if !bytes.HasPrefix(got, []byte(command)) {
		return fmt.Errorf("raw: the broker answered %q", got)
	}
	return nil
}

// next reads once and passes on the frames that are complete.
func (c *rawConn) next(handle func(frame []byte)) error {
	n, err := c.Read(c.buf[c.have:])
	if err != nil {
		return err
	}
	rest := c.buf[:c.have+n]
	for from := c.have; ; from = 0 {
		at := bytes.IndexByte(rest[from:], 0)
		if at < 0 {
			break
		}
		handle(rest[:from+at])
		rest = rest[from+at+1:]
	}
	c.have = copy(c.buf, rest)
	return nil
}
