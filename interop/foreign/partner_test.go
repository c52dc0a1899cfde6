package foreign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// The partner takes what a program sends to partnerQueue, compares it with what the
// header case says it is, and answers to the queue in the header answer with a
// message of its own making and the header verdict, "same" or what differs. So that
// what a client does wrong in both directions alike, or the broker, does not cancel
// out.
const (
	partnerQueue = "/queue/partner"
	enoughTopic  = "/topic/enough" // gets a message when there were enough heart-beats
)

// bodies are what programs send and expect, by the header case. Each program makes
// its own in the same way.
var bodies = map[string][]byte{
	"text":      []byte("two teas, please"),
	"utf8":      []byte("zwei Käse, 三杯茶, 🫖"),
	"binary":    everyOctetTwice(),
	"large":     largeText(1 << 20),
	"headers":   []byte("see the note"),
	"backslash": []byte("see the note"),
}

func everyOctetTwice() []byte {
	b := make([]byte, 512)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// largeText is the alphabet again and again.
func largeText(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return b
}

// noteOf returns the header note of a case, "" if it has none: what a version can
// represent, where 1.0 escapes nothing. backslash is apart, for many clients undo
// escapes one kind after the other and so find an escape where a backslash was meant.
func noteOf(name, version string) string {
	switch {
	case name == "backslash":
		return `C:\new\code`
	case name != "headers":
		return ""
	case version == "1.0":
		return `D:\tea`
	case version == "1.1":
		return "D:\\tea\nand more"
	}
	return "D:\\tea\r\nand more"
}

type partner struct {
	c       *conn.Client
	version string // that the program speaks
}

// newPartner answers until the broker is closed.
func newPartner(t *testing.T, addr, version string) *partner {
	t.Helper()
	c, err := conn.Dial(t.Context(), addr, &conn.Config{
		Login: "guest", Passcode: "guest", OneConnection: true, NoReconnect: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := c.Consume(t.Context(), partnerQueue, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := &partner{c: c, version: version}
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		<-done
		c.Close()
	})
	go func() {
		defer close(done)
		for m, err := range in.All(ctx) {
			if err == nil {
				err = p.answer(ctx, m)
			}
			if err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, context.Canceled) {
				t.Errorf("partner: %v", err)
			}
		}
	}()
	return p
}

func (p *partner) answer(ctx context.Context, m *conn.Message) error {
	name := m.Header.Text("case")
	h := []frame.Field{
		{Name: frame.HeaderContentType, Value: "text/plain;charset=utf-8"},
		{Name: "verdict", Value: p.verdict(m, name)},
	}
	if name == "binary" {
		h[0].Value = "application/octet-stream"
	}
	if note := noteOf(name, p.version); note != "" {
		h = append(h, frame.Field{Name: "note", Value: note})
	}
	return p.c.Send(ctx, m.Header.Text("answer"), bodies[name], h...)
}

// verdict says what is wrong with a message.
func (p *partner) verdict(m *conn.Message, name string) string {
	want, known := bodies[name]
	switch {
	case !known:
		return fmt.Sprintf("there is no case %q", name)
	case !bytes.Equal(m.Body, want):
		return fmt.Sprintf("the body has %d bytes, %.40q", len(m.Body), m.Body)
	case m.Header.Text("note") != noteOf(name, p.version):
		return fmt.Sprintf("the note is %q", m.Header.Text("note"))
	}
	return "same"
}

// enough tells the program that heart-beats have been seen.
func (p *partner) enough() {
	// A program that has given up does not read it any more.
	_ = p.c.Send(context.Background(), enoughTopic, []byte("enough"))
}
