package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

const secret = "hunter2"

// A broker that quotes the frame which it complains about does not bring the passcode into an error or a log.
func TestSecretIsNeverShown(t *testing.T) {
	const quote = "message:denied for me/hunter2\n\nCONNECT\npasscode:hunter2\n^@"
	var log bytes.Buffer // written before OnClose is called, read after
	closed := make(chan struct{})
	var mu sync.Mutex
	var texts []string
	show := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		for ; err != nil; err = errors.Unwrap(err) {
			texts = append(texts, err.Error(), fmt.Sprintf("%v %+v %#v %q", err, err, err, err))
		}
	}
	cfg := conn.Config{
		Login: "me", Passcode: secret,
		Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnError: func(err *conn.ServerError) { show(err) },
		OnClose: func(err error) { show(err); close(closed) },
	}

	b, result := open(t, overPipe, cfg)
	b.read()
	b.write("ERROR\n" + quote)
	show((<-result).err)

	b, result = open(t, overPipe, cfg)
	b.read()
	b.write("ERROR\n\nCONNECT\npasscode:hunter2\n^@")
	show((<-result).err)

	for _, connected := range []string{"version:hunter2", "version:1.2 hunter2", "version:1.2\nheart-beat:hunter2"} {
		b, result = open(t, overPipe, cfg)
		b.read()
		b.write("CONNECTED\n" + connected + "\n\n^@")
		show((<-result).err)
	}

	c, b := session(t, overPipe, frame.Version12, cfg)
	waiting := async(func() error { return c.SendReceipt(context.Background(), "/queue/a", nil) })
	b.read()
	b.write("ERROR\nreceipt-id:~1\n" + quote)
	show(b.await(waiting))
	b.write("ERROR\nreceipt-id:hunter2\nhunter2:x\n" + quote)
	waiting = async(func() error { return c.SendReceipt(context.Background(), "/queue/a", nil) })
	b.read()
	b.write("ERROR\n" + quote)
	_ = b.nc.Close()
	show(b.await(waiting))
	<-closed
	show(c.Err())

	cfg.Passcode = secret + "\n"
	_, err := conn.Dial(t.Context(), "127.0.0.1:1", &cfg)
	show(err)
	cfg.Passcode = secret
	_, err = conn.Dial(t.Context(), "127.0.0.1:1", &cfg)
	show(err)

	mu.Lock()
	defer mu.Unlock()
	for _, text := range append(texts, log.String()) {
		if strings.Contains(text, secret) {
			t.Errorf("shows the passcode: %s", text)
		}
	}
	if len(texts) < 20 || !strings.Contains(log.String(), "denied") {
		t.Errorf("%d texts, log %q: the test looks in the wrong place", len(texts), log.String())
	}
}

// A passcode with octets that %q escapes is masked as well where values are printed in quotes.
func TestSecretIsMaskedInQuotes(t *testing.T) {
	for _, secret := range []string{`hun"ter\2`, "hunter\t2", "hunter²\x7f", "hunter2"} {
		var out strings.Builder // written before open returns, and by Close
		ls := new(conn.Listeners)
		if err := ls.Set("print", conn.NewPrintingListener(&out)); err != nil {
			t.Fatal(err)
		}
		b, result := open(t, overPipe, conn.Config{Passcode: secret, Listeners: ls})
		b.read()
		b.write("CONNECTED\nversion:1.2\nsession:for-" + secret + "-\n\n^@")
		got := <-result
		if got.err != nil {
			t.Fatal(got.err)
		}
		if s := out.String(); strings.Contains(s, "ter") || !strings.Contains(s, `session="for-***-"`) {
			t.Errorf("%q is shown: %s", secret, s)
		}
		_ = got.c.Close()
	}
}
