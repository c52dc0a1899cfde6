package writer_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// FuzzWriter: whatever the text, a frame is either refused for the reason that the
// rules give, or it has the lines it should have and no others, and they read back
// as what was written. Every way to write it writes the same bytes.
func FuzzWriter(f *testing.F) {
	for _, c := range wireCases {
		fields := append(c.fields, frame.Field{Name: "a", Value: "b"}, frame.Field{Name: "c", Value: "d"})
		f.Add(uint8(c.version), uint8(c.command), fields[0].Name, fields[0].Value, fields[1].Name, fields[1].Value, []byte(c.body))
	}
	f.Add(uint8(3), uint8(frame.CmdConnect), "passcode", "secret\nlogin:admin", "", "\x00", []byte(nil))
	f.Add(uint8(2), uint8(frame.CmdSend), "k\r", "v\r", "\xff", "\xba\xba\xba\xba\xba\xba\xba\xba", []byte{0})
	f.Fuzz(func(t *testing.T, version, command uint8, n1, v1, n2, v2 string, body []byte) {
		v, cmd := frame.Version(version&3), frame.Command(command%17)
		h := []frame.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}}
		reason := refusal(v, cmd, h, body)
		got, err := writer.AppendFrame(before(), v, cmd, h, body)
		if reason != nil {
			if !errors.Is(err, reason) || !errors.Is(err, writer.ErrRefused) || string(got) != "before" {
				t.Fatalf("%q, %v, want %v", got, err, reason)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		wire := strings.TrimPrefix(string(got), "before")
		checkLines(t, v, cmd, h, body, wire)
		checkOtherWays(t, v, cmd, h, body, wire)
	})
}

// refusal returns the reason to refuse a frame, by the table of the package
// comment, octet by octet.
func refusal(v frame.Version, cmd frame.Command, h []frame.Field, body []byte) error {
	switch {
	case cmd.String() == "", cmd == frame.CmdNack && v == frame.Version10:
		return writer.ErrCommand
	case len(body) > 0 && !cmd.AllowsBody(v):
		return writer.ErrBodyNotAllowed
	}
	for _, f := range h {
		if f.Name == frame.HeaderContentLength {
			want := writer.AppendContentLength(nil, len(body))
			if frame.HeaderContentLength+":"+f.Value+"\n" != string(want) {
				return writer.ErrContentLength
			}
		}
		if f.Name == "" {
			return writer.ErrEmptyName
		}
		raw := v == frame.Version10 || cmd.Unescaped()
		for i, text := range []string{f.Name, f.Value} {
			for _, c := range []byte(text) {
				switch {
				case c == 0:
					return writer.ErrNUL
				case raw && (c == '\n' || c == '\r'):
					return writer.ErrLineBreak
				case raw && c == ':' && i == 0:
					return writer.ErrColonInName
				}
			}
			if v != frame.Version10 && !utf8.ValidString(text) {
				return writer.ErrBadUTF8
			}
		}
	}
	return nil
}

// checkLines takes a frame apart at its LFs and the first colon of each line.
func checkLines(t *testing.T, v frame.Version, cmd frame.Command, h []frame.Field, body []byte, wire string) {
	t.Helper()
	head, rest, found := strings.Cut(wire, "\n\n")
	if !found || rest != string(body)+"\x00" || strings.Contains(head, "\x00") {
		t.Fatalf("no head and body in %q", wire)
	}
	lines := strings.Split(head, "\n")
	if lines[0] != cmd.String() {
		t.Fatalf("command line %q", lines[0])
	}
	if _, given := frame.Fields(h).Lookup(frame.HeaderContentLength); len(body) > 0 && !given {
		h = append(h, frame.Field{Name: frame.HeaderContentLength, Value: strings.TrimPrefix(lines[len(lines)-1], "content-length:")})
	}
	if len(lines) != 1+len(h) {
		t.Fatalf("%d lines for %d headers: %q", len(lines), len(h), head)
	}
	if cmd.Unescaped() {
		v = frame.Version10
	}
	for i, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		if v != frame.Version10 && strings.Contains(value, ":") || v != frame.Version11 && strings.Contains(line, "\r") {
			t.Fatalf("line %q holds what should be escaped", line)
		}
		gotName, err1 := frame.AppendUnescaped(nil, name, v)
		gotValue, err2 := frame.AppendUnescaped(nil, value, v)
		if err1 != nil || err2 != nil || string(gotName) != h[i].Name || string(gotValue) != h[i].Value {
			t.Fatalf("line %q is not %q", line, h[i])
		}
	}
}

func checkOtherWays(t *testing.T, v frame.Version, cmd frame.Command, h []frame.Field, body []byte, wire string) {
	t.Helper()
	if size := writer.Size(v, cmd, h, body); size != len(wire) {
		t.Fatalf("Size is %d, the frame has %d", size, len(wire))
	}
	if block, err := writer.Compile(v, cmd, h[:1]); err == nil {
		got, err := block.Append(nil, h[1:], body)
		check(t, got, err, wire)
	} else if h[0].Name != frame.HeaderContentLength {
		t.Fatal(err)
	}
	var w bytes.Buffer
	_, err := writer.WriteFrom(&w, v, cmd, h, bytes.NewReader(body), int64(len(body)), nil)
	check(t, w.Bytes(), err, wire)
}
