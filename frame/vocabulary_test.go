package frame_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/frame"
)

func TestCommandsReadAsTheyAreWritten(t *testing.T) {
	for c := frame.CmdConnect; c <= frame.CmdError; c++ {
		if got := frame.ParseCommand([]byte(c.String())); got != c {
			t.Errorf("ParseCommand(%q) = %v", c.String(), got)
		}
		if c.IsClient() == c.IsServer() {
			t.Errorf("%v is sent by client %v, by server %v", c, c.IsClient(), c.IsServer())
		}
	}
}

func TestCommandsAreCaseSensitive(t *testing.T) {
	for _, name := range []string{"", "send", "Send", "SENDX", "SEN", "MESSAGES", "MESSAGf", "CONNECTEd", "\rSEND", "SEND\r"} {
		if got := frame.ParseCommand([]byte(name)); got != frame.CmdNone {
			t.Errorf("ParseCommand(%q) = %v, want none", name, got)
		}
	}
}

func TestOnlySendMessageAndErrorHaveBodiesSince11(t *testing.T) {
	for c := frame.CmdConnect; c <= frame.CmdError; c++ {
		want := c == frame.CmdSend || c == frame.CmdMessage || c == frame.CmdError
		for _, v := range []frame.Version{0, frame.Version11, frame.Version12} {
			if got := c.AllowsBody(v); got != want {
				t.Errorf("%v.AllowsBody(%v) = %v", c, v, got)
			}
		}
		if !c.AllowsBody(frame.Version10) {
			t.Errorf("%v.AllowsBody(1.0) = false", c)
		}
	}
}

func TestVersionIsTheHighestInCommon(t *testing.T) {
	cases := []struct {
		ours, theirs string
		want         frame.Version
	}{
		{"1.0,1.1,1.2", "1.0,1.1,1.2", frame.Version12},
		{"1.0,1.1,1.2", "1.1", frame.Version11},
		{"1.0,1.1,1.2", "1.1,1.0", frame.Version11}, // stompjs and others descend
		{"1.2", "1.0,1.1", 0},
		{"1.0,1.1,1.2", "2.0,1.3", 0},
		{"1.0,1.1,1.2", "1.0, 1.2", frame.Version12},
		{"1.0,1.1,1.2", "", 0},
	}
	for _, c := range cases {
		if got := (frame.ParseVersions(c.ours) & frame.ParseVersions(c.theirs)).Highest(); got != c.want {
			t.Errorf("%q and %q: %v, want %v", c.ours, c.theirs, got, c.want)
		}
	}
}

func TestVersionsAreWrittenIncrementing(t *testing.T) {
	if got := frame.ParseVersions("1.2,1.0,1.1").String(); got != "1.0,1.1,1.2" {
		t.Fatal(got)
	}
	if got := frame.VersionsOf(frame.Version12, frame.Version11).String(); got != "1.1,1.2" {
		t.Fatal(got)
	}
}

func TestMissingAcceptVersionMeans10(t *testing.T) {
	if got := (frame.Header{}).AcceptVersions(); got != frame.VersionsOf(frame.Version10) {
		t.Fatal(got)
	}
	h := frame.Fields{{Name: "accept-version", Value: "1.1,1.2"}}.Header()
	if got := h.AcceptVersions(); got != frame.VersionsOf(frame.Version11, frame.Version12) {
		t.Fatal(got)
	}
}

