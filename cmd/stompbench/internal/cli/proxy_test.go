package cli_test

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// A proxy between stompbench and the broker drops, repeats and damages messages
// that we choose, and the result must say exactly that, and end with 3.
func TestHonesty(t *testing.T) {
	t.Parallel()
	type want struct{ received, lost, duplicated, reordered, corrupt uint64 }
	for name, c := range map[string]struct {
		fault func(n int, message []byte) []byte
		want  want
		code  int
	}{
		"nothing": {
			fault: func(_ int, m []byte) []byte { return m },
			want:  want{received: 1000},
		},
		"drop 3": {
			fault: func(n int, m []byte) []byte {
				if n == 1 || n == 500 || n == 1000 {
					return nil
				}
				return m
			},
			want: want{received: 997, lost: 3}, code: cli.ExitIntegrity,
		},
		"repeat 2": {
			fault: func(n int, m []byte) []byte {
				if n == 10 || n == 999 {
					return bytes.Repeat(m, 2)
				}
				return m
			},
			want: want{received: 1000, duplicated: 2}, code: cli.ExitIntegrity,
		},
		"damage 4": {
			fault: func(n int, m []byte) []byte {
				if n%250 == 0 {
					m[len(m)-5] ^= 1 // the NUL is last
				}
				return m
			},
			want: want{received: 996, corrupt: 4}, code: cli.ExitIntegrity,
		},
		"drop 2, repeat 3, damage 1": {
			fault: func(n int, m []byte) []byte {
				switch n {
				case 100, 200:
					return nil
				case 300, 301, 900:
					return bytes.Repeat(m, 2)
				case 400:
					m[len(m)-30] ^= 0x40
				}
				return m
			},
			want: want{received: 997, lost: 2, duplicated: 3, corrupt: 1}, code: cli.ExitIntegrity,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // what is lost is waited for, as long as a busy machine may be late
			at := proxy(t, c.fault)
			r := runJSON(t, c.code, "-C 1000 -c 10 --drain-timeout 5s -u stomp://"+at)
			got := want{r.Totals.Received, r.Totals.Lost, r.Totals.Duplicated, r.Totals.Reordered, r.Totals.Corrupt}
			if got != c.want || r.Totals.Sent != 1000 || r.Totals.Confirmed != 1000 {
				t.Errorf("\n got %+v of %+v\nwant %+v", got, r.Totals, c.want)
			}
		})
	}
}

// proxy returns the address of a proxy to a broker of its own. fault is called for
// each MESSAGE, counted from 1, and returns what goes on instead.
func proxy(t *testing.T, fault func(n int, message []byte) []byte) string {
	var mu sync.Mutex
	n := 0
	faults := func(message []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fault(n, message)
	}
	return between(t, func(dst, src net.Conn) { pipe(dst, src, faults) })
}

// between returns the address of a broker whose answers answers copies.
func between(t testing.TB, answers func(dst, src net.Conn)) string {
	t.Helper()
	b := started(t, broker.Config{})
	listen, dial := network(t)
	ln, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := dial(b.Addr().String())
			if err != nil {
				_ = client.Close()
				return
			}
			wg.Go(func() { pipe(server, client, nil) })
			wg.Go(func() { answers(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		_ = b.Close()
		wg.Wait()
	})
	return ln.Addr().String()
}

// pipe copies from src to dst until one of them ends, and closes both. Frames of
// the broker are cut out by their shape: heart-beats are lone line ends, and each
// MESSAGE has a content-length.
func pipe(dst, src net.Conn, fault func([]byte) []byte) {
	defer dst.Close()
	defer src.Close()
	if fault == nil {
		_, _ = io.Copy(dst, src)
		return
	}
	var pending []byte
	chunk := make([]byte, 32<<10)
	for {
		n, err := src.Read(chunk)
		pending = append(pending, chunk[:n]...)
		var out []byte
		for {
			size := frameSize(pending)
			if size == 0 {
				break
			}
			one := bytes.Clone(pending[:size])
			pending = pending[size:]
			if bytes.HasPrefix(one, []byte("MESSAGE\n")) {
				one = fault(one)
			}
			out = append(out, one...)
		}
		if _, werr := dst.Write(out); werr != nil || err != nil {
			return
		}
	}
}

// frameSize returns the size of the frame, or of the line end, that b begins with;
// 0 if it is not all there.
func frameSize(b []byte) int {
	if len(b) > 0 && b[0] == '\n' {
		return 1
	}
	head := bytes.Index(b, []byte("\n\n"))
	if head < 0 {
		return 0
	}
	body := head + 2
	const name = "\n" + frame.HeaderContentLength + ":"
	if at := bytes.Index(b[:body], []byte(name)); at >= 0 {
		line, _, _ := bytes.Cut(b[at+len(name):], []byte("\n"))
		length, err := strconv.Atoi(string(line))
		if err != nil || len(b) < body+length+1 {
			return 0
		}
		return body + length + 1
	}
	end := bytes.IndexByte(b[body:], 0)
	if end < 0 {
		return 0
	}
	return body + end + 1
}
