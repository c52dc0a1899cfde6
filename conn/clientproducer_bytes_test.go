package conn_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// impatient ends when it has been looked at too often, as nobody does who waits.
type impatient struct {
	context.Context
	looks atomic.Int32
}

var errImpatient = errors.New("looked at too often")

func (c *impatient) Err() error {
	if c.looks.Add(1) > 1000 {
		return errImpatient
	}
	return c.Context.Err()
}

// Senders that wait for MaxBytes, with room enough in the window, do not wake each other over and over; and all get
// through, in whatever order there comes room for them.
func TestSendersWaitForBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{})
		s.set(func(s *fakeServer) { s.answer = func(string) bool { return false } })
		p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", Redeliver: true, MaxBytes: 1000, Window: 100, Timeout: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		size := func(n int) []byte { return []byte(strings.Repeat("x", n)) }
		for _, n := range []int{10, 900} {
			if _, err := p.Send(t.Context(), size(n)); err != nil {
				t.Fatal(err)
			}
		}
		var waits []<-chan error
		for _, n := range []int{700, 600, 500, 400} {
			ctx := &impatient{Context: t.Context()}
			waits = append(waits, async(func() error { _, err := p.Send(ctx, size(n)); return err }))
		}
		synctest.Wait()
		b := s.latest()
		confirm := func(i int) { b.say("RECEIPT\nreceipt-id:" + header(s.frames("SEND")[i], "receipt") + "\n\n^@") }
		confirm(0)
		synctest.Wait()
		if n := len(s.frames("SEND")); n != 2 {
			t.Errorf("%d messages are on their way", n)
		}
		for i := 1; i <= 5; i++ {
			time.Sleep(time.Second)
			synctest.Wait()
			if n := len(s.frames("SEND")); n <= i {
				t.Errorf("nobody has sent message %d", i+1)
				break
			}
			confirm(i)
		}
		for _, result := range waits {
			if err := <-result; err != nil {
				t.Error(err)
			}
		}
	})
}
