package interop_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/conn"
)

// R13. Credentials are asked for each connection. One attempt without any, and one with wrong ones, does not end a client that
// was connected.
func TestR13CredentialsOfEachConnection(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		var b breaker
		var asked atomic.Int64
		c := tg.dial(t, func(cfg *conn.Config) {
			b.broken(cfg)
			cfg.NoReconnect, cfg.Login, cfg.Passcode = false, "", ""
			cfg.Credentials = func(context.Context) (login, passcode string, err error) {
				switch asked.Add(1) {
				case 2:
					return "", "", errors.New("the token service is away")
				case 3:
					return tg.login, "outdated", nil
				}
				return tg.login, tg.passcode, nil
			}
		})
		b.cut()
		err, ctx := conn.ErrUnknownOutcome, within(t)
		for errors.Is(err, conn.ErrUnknownOutcome) && ctx.Err() == nil { // on the connection that was cut
			err = c.SendReceipt(ctx, topic(), []byte("after a while"))
		}
		if err != nil {
			t.Fatal(err)
		}
		want := int64(4)
		if tg.anonymous {
			want = 3 // it does not look at them
		}
		if n := asked.Load(); n != want || b.made() != int(want)-1 {
			t.Errorf("asked %d times for %d connections, want %d times", n, b.made(), want)
		}
		disconnect(t, c)
	})
}