func TestHeartBeatIsTwoNumbers(t *testing.T) {
	good := map[string]frame.HeartBeat{
		"0,0":           {},
		"1000,2500":     {Send: time.Second, Receive: 2500 * time.Millisecond},
		"99999999999,1": {Send: (1<<31 - 1) * time.Millisecond, Receive: time.Millisecond},
	}
	for s, want := range good {
		if got, err := frame.ParseHeartBeat(s); err != nil || got != want {
			t.Errorf("ParseHeartBeat(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", ",", "1", "1,", ",1", "-1,0", "+1,0", "1, 0", "1,0 ", "1,0,0", "a,b", "1.5,1"} {
		if _, err := frame.ParseHeartBeat(s); !errors.Is(err, frame.ErrBadHeartBeat) {
			t.Errorf("ParseHeartBeat(%q): %v, want ErrBadHeartBeat", s, err)
		}
	}
}

func TestHeartBeatIsTheLargerUnlessOneSaysNever(t *testing.T) {
	ms := time.Millisecond
	most := (1<<31 - 1) * ms
	cases := []struct{ ours, theirs, want frame.HeartBeat }{
		{frame.HeartBeat{Send: 10 * ms, Receive: 20 * ms}, frame.HeartBeat{Send: 30 * ms, Receive: 40 * ms}, frame.HeartBeat{Send: 40 * ms, Receive: 30 * ms}},
		{frame.HeartBeat{Send: 50 * ms, Receive: 60 * ms}, frame.HeartBeat{Send: 30 * ms, Receive: 40 * ms}, frame.HeartBeat{Send: 50 * ms, Receive: 60 * ms}},
		{frame.HeartBeat{Send: 10 * ms, Receive: 20 * ms}, frame.HeartBeat{}, frame.HeartBeat{}},
		{frame.HeartBeat{}, frame.HeartBeat{Send: 30 * ms, Receive: 40 * ms}, frame.HeartBeat{}},
		{frame.HeartBeat{Send: 10 * ms}, frame.HeartBeat{Send: 30 * ms, Receive: 40 * ms}, frame.HeartBeat{Send: 40 * ms}},
		// More than the wire can tell.
		{frame.HeartBeat{Send: 1 << 62, Receive: 1 << 62}, frame.HeartBeat{Send: ms, Receive: ms}, frame.HeartBeat{Send: most, Receive: most}},
	}
	for _, c := range cases {
		if got := c.ours.Negotiate(c.theirs); got != c.want {
			t.Errorf("%v with %v: %v, want %v", c.ours, c.theirs, got, c.want)
		}
	}
}

func TestHeartBeatRoundsUp(t *testing.T) {
	h := frame.HeartBeat{Send: time.Microsecond, Receive: 1500 * time.Microsecond}
	if got := h.String(); got != "1,2" {
		t.Fatalf("%q: an interval must not turn into never", got)
	}
}

func TestAckModes(t *testing.T) {
	for _, m := range []frame.AckMode{frame.AckAuto, frame.AckClient, frame.AckClientIndividual} {
		if got, ok := frame.ParseAckMode(m.String()); !ok || got != m {
			t.Errorf("ParseAckMode(%q) = %v, %v", m, got, ok)
		}
	}
	if m, ok := frame.ParseAckMode(""); !ok || m != frame.AckAuto {
		t.Error("an absent ack header is not auto")
	}
	if _, ok := frame.ParseAckMode("Auto"); ok {
		t.Error("Auto was taken for auto")
	}
}

func TestZeroLimitIsTheDefaultAndNothingIsUnlimited(t *testing.T) {
	got := frame.Limits{Body: -1}.WithDefaults()
	want := frame.Limits{Command: 32, HeaderLine: 8192, Headers: 128, HeaderBlock: 65536, Body: 16 << 20}
	if got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	if got := (frame.Limits{Body: math.MaxInt}).WithDefaults().Body; got != 1<<31-1 {
		t.Fatalf("a body limit of all there is became %d", got)
	}
	if err := (frame.Limits{Body: -1}).Validate(); err == nil {
		t.Error("a negative limit is valid")
	}
	if err := (frame.Limits{Command: 3}).Validate(); err == nil {
		t.Error("a command limit below CONNECTED is valid")
	}
}

func TestErrorsSayWhatWhereAndHowMuch(t *testing.T) {
	var err error = &frame.LimitError{What: frame.ErrHeaderLineTooLong, Max: 8192, Offset: 9214}
	if got, want := err.Error(), "stomp: header line exceeds 8192 bytes at offset 9214"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(err, frame.ErrProtocol) || !errors.Is(err, frame.ErrHeaderLineTooLong) || errors.Is(err, frame.ErrBodyTooLong) {
		t.Error("LimitError does not match what it is")
	}
	err = &frame.SyntaxError{Rule: frame.ErrNoColon, Command: frame.CmdMessage, Offset: 12}
	if got, want := err.Error(), "stomp: header line without colon in MESSAGE frame at offset 12"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(err, frame.ErrProtocol) || !errors.Is(err, frame.ErrNoColon) {
		t.Error("SyntaxError does not match what it is")
	}
}

func TestStringMasksThePasscode(t *testing.T) {
	f := &frame.Frame{
		Command: frame.CmdConnect,
		Header:  frame.Fields{{Name: "login", Value: "me"}, {Name: "passcode", Value: "hunter2"}}.Header(),
	}
	if got := f.String(); strings.Contains(got, "hunter2") || !strings.Contains(got, `login="me"`) {
		t.Fatal(got)
	}
}
