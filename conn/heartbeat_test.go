package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

func every(send, receive time.Duration) frame.HeartBeat {
	return frame.HeartBeat{Send: send, Receive: receive}
}

const none = -1

// secondLook is after how long a timeout of a link is looked at again, and then holds.
const secondLook = 500 * time.Millisecond

// The larger figure of each direction holds, and 0 on either side means none (STOMP 1.2, Heart-beating). We send at half
// of it and tolerate ReceiveScale times the other.
func TestHeartBeatAgreement(t *testing.T) {
	for _, c := range []struct {
		name            string
		ours            frame.HeartBeat
		theirs          string // the header line of CONNECTED
		sends, timesOut time.Duration
	}{
		{"equal", every(time.Second, time.Second), "heart-beat:1000,1000\n", 500 * time.Millisecond, 3 * time.Second},
		{"they are slower", every(time.Second, time.Second), "heart-beat:6000,3000\n", 1500 * time.Millisecond, 18 * time.Second},
		{"we are slower", every(4*time.Second, 5*time.Second), "heart-beat:100,100\n", 2 * time.Second, 15 * time.Second},
		{"they want none", every(time.Second, time.Second), "heart-beat:1000,0\n", 0, 3 * time.Second},
		{"they send none", every(time.Second, time.Second), "heart-beat:0,1000\n", 500 * time.Millisecond, 0},
		{"we send none", every(none, time.Second), "heart-beat:1000,1000\n", 0, 3 * time.Second},
		{"we want none", every(time.Second, none), "heart-beat:1000,1000\n", 500 * time.Millisecond, 0},
		{"they do not say", every(time.Second, time.Second), "", 0, 0},
		{"defaults", frame.HeartBeat{}, "heart-beat:1,1\n", 5 * time.Second, 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, result := open(t, inBubble, conn.Config{HeartBeat: c.ours})
				b.read()
				start := time.Now()
				b.write("CONNECTED\nversion:1.2\n" + c.theirs + "\n^@")
				s := (<-result).c
				defer s.Close()
				beats := make(chan []time.Duration, 1)
				go func() { beats <- b.listen(start) }()
				time.Sleep(31 * time.Second)
				synctest.Wait()

				var late *link.TimeoutError
				var timeout net.Error
				switch err := s.Err(); {
				case c.timesOut == 0 && err != nil:
					t.Error(err)
				case c.timesOut == 0:
				case !errors.As(err, &late) || !errors.As(err, &timeout) || !timeout.Timeout() || late.After != c.timesOut:
					t.Errorf("error %v; want a timeout after %v", err, c.timesOut)
				}
				_ = s.Close()
				lived := 30 * time.Second
				if c.timesOut > 0 {
					lived = c.timesOut
				}
				at := <-beats
				if c.sends == 0 && len(at) > 0 {
					t.Fatalf("heart-beats at %v; want none", at)
				}
				for i := 0; c.sends > 0 && c.sends*time.Duration(i+1) < lived; i++ {
					if i >= len(at) || at[i] != c.sends*time.Duration(i+1) {
						t.Fatalf("heart-beats at %v; want one every %v for %v", at, c.sends, lived)
					}
				}
			})
		})
	}
}

// listen reads to the end and returns when EOLs came. The broker says nothing meanwhile.
func (b *fakeBroker) listen(start time.Time) (at []time.Duration) {
	_ = b.nc.SetReadDeadline(time.Time{})
	for {
		octet, err := b.r.ReadByte()
		if err != nil {
			return at
		}
		if octet != '\n' {
			b.t.Errorf("octet %q where only heart-beats belong", octet)
		}
		at = append(at, time.Since(start))
	}
}

// Any byte is a sign of life, of either side: no heart-beat is sent where a frame was, and none is missed.
func TestHeartBeatAnyByteCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, result := open(t, inBubble, conn.Config{HeartBeat: every(time.Second, time.Second)})
		b.read()
		b.write("CONNECTED\nversion:1.2\nheart-beat:1000,1000\n\n^@")
		c := (<-result).c
		defer c.Close()
		for _, octet := range "MESSAGE\nsubscription:1\n" {
			time.Sleep(400 * time.Millisecond)
			if err := c.Send(t.Context(), "/queue/a", nil); err != nil {
				t.Fatal(err)
			}
			b.read()
			b.write(string(octet))
		}
		if sent := c.Stats().BeatsOut; sent != 0 || b.beats != 0 || c.Err() != nil {
			t.Errorf("%d heart-beats were sent, %d read; connection: %v", sent, b.beats, c.Err())
		}
	})
}

func TestHeartBeatReceiveScale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, result := open(t, inBubble, conn.Config{HeartBeat: every(none, time.Second), ReceiveScale: 5.5})
		b.read()
		b.write("CONNECTED\nversion:1.2\nheart-beat:1000,1000\n\n^@")
		c := (<-result).c
		start := time.Now()
		<-c.Done()
		if took := time.Since(start); took != 5500*time.Millisecond+secondLook {
			t.Errorf("the broker counted as dead after %v", took)
		}
	})
}

// A handler that sleeps neither stops our heart-beats nor makes us think that the broker is dead.
func TestHeartBeatWhileAHandlerSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, result := open(t, inBubble, conn.Config{HeartBeat: every(time.Second, time.Second)})
		b.read()
		b.write("CONNECTED\nversion:1.2\nheart-beat:1000,1000\n\n^@")
		c := (<-result).c
		defer c.Close()
		woke := make(chan struct{})
		b.subscribe(c, frame.AckAuto, func(context.Context, *conn.Message) {
			time.Sleep(time.Hour)
			close(woke)
		})
		b.write("MESSAGE\nsubscription:1\nmessage-id:1\n\n^@")
		read := async(func() error { _, err := io.Copy(io.Discard, b.nc); return err })
		<-woke
		if sent := c.Stats().BeatsOut; sent < 7000 || c.Err() != nil {
			t.Errorf("%d heart-beats were sent; connection: %v", sent, c.Err())
		}
		start := time.Now()
		<-c.Done() // for now the broker's silence counts again
		if took := time.Since(start); took != 3*time.Second+secondLook {
			t.Errorf("the broker counted as dead after %v", took)
		}
		<-read
	})
}
