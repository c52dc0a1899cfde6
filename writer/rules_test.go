package writer_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// mustRefuse demands that a line is refused by every function that writes lines
// of a command, for the given reason, with nothing written.
func mustRefuse(t *testing.T, v frame.Version, cmd frame.Command, f frame.Field, reason error) {
	t.Helper()
	dst := append(make([]byte, 0, 1024), "before"...)
	h := []frame.Field{{Name: "good", Value: "one"}, f}

	got, err := writer.AppendFrame(dst, v, cmd, h, nil)
	checkRefusal(t, got, err, cmd, f.Name, 1, reason)
	got, err = writer.AppendFrameNoLength(dst, v, cmd, h, nil)
	checkRefusal(t, got, err, cmd, f.Name, 1, reason)
	got, err = writer.AppendHead(dst, v, cmd, h, 0)
	checkRefusal(t, got, err, cmd, f.Name, 1, reason)

	block, err := writer.Compile(v, cmd, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err = block.Append(dst, h, nil)
	checkRefusal(t, got, err, cmd, f.Name, 1, reason)
	got, err = block.AppendNoLength(dst, h, nil)
	checkRefusal(t, got, err, cmd, f.Name, 1, reason)
	if block, err = writer.Compile(v, cmd, h); block != nil || !errors.Is(err, reason) {
		t.Fatalf("Compile: %v, want %v", err, reason)
	}

	var w bytes.Buffer
	if n, err := writer.WriteFrom(&w, v, cmd, h, strings.NewReader(""), 0, nil); n != 0 || w.Len() != 0 || !errors.Is(err, reason) {
		t.Fatalf("WriteFrom: %v after %d bytes, want %v", err, n, reason)
	}
}

func checkRefusal(t *testing.T, got []byte, err error, cmd frame.Command, name string, index int, reason error) {
	t.Helper()
	var he *writer.HeaderError
	if !errors.As(err, &he) || !errors.Is(err, reason) || !errors.Is(err, writer.ErrRefused) {
		t.Fatalf("error %v, want a HeaderError for %v", err, reason)
	}
	if he.Command != cmd || he.Name != name || he.Index != index {
		t.Fatalf("the error says %v %q %d, want %v %q %d", he.Command, he.Name, he.Index, cmd, name, index)
	}
	if string(got) != "before" {
		t.Fatalf("the slice came back as %q", got)
	}
}

func mustRefuseFrame(t *testing.T, got []byte, err error, reason error) {
	t.Helper()
	var fe *writer.FrameError
	if !errors.As(err, &fe) || !errors.Is(err, reason) || !errors.Is(err, writer.ErrRefused) {
		t.Fatalf("error %v, want a FrameError for %v", err, reason)
	}
	if string(got) != "before" {
		t.Fatalf("the slice came back as %q", got)
	}
}

func before() []byte { return []byte("before") }

// unescaped are the commands whose headers are never escaped.
var unescaped = []frame.Command{frame.CmdConnect, frame.CmdStomp, frame.CmdConnected}

func TestRuleNULIsRefusedEverywhere(t *testing.T) {
	for _, v := range versions {
		for _, cmd := range append(unescaped, frame.CmdSend) {
			mustRefuse(t, v, cmd, frame.Field{Name: "k", Value: "a\x00b"}, writer.ErrNUL)
			mustRefuse(t, v, cmd, frame.Field{Name: "k\x00", Value: "v"}, writer.ErrNUL)
		}
	}
}

func TestRuleLineBreaksAreRefusedIn10(t *testing.T) {
	for _, text := range []string{"a\nb", "\n", "a\n", "a\rb", "a\r", "\r\n"} {
		mustRefuse(t, frame.Version10, frame.CmdSend, frame.Field{Name: "k", Value: text}, writer.ErrLineBreak)
		mustRefuse(t, frame.Version10, frame.CmdSend, frame.Field{Name: text, Value: "v"}, writer.ErrLineBreak)
	}
}

// The passcode that ends its line and adds a header of its own: netty's encoder
// let it through (CVE-2026-59920).
func TestRuleLineBreaksAreRefusedInConnectInAnyVersion(t *testing.T) {
	for _, v := range append(versions, 0) {
		for _, cmd := range unescaped {
			for _, text := range []string{"secret\nlogin:admin", "a\rb", "a\r"} {
				mustRefuse(t, v, cmd, frame.Field{Name: "passcode", Value: text}, writer.ErrLineBreak)
				mustRefuse(t, v, cmd, frame.Field{Name: text, Value: "v"}, writer.ErrLineBreak)
			}
		}
	}
}

func TestRuleColonInNameIsRefusedWhereItCannotBeEscaped(t *testing.T) {
	f := frame.Field{Name: "a:b", Value: "v"}
	mustRefuse(t, frame.Version10, frame.CmdSend, f, writer.ErrColonInName)
	for _, v := range versions {
		for _, cmd := range unescaped {
			mustRefuse(t, v, cmd, f, writer.ErrColonInName)
		}
	}
}

func TestRuleEmptyNameIsRefused(t *testing.T) {
	for _, v := range versions {
		for _, cmd := range append(unescaped, frame.CmdSend) {
			mustRefuse(t, v, cmd, frame.Field{Name: "", Value: "v"}, writer.ErrEmptyName)
		}
	}
}

func TestRuleTextIsUTF8Since11(t *testing.T) {
	for _, text := range []string{"\xff", "abc\xc3", "\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "12345678\xc0\x80"} {
		for _, v := range []frame.Version{0, frame.Version11, frame.Version12} {
			for _, cmd := range append(unescaped, frame.CmdSend) {
				mustRefuse(t, v, cmd, frame.Field{Name: "k", Value: text}, writer.ErrBadUTF8)
				mustRefuse(t, v, cmd, frame.Field{Name: text, Value: "v"}, writer.ErrBadUTF8)
			}
		}
		got, err := writer.AppendHeader(nil, frame.Version10, text, text)
		check(t, got, err, text+":"+text+"\n")
	}
}

// A number that one reader takes and another does not would let the two disagree
// on where the frame ends.
func TestRuleContentLengthMustGiveTheLength(t *testing.T) {
	body := []byte("abc")
	for _, text := range []string{"", "2", "4", "+3", " 3", "3 ", "03", "-3", "0x3", "3\n", "99999999999999999999", "3.0"} {
		h := []frame.Field{{Name: "k", Value: "v"}, {Name: "content-length", Value: text}}
		got, err := writer.AppendFrame(before(), frame.Version12, frame.CmdSend, h, body)
		checkRefusal(t, got, err, frame.CmdSend, "content-length", 1, writer.ErrContentLength)
	}
}

func TestRuleRepeatedContentLengthsMustAgree(t *testing.T) {
	h := []frame.Field{{Name: "content-length", Value: "3"}, {Name: "content-length", Value: "3"}}
	got, err := writer.AppendFrame(nil, frame.Version12, frame.CmdSend, h, []byte("abc"))
	check(t, got, err, "SEND\ncontent-length:3\ncontent-length:3\n\nabc\x00")
	h[1].Value = "999"
	got, err = writer.AppendFrame(before(), frame.Version12, frame.CmdSend, h, []byte("abc"))
	checkRefusal(t, got, err, frame.CmdSend, "content-length", 1, writer.ErrContentLength)
}

func TestRuleContentLengthIsRefusedWhereItIsLeftOff(t *testing.T) {
	h := []frame.Field{{Name: "content-length", Value: "3"}}
	got, err := writer.AppendFrameNoLength(before(), frame.Version12, frame.CmdSend, h, []byte("abc"))
	checkRefusal(t, got, err, frame.CmdSend, "content-length", 0, writer.ErrContentLength)
	if _, err := writer.Compile(frame.Version12, frame.CmdSend, h); !errors.Is(err, writer.ErrContentLength) {
		t.Fatalf("Compile: %v", err)
	}
}

func TestRuleBodyWithNULNeedsContentLength(t *testing.T) {
	got, err := writer.AppendFrameNoLength(before(), frame.Version12, frame.CmdSend, nil, []byte("a\x00b"))
	mustRefuseFrame(t, got, err, writer.ErrNULInBody)
	block, _ := writer.Compile(frame.Version12, frame.CmdSend, nil)
	got, err = block.AppendNoLength(before(), nil, []byte{0})
	mustRefuseFrame(t, got, err, writer.ErrNULInBody)
}

func TestRuleOnlySendMessageAndErrorHaveABodySince11(t *testing.T) {
	for cmd := frame.CmdConnect; cmd <= frame.CmdError; cmd++ {
		for _, v := range []frame.Version{0, frame.Version11, frame.Version12} {
			block, err := writer.Compile(v, cmd, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := writer.AppendFrame(before(), v, cmd, nil, []byte("x"))
			if cmd == frame.CmdSend || cmd == frame.CmdMessage || cmd == frame.CmdError {
				check(t, got, err, "before"+cmd.String()+"\ncontent-length:1\n\nx\x00")
				continue
			}
			mustRefuseFrame(t, got, err, writer.ErrBodyNotAllowed)
			got, err = writer.AppendFrameNoLength(before(), v, cmd, nil, []byte("x"))
			mustRefuseFrame(t, got, err, writer.ErrBodyNotAllowed)
			got, err = writer.AppendHead(before(), v, cmd, nil, 1)
			mustRefuseFrame(t, got, err, writer.ErrBodyNotAllowed)
			got, err = block.Append(before(), nil, []byte("x"))
			mustRefuseFrame(t, got, err, writer.ErrBodyNotAllowed)
			got, err = block.AppendNoLength(before(), nil, []byte("x"))
			mustRefuseFrame(t, got, err, writer.ErrBodyNotAllowed)
		}
	}
}

func TestRuleUnknownCommandsAreRefused(t *testing.T) {
	for _, cmd := range []frame.Command{frame.CmdNone, frame.CmdError + 1, 255} {
		got, err := writer.AppendFrame(before(), frame.Version12, cmd, nil, nil)
		mustRefuseFrame(t, got, err, writer.ErrCommand)
	}
}

func TestRule10HasNoNack(t *testing.T) {
	got, err := writer.AppendFrame(before(), frame.Version10, frame.CmdNack, nil, nil)
	mustRefuseFrame(t, got, err, writer.ErrCommand)
	got, err = writer.AppendNack(before(), frame.Version10, writer.Ack{MessageID: []byte("1")}, nil)
	mustRefuseFrame(t, got, err, writer.ErrCommand)
}

func TestRuleSendNeedsADestination(t *testing.T) {
	got, err := writer.AppendSend(before(), frame.Version12, "", nil, nil)
	checkRefusal(t, got, err, frame.CmdSend, "destination", -1, writer.ErrMissing)
}

func TestRuleBodyLengthIsNotNegative(t *testing.T) {
	got, err := writer.AppendHead(before(), frame.Version12, frame.CmdSend, nil, -1)
	mustRefuseFrame(t, got, err, writer.ErrBodyLength)
}

func TestRuleEveryAppendRefusesWhatItCannotRepresent(t *testing.T) {
	nul := []byte("a\x00b")
	bad := []frame.Field{{Name: "k", Value: "a\x00b"}}
	got, err := writer.AppendHeader(before(), frame.Version12, "k", "\x00")
	checkRefusal(t, got, err, frame.CmdNone, "k", -1, writer.ErrNUL)
	got, err = writer.AppendHeaderBytes(before(), frame.Version12, []byte("k"), nul)
	checkRefusal(t, got, err, frame.CmdNone, "k", -1, writer.ErrNUL)
	got, err = writer.AppendSend(before(), frame.Version12, "/queue/\x00", nil, nil)
	checkRefusal(t, got, err, frame.CmdSend, "destination", -1, writer.ErrNUL)
	got, err = writer.AppendSend(before(), frame.Version12, "/queue/a", bad, nil)
	checkRefusal(t, got, err, frame.CmdSend, "k", 0, writer.ErrNUL)
	got, err = writer.AppendReceipt(before(), frame.Version12, nul)
	checkRefusal(t, got, err, frame.CmdReceipt, "receipt-id", -1, writer.ErrNUL)
	got, err = writer.AppendAck(before(), frame.Version12, writer.Ack{ID: nul}, nil)
	checkRefusal(t, got, err, frame.CmdAck, "id", -1, writer.ErrNUL)
	got, err = writer.AppendAck(before(), frame.Version12, writer.Ack{ID: []byte("1"), Transaction: "\x00"}, nil)
	checkRefusal(t, got, err, frame.CmdAck, "transaction", -1, writer.ErrNUL)
	got, err = writer.AppendNack(before(), frame.Version12, writer.Ack{ID: []byte("1")}, bad)
	checkRefusal(t, got, err, frame.CmdNack, "k", 0, writer.ErrNUL)
}
