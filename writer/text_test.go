package writer_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

var versions = []frame.Version{frame.Version10, frame.Version11, frame.Version12}

// TestPlain holds the copy by words against one by octets: every length over
// several words, with each kind of octet in every place, in room that is exactly
// enough, with guards around text and room.
func TestPlain(t *testing.T) {
	const base = "abcdefghijklmnopqrstuvwxyz-0123456789/.ABCDEFGHIJKLMNOPQRSTUVWXYZ_+~{}|"
	for n := 1; n <= 40; n++ {
		for at := range n {
			for _, c := range []byte("\x01\t\x1f !/09;@AZ[]^`az~\x7f:\\\n\r") {
				text := []byte("\n:" + base[:n] + "\n:")
				text[2+at] = c
				checkPlain(t, string(text[2:2+n]))
			}
		}
	}
}

func checkPlain(t *testing.T, text string) {
	t.Helper()
	for _, v := range versions {
		if v == frame.Version10 && strings.ContainsAny(text, ":\r\n") {
			continue
		}
		want := frame.AppendEscaped([]byte("["), text, v)
		want = append(want, ':')
		want = frame.AppendEscaped(want, text, v)
		want = append(want, '\n')

		room := append(make([]byte, 0, len(want)+8), '[')
		copy(room[:cap(room)][len(want):], "guarded!")
		got, err := writer.AppendHeader(room[:1:len(want)], v, text, text)
		check(t, got, err, string(want))
		if !bytes.HasSuffix(room[:cap(room)], []byte("guarded!")) {
			t.Fatalf("version %v, %q: wrote over the end", v, text)
		}
	}
}

// Texts that are refused at every place of every length.
func TestPlainRefuses(t *testing.T) {
	for n := 1; n <= 40; n++ {
		for at := range n {
			text := bytes.Repeat([]byte{'a'}, n)
			text[at] = 0
			for _, v := range versions {
				mustRefuse(t, v, frame.CmdSend, frame.Field{Name: "k", Value: string(text)}, writer.ErrNUL)
				mustRefuse(t, v, frame.CmdSend, frame.Field{Name: string(text), Value: "v"}, writer.ErrNUL)
			}
			text[at] = 0xba
			mustRefuse(t, frame.Version11, frame.CmdSend, frame.Field{Name: "k", Value: string(text)}, writer.ErrBadUTF8)
			text[at] = '\n'
			mustRefuse(t, frame.Version10, frame.CmdSend, frame.Field{Name: "k", Value: string(text)}, writer.ErrLineBreak)
		}
	}
}
