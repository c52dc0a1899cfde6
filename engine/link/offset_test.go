package link_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/pool"
)

// commit sends text and returns the offset at which it begins.
func commit(t testing.TB, l *link.Link, text string) uint64 {
	t.Helper()
	buf, err := l.ReserveNow(len(text))
	if err != nil {
		t.Fatal(err)
	}
	at := l.Tail()
	l.Commit(append(buf, text...))
	return at
}

// A Write in progress counts as attempted, whatever the peer has taken of it; what waits for
// it in the outbox has not left (R4).
func TestNotSentIsWhatWaitsInTheOutbox(t *testing.T) {
	inPipe(t, link.Options{WriteTimeout: time.Hour}, func(t *testing.T, l *link.Link, _ *recorder, peer net.Conn) {
		written := commit(t, l, "one")
		if _, err := io.ReadFull(peer, make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := l.Attempted(); n != 3 {
			t.Errorf("attempted %d, want 3", n)
		}
		stuck := commit(t, l, "two")
		synctest.Wait() // the flusher hangs in it
		waits := commit(t, l, "three")
		l.Close(nil)
		if written != 0 || stuck != 3 || waits != 6 || l.Attempted() != 6 {
			t.Errorf("frames begin at %d, %d and %d, attempted %d; want 0, 3, 6 and 6", written, stuck, waits, l.Attempted())
		}
	})
}

// A batch is written in pieces, and a piece that was never handed over has not left (R4).
func TestNotSentBehindThePieceThatIsStuck(t *testing.T) {
	const piece = 64 << 10
	inPipe(t, link.Options{WriteTimeout: time.Hour}, func(t *testing.T, l *link.Link, _ *recorder, peer net.Conn) {
		commit(t, l, "x")
		synctest.Wait() // the flusher hangs, so that the rest becomes one batch
		for range 4 {
			commit(t, l, string(make([]byte, piece)))
		}
		if _, err := io.ReadFull(peer, make([]byte, 1+piece)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the second piece hangs
		l.Close(nil)
		if n := l.Attempted(); n != 1+2*piece {
			t.Errorf("attempted %d, want %d", n, 1+2*piece)
		}
	})
}

// closer closes its link in the first Write, as another goroutine may do at any time.
type closer struct {
	net.Conn
	l     *link.Link
	calls int
}

func (c *closer) Write(p []byte) (int, error) {
	c.calls++
	c.l.Close(nil)
	return len(p), nil
}

// What Attempted says at the close holds: no piece follows (R4).
func TestAttemptedIsFinalOnceClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		defer peer.Close()
		c := &closer{Conn: ours}
		c.l = link.New(c, &recorder{}, link.Options{})
		commit(t, c.l, string(make([]byte, 200<<10)))
		<-c.l.Done()
		before := c.l.Attempted()
		synctest.Wait()
		if c.calls != 1 || c.l.Attempted() != before || before != 64<<10 {
			t.Errorf("%d writes, attempted %d, then %d", c.calls, before, c.l.Attempted())
		}
	})
}

// A frame behind one in parts has not left as long as that is not ended, however much of it
// is written; and then it has its turn (R4).
func TestNotSentBehindAnUnendedFrame(t *testing.T) {
	for _, ends := range []bool{false, true} {
		inPipe(t, link.Options{WriteTimeout: time.Hour}, func(t *testing.T, l *link.Link, _ *recorder, peer net.Conn) {
			all := reading(peer)
			buf, err := l.Reserve(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			whole := l.Tail()
			l.CommitPart(append(buf, "[one "...))
			first := commit(t, l, "(now)")
			if buf, err = l.ReservePart(t.Context(), 100); err != nil {
				t.Fatal(err)
			}
			l.CommitPart(append(buf, make([]byte, 100)...))
			second := commit(t, l, "(then)")
			synctest.Wait()
			if n := l.Attempted(); n <= whole || n > first {
				t.Errorf("attempted %d of a frame at %d with others at %d and %d behind", n, whole, first, second)
			}
			if ends {
				l.EndParts()
				synctest.Wait()
			}
			l.Close(nil)
			if sent := l.Attempted() > second; sent != ends || first >= second {
				t.Errorf("ended %v: attempted %d of frames at %d and %d", ends, l.Attempted(), first, second)
			}
			<-all
		})
	}
}

// failing is a connection that takes so many bytes, and remembers what it was handed.
type failing struct {
	net.Conn
	mu     sync.Mutex
	room   int
	handed []byte
}

func (c *failing) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handed = append(c.handed, p...)
	if c.room -= len(p); c.room < 0 {
		return 0, syscall.EPIPE
	}
	return len(p), nil
}

// inserter puts bytes into each batch.
type inserter struct {
	recorder
	draw *rand.Rand
}

func (h *inserter) OnBatch(out *pool.Buffer) {
	extra := bytes.Repeat([]byte("+"), h.draw.IntN(200))
	out.Grow(len(extra))
	at := bytes.IndexByte(out.B, '.') + 1 // behind a number
	out.B = append(out.B, extra...)
	copy(out.B[at+len(extra):], out.B[at:])
	copy(out.B[at:], extra)
}

// Whatever is sent in which way, and wherever it breaks: what the link calls not sent was not
// handed to the connection; and where every byte has an offset, the rest was (R4).
func TestNotSentIsNeverWrong(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			draw := rand.New(rand.NewPCG(seed, 0))
			ours, peer := net.Pipe()
			defer peer.Close()
			c := &failing{Conn: ours, room: draw.IntN(1 << 20)}
			var h link.Handler = &recorder{}
			exact, kinds := seed%3 == 0, 4
			switch {
			case exact:
				kinds = 3 // no parts
			case seed%3 == 1:
				h = &inserter{draw: rand.New(rand.NewPCG(seed, 1))}
			}
			l := link.New(c, h, link.Options{HighWater: 1 << 20, Linger: time.Second})
			var starts []uint64
			text := func(part string) []byte {
				return append([]byte(part), bytes.Repeat([]byte("x"), draw.IntN(8<<10))...)
			}
			begin := func() string { // the reserving caller's
				starts = append(starts, l.Tail())
				return fmt.Sprintf("<%d.", len(starts)-1)
			}
			send := func(buf []byte, err error) {
				if err == nil {
					l.Commit(append(buf, text(begin())...))
				}
			}
			for range 100 {
				switch draw.IntN(kinds) {
				case 0:
					send(l.Reserve(t.Context(), 10))
				case 1:
					send(l.TryReserve(10))
				case 3:
					buf, err := l.Reserve(t.Context(), 10)
					if err != nil {
						continue
					}
					l.CommitPart(append(buf, text(begin())...))
					for range draw.IntN(5) {
						send(l.ReserveNow(10))
						if buf, err = l.ReservePart(t.Context(), 10); err == nil {
							l.CommitPart(append(buf, text("x")...))
						}
					}
					l.EndParts()
				default:
					synctest.Wait()
				}
			}
			synctest.Wait()
			l.Close(nil)
			synctest.Wait()
			attempted := l.Attempted()
			for i, at := range starts {
				handed := bytes.Contains(c.handed, fmt.Appendf(nil, "<%d.", i))
				notSent := at >= attempted
				if notSent && handed || !notSent && !handed && exact {
					t.Fatalf("seed %d: frame %d at %d of %d, handed %v", seed, i, at, attempted, handed)
				}
			}
		})
	}
}
