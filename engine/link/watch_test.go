package link_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// recorder is the simplest handler.
type recorder struct {
	onFrame func()
	closed  chan error
}

func (r *recorder) OnFrame(*frame.Frame) error {
	if r.onFrame != nil {
		r.onFrame()
	}
	return nil
}

func (r *recorder) OnClose(err error) { r.closed <- err }

// inPipe runs a test in a bubble of fake time, over a pipe.
func inPipe(t *testing.T, opts link.Options, test func(t *testing.T, l *link.Link, r *recorder, peer net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		r := &recorder{closed: make(chan error, 1)}
		l := link.New(ours, r, opts)
		if err := (pump.Driver{}).Start(l); err != nil {
			t.Fatal(err)
		}
		test(t, l, r, peer)
		l.Close(nil)
		_ = peer.Close()
		<-r.closed
	})
}

func TestHeartBeatIsSentWhenNothingElseWas(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		begin := time.Now()
		l.SetHeartBeat(time.Second, 0)
		in := bufio.NewReader(peer)
		for i := range 3 {
			if b, err := in.ReadByte(); err != nil || b != '\n' {
				t.Fatalf("read %q, %v", b, err)
			}
			if got, want := time.Since(begin), time.Duration(i+1)*time.Second; got != want {
				t.Fatalf("heart-beat %d came after %v, want %v", i, got, want)
			}
		}
		time.Sleep(500 * time.Millisecond)
		buf, _ := l.ReserveNow(1)
		l.Commit(append(buf, 'x'))
		if b, _ := in.ReadByte(); b != 'x' {
			t.Fatal(b)
		}
		sent := time.Now()
		_, _ = in.ReadByte()
		if got := time.Since(sent); got != time.Second {
			t.Fatalf("the next heart-beat came %v after a frame, want 1s", got)
		}
	})
}

func TestSilenceClosesTheLink(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		l.SetHeartBeat(0, time.Second)
		for range 5 { // any byte is a sign of life, even a part of a frame
			time.Sleep(900 * time.Millisecond)
			_, _ = io.WriteString(peer, "M")
			break
		}
		begin := time.Now()
		<-l.Done()
		if got := time.Since(begin); got != time.Second+secondLook {
			t.Fatalf("closed %v after the last byte, want 1s and a second look", got)
		}
		var timeout *link.TimeoutError
		if !errors.As(l.Err(), &timeout) || !timeout.Timeout() {
			t.Fatalf("Err() = %v, want a TimeoutError", l.Err())
		}
	})
}

func TestSilenceDoesNotCountWhileWeDoNotRead(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		r.onFrame = func() { time.Sleep(time.Hour) }
		l.SetHeartBeat(0, time.Second)
		_, _ = io.WriteString(peer, "MESSAGE\n\n\x00")
		time.Sleep(59 * time.Minute)
		if err := l.Err(); err != nil {
			t.Fatalf("a slow handler lost the link: %v", err)
		}
		time.Sleep(time.Minute + 500*time.Millisecond)
		if err := l.Err(); err != nil {
			t.Fatalf("the clock did not start anew after the handler: %v", err)
		}
	})
}

func TestHeartBeatsGoOnWhileAHandlerSleeps(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		r.onFrame = func() { time.Sleep(time.Hour) }
		l.SetHeartBeat(time.Second, 0)
		_, _ = io.WriteString(peer, "MESSAGE\n\n\x00")
		in := bufio.NewReader(peer)
		for range 100 {
			if b, err := in.ReadByte(); err != nil || b != '\n' {
				t.Fatalf("read %q, %v", b, err)
			}
		}
	})
}

// A read often ends inside a frame. When the handler of what came before it is done,
// neither our heart-beats nor the time that the rest may take may be reckoned from
// when that read began: the handler had the time, and not the peer.
func TestSlowHandlerOfAReadThatEndsInsideAFrame(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		const busy = time.Hour
		r.onFrame = func() { time.Sleep(busy) }
		l.SetHeartBeat(time.Second, 0)
		begin := time.Now()
		_, _ = io.WriteString(peer, "MESSAGE\n\n\x00MESS")
		in := bufio.NewReader(peer)
		for time.Since(begin) < busy+20*time.Second {
			last := time.Now()
			if b, err := in.ReadByte(); err != nil || b != '\n' {
				t.Fatalf("%v after the read: read %q, %v", time.Since(begin), b, err)
			}
			if gap := time.Since(last); gap != time.Second {
				t.Fatalf("%v after the read: no heart-beat for %v, want one each second", time.Since(begin), gap)
			}
		}
		r.onFrame = nil
		_, _ = io.WriteString(peer, "AGE\n\n\x00")
		if err := l.Err(); err != nil {
			t.Fatalf("a slow handler lost the link: %v", err)
		}
	})
}

