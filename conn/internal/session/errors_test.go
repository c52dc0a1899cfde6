package session

import (
	"errors"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// R1: the text of an ERROR has the first line of its body, because RabbitMQ gives the reason only there.
func TestServerErrorShowsItsReason(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, c := range []struct{ message, body, want string }{
		{"Bad CONNECT", "Access refused for user 'guest'\n", `stomp: broker says: "Bad CONNECT": "Access refused for user 'guest'"`},
		{"refused", "", `stomp: broker says: "refused"`},
		{"refused", "refused\nand more", `stomp: broker says: "refused"`},
		{"", "\r\n\n the reason \nmore", `stomp: broker says: "the reason"`},
		{"", "", `stomp: broker says: ""`},
		{"refused", "\x00\x01\x02", `stomp: broker says: "refused"`},
		{"refused", "\xff\xfe", `stomp: broker says: "refused"`},
		{"line\nbreak", "", `stomp: broker says: "line\nbreak"`},
		{long, "", `stomp: broker says: "` + long[:200] + `"`},
	} {
		e := &ServerError{Message: c.message, Body: []byte(c.body)}
		if got := e.Error(); got != c.want {
			t.Errorf("%q, %q: %s, want %s", c.message, c.body, got, c.want)
		}
	}
	e := &ServerError{Message: long, Body: []byte(long)}
	if n := len(e.Error()); n > 500 {
		t.Errorf("%d bytes of text", n)
	}
}

// R4: an error says whether it is safe to send again, and keeps its cause.
func TestErrorsKeepTheirCause(t *testing.T) {
	cause := errors.New("reset")
	if err := unknown(cause); !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, cause) || errors.Is(err, ErrNotSent) {
		t.Error(err)
	}
	if err := notSent(cause); !errors.Is(err, ErrNotSent) || !errors.Is(err, cause) || errors.Is(err, ErrUnknownOutcome) {
		t.Error(err)
	}
	if err := notSent(nil); !errors.Is(err, ErrNotSent) {
		t.Error(err)
	}
	var bad error = &OutcomeError{Rejected: 1, First: unknown(cause)}
	if !errors.Is(bad, cause) || !errors.Is(bad, ErrUnknownOutcome) {
		t.Error(bad)
	}
	timeout := error(&TimeoutError{What: errConnectTimeout, After: 1e9})
	if e, ok := timeout.(interface{ Timeout() bool }); !ok || !e.Timeout() {
		t.Error(timeout)
	}
}

// Enumerations print their names, also values that are none.
func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		StateBackingOff.String(): "backing off", StateClosed.String(): "closed", State(99).String(): "none",
		Confirmed.String(): "confirmed", NotSent.String(): "not sent", OutcomeStatus(99).String(): "none",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Ids of receipts are ours, and only those that we have made are read.
func TestReceiptIDs(t *testing.T) {
	p := &Producer{ID: 7}
	for id, want := range map[string][2]uint64{
		string(AppendReceiptID(nil, 12)):       {12, 0},
		string(AppendSendReceiptID(nil, p, 3)): {7, 3},
	} {
		if !IsReceiptID(id) {
			t.Errorf("%q is not ours", id)
		}
		if number, seq, ok := parseReceiptID([]byte(id[1:])); !ok || number != want[0] || seq != want[1] {
			t.Errorf("%q: %d, %d, %t", id, number, seq, ok)
		}
	}
	for _, id := range []string{"", "-", "1-", "-1", "0", "1-0", "1-2-3", "x", "1x", "+1", "99999999999999999999", "1-99999999999999999999"} {
		if _, _, ok := parseReceiptID([]byte(id)); ok {
			t.Errorf("%q was read", id)
		}
	}
}

// CONNECT has what was configured, and the credentials of the one connection.
func TestConnectFrame(t *testing.T) {
	c := New(Config{Addresses: 1, Versions: frame.AllVersions, Host: "/", UseStomp: true, ClientID: "me",
		Headers: []frame.Field{{Name: "x", Value: "y"}}})
	cmd, fields := c.ConnectFrame(c.Consumer(), Credentials{Login: "l", Passcode: "p", VHost: "v"})
	if got, want := show(cmd.String(), fields, ""), "STOMP accept-version:1.0,1.1,1.2 host:v login:l passcode:p client-id:me x:y"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
