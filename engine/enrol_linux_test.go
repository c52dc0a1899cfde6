package engine_test

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
)

// A socket that its peer has reset before it is enrolled has no remote address any more, which gnet takes for granted.
func TestStartAfterReset(t *testing.T) {
	ours, theirs := tcpPair(t)
	_ = theirs.SetLinger(0)
	_ = theirs.Close()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if file, err := ours.File(); err == nil {
			_, err = syscall.Getpeername(int(file.Fd()))
			_ = file.Close()
			if err != nil {
				break
			}
		}
	}
	l := link.New(ours, newHandler(), link.Options{})
	defer l.Close(nil)
	if err := (engine.Own{}).Start(l); !errors.Is(err, engine.ErrUnsupportedConn) {
		t.Errorf("error %v; want ErrUnsupportedConn", err)
	}
}

// The engine's descriptor is of the user's socket, whose keep-alive settings are not ours to change.
func TestStartKeepsKeepAlive(t *testing.T) {
	ours, _ := tcpPair(t)
	_ = ours.SetKeepAliveConfig(net.KeepAliveConfig{Enable: false})
	h := newHandler()
	l := link.New(ours, h, link.Options{})
	if err := (engine.Own{}).Start(l); err != nil {
		t.Fatal(err)
	}
	defer func() { l.Close(nil); <-h.closed }()
	raw, err := ours.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		keep, _ := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
		if keep != 0 {
			t.Errorf("SO_KEEPALIVE is %d; want 0", keep)
		}
	})
}