func TestUnfinishedFrameHasADeadline(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []string
		pause time.Duration
		want  time.Duration // since the first part
	}{
		{"header that drips", []string{"MESS", "AGE\n", "a:", "b\n", "c:d\n"}, 5 * time.Second, 30*time.Second + secondLook},
		{"body that stops", []string{"MESSAGE\ncontent-length:9\n\nab"}, 0, 30*time.Second + secondLook},
	} {
		t.Run(c.name, func(t *testing.T) {
			inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
				begin := time.Now()
				for _, part := range c.parts {
					_, _ = io.WriteString(peer, part)
					time.Sleep(c.pause)
				}
				<-l.Done()
				var timeout *link.TimeoutError
				if !errors.As(l.Err(), &timeout) {
					t.Fatalf("Err() = %v, want a TimeoutError", l.Err())
				}
				if got := time.Since(begin).Round(100 * time.Millisecond); got != c.want {
					t.Fatalf("given up after %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestLargeBodyMayTakeLonger(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		got := make(chan struct{})
		r.onFrame = func() { close(got) }
		_, _ = io.WriteString(peer, "MESSAGE\ncontent-length:2000000\n\n")
		part := make([]byte, 20_000)
		for range 100 { // 100 s in all
			time.Sleep(time.Second)
			if _, err := peer.Write(part); err != nil {
				t.Fatalf("closed while the body was arriving: %v", l.Err())
			}
		}
		_, _ = peer.Write([]byte{0})
		<-got
	})
}

// streamer takes bodies in parts, each of which takes it some time.
type streamer struct {
	recorder
	busy time.Duration
	got  int
	done chan struct{}
}

func (s *streamer) OnBodyStart(*frame.Frame, int64) error { return nil }

func (s *streamer) OnBodyChunk(b []byte) error {
	time.Sleep(s.busy)
	s.got += len(b)
	return nil
}

func (s *streamer) OnBodyEnd() error {
	close(s.done)
	return nil
}

// A body that is handed on in parts may take as long as it likes if it gets on, and as
// long as its handler likes; but not stop for ever.
func TestStreamedBodyMayNotStop(t *testing.T) {
	for _, length := range []string{"content-length:1000\n", ""} {
		synctest.Test(t, func(t *testing.T) {
			ours, peer := net.Pipe()
			s := &streamer{recorder: recorder{closed: make(chan error, 1)}, busy: time.Hour, done: make(chan struct{})}
			l := link.New(ours, s, link.Options{FrameTimeout: 10 * time.Second})
			l.SetBodyThreshold(100)
			if err := (pump.Driver{}).Start(l); err != nil {
				t.Fatal(err)
			}
			body := bytes.Repeat([]byte("x"), 1000)
			for range 2 {
				s.done = make(chan struct{})
				_, _ = io.WriteString(peer, "MESSAGE\n"+length+"\n")
				for at := 0; at < len(body); at += 200 {
					time.Sleep(9 * time.Second)
					if _, err := peer.Write(body[at : at+200]); err != nil {
						t.Fatalf("closed while the body was arriving: %v", l.Err())
					}
				}
				_, _ = peer.Write([]byte{0})
				<-s.done
				time.Sleep(time.Hour) // between frames there is no hurry
			}
			s.busy = 0
			_, _ = io.WriteString(peer, "MESSAGE\n"+length+"\n")
			_, _ = peer.Write(body[:500])
			begin := time.Now()
			<-l.Done()
			var timeout *link.TimeoutError
			if !errors.As(l.Err(), &timeout) || time.Since(begin) != 10*time.Second+secondLook {
				t.Fatalf("Err() = %v after %v, want a TimeoutError after 10.5s", l.Err(), time.Since(begin))
			}
			_ = peer.Close()
			<-s.closed
			if s.got != 2500 {
				t.Errorf("got %d octets", s.got)
			}
		})
	}
}

func TestSessionDeadline(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		late := errors.New("no CONNECT")
		l.SetDeadline(10*time.Second, late)
		time.Sleep(9 * time.Second)
		l.SetDeadline(10*time.Second, late)
		time.Sleep(9 * time.Second)
		if l.Err() != nil {
			t.Fatal("SetDeadline did not move the deadline")
		}
		l.SetDeadline(0, nil)
		time.Sleep(time.Minute)
		if l.Err() != nil {
			t.Fatal("SetDeadline(0) did not call the deadline off")
		}
		l.SetDeadline(time.Second, late)
		<-l.Done()
		if !errors.Is(l.Err(), late) {
			t.Fatalf("Err() = %v", l.Err())
		}
	})
}
