package dial_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn/internal/dial"
)

func TestAddressDefaults(t *testing.T) {
	if s := (dial.Address{}).String(); s != "stomp://localhost:61613" {
		t.Error(s)
	}
	if s := (dial.Address{Transport: dial.TransportTLS, Host: "fe80::1%en1"}).String(); s != "stomps://[fe80::1%25en1]:61614" {
		t.Error(s)
	}
	if s := (dial.Address{Transport: 99, Host: "h"}).String(); !strings.HasPrefix(s, "none:") {
		t.Error(s)
	}
}

// What an address says has precedence over what applies to all.
func TestAddressConfigures(t *testing.T) {
	for _, c := range []struct {
		a    dial.Address
		want [3]string
	}{
		{dial.Address{}, [3]string{"me", "one", "test"}},
		{dial.Address{Login: "you", Passcode: "two"}, [3]string{"you", "two", "test"}},
		{dial.Address{Login: "you"}, [3]string{"you", "", "test"}}, // not the passcode of another user
		{dial.Address{VHost: "/"}, [3]string{"me", "one", "/"}},
	} {
		var got [3]string
		if got[0], got[1], got[2] = c.a.Overrides("me", "one", "test"); got != c.want {
			t.Errorf("%v: %q; want %q", c.a, got, c.want)
		}
	}
}

// An address that cannot be dialled is refused before anything is dialled.
func TestTargetsRefuse(t *testing.T) {
	for name, a := range map[string]dial.Address{
		"host with port":  {Host: "broker:61613"},
		"brackets":        {Host: "[::1]"},
		"zone of a name":  {Host: "broker%en1"},
		"path over TCP":   {Host: "broker", Path: "/a"},
		"no socket":       {Transport: dial.TransportUnix},
		"no transport":    {Transport: 99},
		"path of request": {Transport: dial.TransportWS, Path: "ws"},
		"whole request":   {Transport: dial.TransportWS, Path: "http://other/ws"},
	} {
		a.Passcode = "hunter3"
		_, err := (&dial.Plan{Addresses: []dial.Address{{}, a}}).Targets()
		var about *dial.AddressError
		if !errors.As(err, &about) || about.Member != 2 || strings.Contains(err.Error(), "hunter3") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAddressPrintsNoSecret(t *testing.T) {
	p, err := dial.Parse("failover:(stomp://me:hunter3@a,wss://me:hunter3@b/ws?token=hunter3)")
	if err != nil {
		t.Fatal(err)
	}
	targets, err := p.Targets()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(handler).Info("connect", "to", p.Addresses[0], "or", p.Addresses[1], "target", targets[1])
	}
	for _, v := range []any{&p, p, p.Addresses, p.Addresses[1], &p.Addresses[1], targets, targets[0], &targets[0]} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGs" {
			for _, flags := range []string{"", "+", "#"} {
				text := fmt.Sprintf("%"+flags+string(verb), v)
				for _, secret := range []string{"hunter3", fmt.Sprintf("%x", "hunter3"), fmt.Sprintf("%X", "hunter3")} {
					if strings.Contains(text, secret) {
						t.Errorf("%%%s%c of a %T: %s", flags, verb, v, text)
					}
				}
			}
		}
		fmt.Fprintf(&b, "%v %+v\n", v, v)
	}
	text, err := json.Marshal(targets)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(text)
	if strings.Contains(b.String(), "hunter3") {
		t.Error(b.String())
	}
	if !strings.Contains(b.String(), "stomp://me:***@a:61613") {
		t.Error("the address is not shown at all")
	}
}

// What an address prints is read back as the same address, whatever octet its names
// contain.
func TestAddressPrintsWhatIsReadBack(t *testing.T) {
	for c := range 256 {
		name := "a" + string([]byte{byte(c)}) + "b"
		for _, a := range []dial.Address{
			{Host: "h", Login: name},
			{Host: "h", Login: name, Passcode: "secret"},
			{Host: "h", VHost: name},
			{Transport: dial.TransportWS, Host: "h", Login: name, Path: "/ws"},
			{Transport: dial.TransportUnix, Path: "/" + name},
			{Transport: dial.TransportUnix, Login: name, Path: "/s"},
		} {
			shown := a.String()
			again, err := dial.ParseAddress(shown)
			if err != nil || again.Login != a.Login || again.VHost != a.VHost || again.Path != a.Path || again.String() != shown {
				t.Errorf("octet %#02x: %q is read as %q, %v", c, shown, again, err)
			}
		}
	}
}
