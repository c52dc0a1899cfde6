package conn_test

import (
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestProducerStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10})
		var ids []string
		for range 4 {
			if _, err := p.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, header(b.read(), "receipt"))
		}
		b.receipt(ids[2])
		b.write("ERROR\nmessage:no\nreceipt-id:" + ids[0] + "\n\n^@")
		b.write("ERROR\nmessage:no\nreceipt-id:" + ids[0] + "\n\n^@") // twice counts once
		synctest.Wait()
		if got, want := p.Stats(), (conn.ProducerStats{Sent: 4, Confirmed: 1, Rejected: 1, Pending: 2}); got != want {
			t.Errorf("%+v; want %+v", got, want)
		}
		_ = c.Close()
		<-c.Done()
		synctest.Wait()
		if got, want := p.Stats(), (conn.ProducerStats{Sent: 4, Confirmed: 1, Rejected: 1, Unknown: 2}); got != want {
			t.Errorf("%+v; want %+v", got, want)
		}
	})
}

// A client's counts go on over a loss.
func TestClientStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{})
		p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		var before uint64
		for i := range 3 {
			if _, err := p.Send(t.Context(), []byte("m")); err != nil {
				t.Fatal(err)
			}
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // a read counts when all of it has been handled
			now := cl.Stats()
			if now.BytesOut <= before || now.FramesIn < 2*uint64(i+1) { // CONNECTED and RECEIPT, each time
				t.Errorf("connection %d: %+v", i+1, now)
			}
			before = now.BytesOut
			s.cut()
			synctest.Wait()
		}
		if got, want := p.Stats(), (conn.ProducerStats{Sent: 3, Confirmed: 3}); got != want {
			t.Errorf("%+v; want %+v", got, want)
		}
		s.set(func(s *fakeServer) { s.answer = func(string) bool { return false } })
		if _, err := p.Send(t.Context(), []byte("m")); err != nil {
			t.Fatal(err)
		}
		if got, want := p.Stats(), (conn.ProducerStats{Sent: 4, Confirmed: 3, Pending: 1}); got != want {
			t.Errorf("%+v; want %+v", got, want)
		}
		_ = cl.Close()
		<-cl.Done()
		synctest.Wait()
		if got, want := p.Stats(), (conn.ProducerStats{Sent: 4, Confirmed: 3, Unknown: 1}); got != want {
			t.Errorf("%+v; want %+v", got, want)
		}
	})
}
