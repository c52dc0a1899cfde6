//go:build unix

package conn_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// stoppedFor is the environment variable that makes TestStopped the client: what it
// waits for, and where the broker is.
const stoppedFor = "STOMPWIRE_TEST_STOPPED_FOR"

// short is the timeout that passes while the client is stopped.
const short = 2 * time.Second

// waits are what a client is stopped at: each waits for one frame, for a short time. The
// other timeouts are long.
var waits = map[string]func(ctx context.Context, addr string) error{
	"CONNECTED": func(ctx context.Context, addr string) error {
		c, err := dialOnce(ctx, addr, conn.Config{ConnectTimeout: short})
		if err == nil {
			err = c.Close()
		}
		return err
	},
	"the broker's heart-beat": func(ctx context.Context, addr string) error {
		return sendOne(ctx, addr, conn.Config{HeartBeat: every(none, short/2), ReceiveScale: 2, ReceiptTimeout: time.Hour})
	},
	"a receipt": func(ctx context.Context, addr string) error {
		return sendOne(ctx, addr, conn.Config{HeartBeat: every(none, none), ReceiptTimeout: short})
	},
	"a producer's receipt": func(ctx context.Context, addr string) error {
		c, err := dialOnce(ctx, addr, conn.Config{HeartBeat: every(none, none)})
		if err != nil {
			return err
		}
		defer c.Close()
		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 1, Timeout: short})
		if err != nil {
			return err
		}
		if _, err := p.Send(ctx, nil); err != nil {
			return err
		}
		return p.Flush(ctx)
	},
	"the receipt of DISCONNECT's producers": func(ctx context.Context, addr string) error {
		c, err := dialOnce(ctx, addr, conn.Config{HeartBeat: every(none, none), DisconnectTimeout: short})
		if err != nil {
			return err
		}
		defer c.Close()
		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 1})
		if err != nil {
			return err
		}
		if _, err := p.Send(ctx, nil); err != nil {
			return err
		}
		return c.Disconnect(ctx)
	},
}

// dialOnce connects a client that lives as long as its first connection.
func dialOnce(ctx context.Context, addr string, cfg conn.Config) (*conn.Client, error) {
	cfg.OneConnection, cfg.NoReconnect, cfg.Attempts = true, true, 1
	return conn.Dial(ctx, addr, &cfg)
}

func sendOne(ctx context.Context, addr string, cfg conn.Config) error {
	c, err := dialOnce(ctx, addr, cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendReceipt(ctx, "/queue/a", nil)
}

// A process is stopped while it waits for a frame, for longer than it would wait. The frame comes meanwhile and is found when
// the process goes on, because the broker was not silent.
func TestStopped(t *testing.T) {
	if what, addr, asked := strings.Cut(os.Getenv(stoppedFor), "@"); asked {
		if err := waits[what](t.Context(), addr); err != nil {
			t.Fatal(err)
		}
		return
	}
	for what := range waits {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			// On a machine that itself stands still the client may have waited for too
			// long before it is stopped, or find no time to read when it goes on.
			failed := 0
			for try := 1; ; try++ {
				out, inTime := stopAt(t, what)
				if out == "" {
					return
				}
				if inTime {
					failed++
				}
				if failed == 2 {
					t.Fatalf("in two tries, the latest of which says\n%s", out)
				}
				if try == 10 {
					t.Skipf("this machine stands still: the client could not be stopped in time\n%s", out)
				}
			}
		})
	}
}

// stopAt stops a client while it waits for what. It returns what the client says if it
// fails, and whether it was stopped, or ended, long before its time was over.
func stopAt(t *testing.T, what string) (out string, inTime bool) {
	t.Helper()
	l := listen(t, "tcp", "127.0.0.1:0")
	defer l.Close()
	var said strings.Builder
	cmd := exec.Command(os.Args[0], "-test.run=^TestStopped$", "-test.v=false")
	cmd.Env = append(os.Environ(), stoppedFor+"="+what+"@"+l.Addr().String())
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	began := time.Now() // of what may take no longer than short
	_ = l.(*net.TCPListener).SetDeadline(began.Add(time.Minute))
	nc, err := l.Accept()
	if err != nil {
		return fmt.Sprintf("the client has not come: %v", err), false
	}
	defer nc.Close()
	b := &fakeBroker{t: t, nc: nc, r: bufio.NewReader(nc), patience: time.Minute}
	connected := fmt.Sprintf("CONNECTED\nversion:1.2\nheart-beat:%d,0\n\n^@", (short / 2).Milliseconds())
	answer := connected
	say := func(text string) { _, _ = io.WriteString(nc, strings.ReplaceAll(text, "^@", "\x00")) }
	text, err := b.next()
	if err == nil && what != "CONNECTED" {
		began = time.Now()
		say(connected)
		text, err = b.next()
		answer = "RECEIPT\nreceipt-id:" + header(text, "receipt") + "\n\n^@"
	}
	if err != nil { // it has not waited for us
		_ = nc.Close()
		_ = cmd.Wait()
		return fmt.Sprintf("the broker has read %q, %v; %s", text, err, said.String()), time.Since(began) < short/2
	}
	if !stop(t, cmd.Process) {
		_ = cmd.Wait()
		return "it ended before it could be stopped: " + said.String(), time.Since(began) < short/2
	}
	inTime = time.Since(began) < short/2
	say(answer)
	time.Sleep(2 * short)
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	go func() { // DISCONNECT, if it comes to that
		for {
			text, err := b.next()
			if err != nil {
				_ = nc.Close()
				return
			}
			_, _ = fmt.Fprintf(nc, "RECEIPT\nreceipt-id:%s\n\n\x00", header(text, "receipt"))
		}
	}()
	if err := cmd.Wait(); err != nil {
		return fmt.Sprintf("%v: %s", err, said.String()), inTime
	}
	return "", inTime
}

// stop returns when the process has stopped, or has ended before: then it is false.
func stop(t *testing.T, p *os.Process) bool {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	for {
		pid, err := syscall.Wait4(p.Pid, &status, syscall.WUNTRACED, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid != p.Pid {
			t.Fatalf("process %d does not stop: %v, %v", pid, status, err)
		}
		return status.Stopped()
	}
}
