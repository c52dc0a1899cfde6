package frame_test

import (
	"errors"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

func TestEscapesByVersion(t *testing.T) {
	const text = "a\\b\nc:d\re"
	cases := []struct {
		v    frame.Version
		want string
	}{
		{frame.Version10, text},
		{frame.Version11, `a\\b\nc\cd` + "\r" + `e`}, // 1.1 has no escape for CR
		{frame.Version12, `a\\b\nc\cd\re`},
		{0, `a\\b\nc\cd\re`},
	}
	for _, c := range cases {
		got := string(frame.AppendEscaped([]byte("+"), text, c.v))
		if got != "+"+c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
		back, err := frame.AppendUnescaped(nil, c.want, c.v)
		if err != nil || string(back) != text {
			t.Errorf("%v: back to %q, %v", c.v, back, err)
		}
		if got, want := frame.NeedsEscape(text, c.v), c.v != frame.Version10; got != want {
			t.Errorf("%v: NeedsEscape = %v", c.v, got)
		}
	}
}

func TestUnescapeIsOnePass(t *testing.T) {
	got, err := frame.AppendUnescaped(nil, `\\n\\c\\\\`, frame.Version12)
	if err != nil || string(got) != `\n\c\\` {
		t.Fatalf("%q, %v: an unescaped backslash must not start an escape", got, err)
	}
}

func TestUndefinedEscapesAreFatal(t *testing.T) {
	cases := []struct {
		v      frame.Version
		text   string
		offset int
	}{
		{frame.Version12, `ab\t`, 2},
		{frame.Version12, `ab\`, 2}, // dangling
		{frame.Version12, `\C`, 0},
		{frame.Version12, "\\\n", 0},
		{frame.Version11, `x\n\r`, 3}, // "\r" is undefined in 1.1
	}
	for _, c := range cases {
		_, err := frame.AppendUnescaped(nil, c.text, c.v)
		var bad *frame.EscapeError
		if !errors.As(err, &bad) || bad.Offset != c.offset {
			t.Errorf("%v %q: %v, want an EscapeError at %d", c.v, c.text, err, c.offset)
		}
		if !errors.Is(err, frame.ErrBadEscape) || !errors.Is(err, frame.ErrProtocol) {
			t.Errorf("%v does not match ErrBadEscape and ErrProtocol", err)
		}
	}
}
