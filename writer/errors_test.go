package writer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&writer.HeaderError{Command: frame.CmdConnect, Name: "passcode", Index: 3, Reason: writer.ErrLineBreak},
			`stomp: CONNECT header "passcode" (number 3) holds a line break that cannot be escaped`},
		{&writer.HeaderError{Name: "a\nb", Index: -1, Reason: writer.ErrNUL},
			`stomp: header "a\nb" holds a NUL`},
		{&writer.FrameError{Command: frame.CmdSubscribe, Version: frame.Version12, Reason: writer.ErrBodyNotAllowed},
			`stomp: SUBSCRIBE frame, version 1.2: a body is not allowed`},
		{&writer.FrameError{Version: frame.Version10, Reason: writer.ErrCommand},
			`stomp: frame without a known command, version 1.0: no such command in this version`},
		{&writer.BodyError{Command: frame.CmdSend, Length: 10, Read: 7, Written: 99, Cause: writer.ErrBodyTooShort},
			`stomp: SEND frame broken off after 99 bytes, 7 of 10 body bytes read: the body ended early`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// A value may be a passcode: whatever is wrong with it, no way of printing the
// error shows it.
func TestErrorNeverShowsAValue(t *testing.T) {
	for _, bad := range []string{"hunter2\x00", "hunter2\n", "hunter2\xff"} {
		_, err := writer.AppendFrame(nil, 0, frame.CmdConnect, frame.Fields{{Name: "passcode", Value: bad}}, nil)
		if err == nil {
			t.Fatal("not refused")
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			if text := fmt.Sprintf(verb, err); strings.Contains(text, "hunter2") {
				t.Errorf("%s shows the value: %s", verb, text)
			}
		}
	}
}

func TestErrorShowsOnlyTheBeginningOfALongName(t *testing.T) {
	_, err := writer.AppendHeader(nil, 0, strings.Repeat("n", 1<<20), "\x00")
	if len(err.Error()) > 200 {
		t.Errorf("the text has %d bytes", len(err.Error()))
	}
}

func TestErrorOwnsItsName(t *testing.T) {
	name := []byte("name")
	_, err := writer.AppendHeaderBytes(nil, 0, name, []byte{0})
	copy(name, "####")
	if !strings.Contains(err.Error(), `"name"`) {
		t.Errorf("the error shares memory with its argument: %v", err)
	}
}
