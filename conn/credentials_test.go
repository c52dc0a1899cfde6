package conn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
)

// passcodes are those of the CONNECT frames that come.
type passcodes struct {
	mu  sync.Mutex
	all []string
}

// dial is a Config.DialFunc to a broker that accepts, and notes the passcode.
func (p *passcodes) dial(context.Context, string, string) (net.Conn, error) {
	client, broker := net.Pipe()
	go func() {
		defer broker.Close()
		text, err := bufio.NewReader(broker).ReadString(0)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.all = append(p.all, header(strings.TrimSuffix(text, "\x00"), "passcode"))
		p.mu.Unlock()
		_, _ = broker.Write([]byte("CONNECTED\nversion:1.2\n\n\x00"))
		time.Sleep(time.Minute) // then it goes
	}()
	return client, nil
}

// Credentials are asked for each connection, so that tokens can be refreshed, and go before those of the config.
func TestCredentialsOfEachConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen passcodes
		n := 0
		c, err := conn.Dial(t.Context(), brokerURI, &conn.Config{
			Login: "me", Passcode: "old", DialFunc: seen.dial, Driver: pump.Driver{}, Backoff: conn.Backoff{Jitter: -1},
			Credentials: func(context.Context) (login, passcode string, err error) {
				n++
				return "me", fmt.Sprint("token ", n), nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Second)
		_ = c.Close()
		<-c.Done()
		time.Sleep(time.Minute)
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if want := []string{"token 1", "token 2", "token 3"}; !slices.Equal(seen.all, want) {
			t.Errorf("connected with %q", seen.all)
		}
	})
}

// Credentials that cannot be had are a failed attempt: with the reason, in time, whatever the function does.
func TestCredentialsThatFail(t *testing.T) {
	mine := errors.New("no token")
	for name, c := range map[string]struct {
		f    func(ctx context.Context) (string, string, error)
		is   error
		says string
		took time.Duration
	}{
		"error": {func(context.Context) (string, string, error) { return "", "", mine }, mine, "no credentials", 0},
		"panic": {func(context.Context) (string, string, error) { panic("as told") }, nil, "panicked", 0},
		"slow": {func(ctx context.Context) (string, string, error) { <-ctx.Done(); return "", "", ctx.Err() },
			nil, "no CONNECTED in time", 7 * time.Second},
		"not for CONNECT": {func(context.Context) (string, string, error) { return "me", "a\nb", nil }, nil, "passcode", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := conn.Dial(t.Context(), brokerURI, &conn.Config{
				Credentials: c.f, Attempts: 1, ConnectTimeout: 7 * time.Second, DialFunc: undialled(t),
				Trace: func(context.Context, *conn.Event) {},
			})
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || time.Since(start) != c.took {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		})
	}
}
