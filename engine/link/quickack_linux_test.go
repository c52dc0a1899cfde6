package link_test

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stompwire/stompwire/engine/link"
)

// With QuickAck a read ends the mode in which acknowledgements wait for data, and without it does not. The test reads the
// socket itself, and nothing is under way when it looks: so no timer of the kernel's interferes.
func TestQuickAck(t *testing.T) {
	const message = "MESSAGE\n\n\x00"
	for _, quick := range []bool{false, true} {
		t.Run(fmt.Sprintf("quickack=%v", quick), func(t *testing.T) {
			ours, theirs := socketPair(t, "tcp", "127.0.0.1:0")
			l := link.New(ours, silent{}, link.Options{QuickAck: quick})
			defer l.Close(nil)
			for range 3 { // it is not permanent
				if _, err := io.WriteString(theirs, message); err != nil {
					t.Fatal(err)
				}
				read := make([]byte, len(message))
				if _, err := io.ReadFull(ours, read); err != nil {
					t.Fatal(err)
				}
				untilAcknowledged(t, theirs)
				control(t, ours, func(fd int) error {
					return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0)
				})
				if isQuick(t, ours) {
					t.Fatal("the mode is not what it was set to")
				}
				if _, err := l.Feed(read); err != nil {
					t.Fatal(err)
				}
				if got := isQuick(t, ours); got != quick {
					t.Errorf("after a read TCP_QUICKACK is %v", got)
				}
			}
		})
	}
}

// Where there is no TCP, or no socket any more, there is nothing to do.
func TestQuickAckElsewhere(t *testing.T) {
	tcp, _ := socketPair(t, "tcp", "127.0.0.1:0")
	local, _ := socketPair(t, "unix", filepath.Join(t.TempDir(), "s"))
	pipe, end := net.Pipe()
	defer end.Close()
	for _, nc := range []net.Conn{tcp, local, pipe} {
		l := link.New(nc, silent{}, link.Options{QuickAck: true})
		if nc == tcp {
			_ = tcp.Close()
		}
		l.SetQuickAck(true)
		if _, err := l.Feed([]byte("MESSAGE\n\n\x00")); err != nil {
			t.Errorf("over %T: %v", nc, err)
		}
		l.Close(nil)
	}
}

// BenchmarkQuickAck measures what QuickAck adds to a read when no acknowledgement is due.
func BenchmarkQuickAck(b *testing.B) {
	for _, quick := range []bool{false, true} {
		b.Run(fmt.Sprintf("quickack=%v", quick), func(b *testing.B) {
			ours, _ := socketPair(b, "tcp", "127.0.0.1:0")
			l := link.New(ours, silent{}, link.Options{QuickAck: quick})
			defer l.Close(nil)
			read := []byte("MESSAGE\n\n\x00")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Feed(read); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func socketPair(t testing.TB, network, address string) (ours, theirs net.Conn) {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if ours, err = net.Dial(network, ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	if theirs, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = theirs.Close() })
	return ours, theirs
}

// untilAcknowledged waits until nothing that was written to nc is still to be acknowledged.
func untilAcknowledged(t *testing.T, nc net.Conn) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		var left int
		control(t, nc, func(fd int) (err error) {
			left, err = unix.IoctlGetInt(fd, unix.SIOCOUTQ)
			return err
		})
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are never acknowledged", left)
		}
	}
}

// isQuick reports whether the socket is in the mode in which it acknowledges at once.
func isQuick(t *testing.T, nc net.Conn) bool {
	t.Helper()
	var v int
	control(t, nc, func(fd int) (err error) {
		v, err = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK)
		return err
	})
	return v != 0
}

func control(t *testing.T, nc net.Conn, do func(fd int) error) {
	t.Helper()
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
}
