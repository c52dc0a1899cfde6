package interop_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// patience is how long anything may take that has to happen. It is long because a busy machine is no failure.
const patience = 3 * time.Minute

// target is a broker, how to log in there, and the driver to do it with.
type target struct {
	dialect
	address         string
	login, passcode string
	host            string
	driver          driver
}

// driver is what conn.Config.Driver takes.
type driver interface{ Start(l *link.Link) error }

var drivers = []struct {
	name   string
	driver driver
}{
	{"driver=gnet", nil}, // the default, where gnet runs
	{"driver=pump", pump.Driver{}},
}

// overEach runs a test against each broker, over each driver, all at once.
func overEach(t *testing.T, test func(t *testing.T, tg target)) {
	t.Parallel()
	for _, d := range dialects {
		t.Run("broker="+d.name, func(t *testing.T) {
			t.Parallel()
			tg := reach(t, d)
			for _, d := range drivers {
				t.Run(d.name, func(t *testing.T) {
					t.Parallel()
					own := tg
					own.driver = d.driver
					test(t, own)
				})
			}
		})
	}
}

// overVersions runs a test in each version from the given one on.
func overVersions(t *testing.T, from frame.Version, test func(t *testing.T, v frame.Version)) {
	for v := from; v <= frame.Version12; v++ {
		t.Run("version="+v.String(), func(t *testing.T) { test(t, v) })
	}
}

// reach finds the broker, or skips the test.
func reach(t *testing.T, d dialect) target {
	t.Helper()
	if d.env == "" {
		return embed(t, d)
	}
	uri := os.Getenv(d.env)
	switch {
	case uri != "":
		return parse(t, d, uri)
	case d.required && os.Getenv("STOMPWIRE_REQUIRE_BROKERS") == "1":
		t.Fatalf("%s is not set, and STOMPWIRE_REQUIRE_BROKERS=1 demands this broker; see interop/brokers.sh", d.env)
	default:
		t.Skipf("%s is not set: no %s to test against; see interop/brokers.sh", d.env, d.name)
	}
	return target{}
}

// embed starts a broker for this test alone. It wants a login and agrees to heart-beats of one second.
func embed(t *testing.T, d dialect) target {
	t.Helper()
	tg := target{dialect: d, login: "interop", passcode: "open sesame"}
	b, err := broker.Start(broker.Config{
		Users:     map[string]string{tg.login: tg.passcode},
		HeartBeat: frame.HeartBeat{Send: time.Second, Receive: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	tg.address = b.Addr().String()
	return tg
}

// parse reads a URI like stomp://user:pass@host:port/vhost, where "/" is the vhost of that name.
func parse(t *testing.T, d dialect, uri string) target {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "stomp" || u.Host == "" {
		t.Fatalf("%s does not hold a stomp:// URI", d.env) // which may hold a passcode, so it is not shown
	}
	tg := target{dialect: d, address: u.Host, login: u.User.Username(), host: strings.TrimPrefix(u.Path, "/")}
	tg.passcode, _ = u.User.Password()
	return tg
}

// config returns the Config that a test connects with, unless it changes something. Its timeouts
// are long. Only the tests of heart-beats need short intervals.
func (tg target) config() conn.Config {
	return conn.Config{
		Login: tg.login, Passcode: tg.passcode, Host: tg.host, Driver: tg.driver,
		ConnectTimeout: patience, ReceiptTimeout: patience, DisconnectTimeout: patience,
		HeartBeat: frame.HeartBeat{Send: time.Minute, Receive: time.Minute},
	}
}

// dial makes a client of one connection, which ends with it. change may be nil.
func (tg target) dial(t *testing.T, change func(*conn.Config)) *conn.Client {
	t.Helper()
	return tg.dialClient(t, func(cfg *conn.Config) {
		cfg.OneConnection, cfg.NoReconnect = true, true
		if change != nil {
			change(cfg)
		}
	})
}

// dialClient makes a client with the defaults, which stays connected. change may be nil.
func (tg target) dialClient(t *testing.T, change func(*conn.Config)) *conn.Client {
	t.Helper()
	cfg := tg.config()
	if change != nil {
		change(&cfg)
	}
	ctx := within(t)
	c, err := conn.Dial(ctx, tg.address, &cfg)
	for tg.stumbled(err) && ctx.Err() == nil {
		t.Log(err)
		c, err = conn.Dial(ctx, tg.address, &cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// stumbled says whether the broker has refused us for a reason of its own, so that we may try again.
func (tg target) stumbled(err error) bool {
	var refused *conn.ServerError
	return tg.stumbles != "" && errors.As(err, &refused) && refused.Message == tg.stumbles
}

// version pins a version, for dial.
func version(v frame.Version) func(*conn.Config) {
	return func(cfg *conn.Config) { cfg.Versions = frame.VersionsOf(v) }
}

// within returns a context that ends when patience does.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
