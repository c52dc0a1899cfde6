package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// reader is a peer that reads frames with the default limits, as our client does at least.
type reader struct {
	*client
	frames *parser.Reader
}

func readAs(t *testing.T, b *broker.Broker, version string) *reader {
	c := connect(t, b, version)
	r := parser.NewReader(c.r)
	r.Version = frame.ParseVersion(version)
	return &reader{c, r}
}

func (r *reader) next(want frame.Command) *frame.Frame {
	r.t.Helper()
	f, err := r.frames.Next()
	if err != nil || f.Command != want {
		r.t.Fatalf("got %v, %v; want %v", f, err, want)
	}
	return f
}

// lines returns n header lines.
func lines(n int, line string) string { return strings.Repeat(line+"\n", n) }

// A frame that is accepted can be read with the default limits, in every version and on each way through the broker, the
// one to the dead letter queue included. Names are as long as they may be, and of what grows most.
func TestWhatIsAcceptedCanBeRead(t *testing.T) {
	accepted, refused := 0, 0
	for _, headers := range []string{
		lines(124, "a:b"), lines(121, "a:b"), lines(122, "a:b"), lines(100, "a:b"),
		"a:" + strings.Repeat(":", 8000) + "\n", "a:" + strings.Repeat(":", 4095) + "\n", "a:" + strings.Repeat(":", 4096) + "\n",
		"a:" + strings.Repeat("x", 8190) + "\n",
		lines(14, "a:"+strings.Repeat(":", 2000)), lines(15, "a:"+strings.Repeat(":", 2000)), lines(7, "a:"+strings.Repeat("x", 8190)),
		lines(100, "a:"+strings.Repeat("x", 500)), lines(116, "a:"+strings.Repeat("x", 500)),
	} {
		for _, from := range versions {
			b := start(t, broker.Config{MaxRedeliveries: 1})
			name := "/queue/" + strings.Repeat(":", 1024-len("/queue/"))
			p := readAs(t, b, from)
			p.write("SEND\ndestination:" + name + "\nreceipt:r\n" + headers + "\nx^@")
			f, err := p.frames.Next()
			if err != nil {
				t.Fatal(err)
			}
			if string(f.Header.Get("receipt-id")) != "r" {
				t.Fatalf("got %v, want it to name the receipt", f)
			}
			if f.Command == frame.CmdError {
				refused++
				continue
			}
			accepted++
			id := strings.Repeat(":", 1024)
			for _, to := range versions {
				c := readAs(t, b, to)
				c.write("SUBSCRIBE\nid:" + id + "\ndestination:" + name + "\nack:client\n\n^@")
				c.next(frame.CmdMessage)
				c.nc.Close()
			}
			c := readAs(t, b, "1.2")
			c.write("SUBSCRIBE\nid:" + id + "\ndestination:" + name + "\nack:client\n\n^@")
			for range 2 {
				m := c.next(frame.CmdMessage)
				c.write("NACK\nid:" + string(m.Header.Get("ack")) + "\n\n^@")
			}
			for _, to := range versions {
				c := readAs(t, b, to)
				c.write("SUBSCRIBE\nid:" + id + "\ndestination:/queue/DLQ." + strings.TrimPrefix(name, "/queue/") + "\nack:client\n\n^@")
				c.next(frame.CmdMessage)
				c.nc.Close()
			}
		}
	}
	if accepted < 10 || refused < 10 {
		t.Errorf("%d were accepted and %d refused", accepted, refused)
	}
}

// What a SEND may have is what a reader may take, less what the broker adds.
func TestHeaderThatReadersCannotTakeIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, fits, exceeds, says string }{
		{"number", lines(121, "a:b"), lines(122, "a:b"), "129 header lines, 7 of them the broker's: readers take 128"},
		{"line", "ab:" + strings.Repeat("x", 8189) + "\n", "a:" + strings.Repeat(":", 4096) + "\n", "a header line of 8194 bytes: readers take 8192"},
		{"line of escapes", "a:" + strings.Repeat(":", 4095) + "\n", "a:" + strings.Repeat("x", 7998) + strings.Repeat(":", 97) + "\n", "a header line of 8194 bytes: readers take 8192"},
		{"block", lines(28, "a:"+strings.Repeat(":", 1000)), lines(30, "a:"+strings.Repeat(":", 1000)), "bytes of header lines"},
	} {
		for _, transaction := range []string{"", "transaction:t\n"} {
			t.Run(tt.name+transaction, func(t *testing.T) {
				b := start(t, broker.Config{})
				c := connect(t, b, "1.2")
				c.write("BEGIN\ntransaction:t\n\n^@")
				c.write("SEND\ndestination:/queue/q\nreceipt:1\n" + transaction + tt.fits + "\n^@")
				c.expect("RECEIPT", "receipt-id:1")
				c.write("SEND\ndestination:/queue/q\nreceipt:2\n" + transaction + tt.exceeds + "\n^@")
				if f := c.expectError("header is too large", "receipt-id:2"); !strings.Contains(f.body, tt.says) {
					t.Errorf("the ERROR says %q, want %q", f.body, tt.says)
				}
			})
		}
	}
}

// Config.Limits above the defaults raise what readers have to take.
func TestRaisedLimitsAreForReadersToo(t *testing.T) {
	b := start(t, broker.Config{Limits: frame.Limits{Headers: 1000, HeaderLine: 32 << 10, HeaderBlock: 1 << 20}})
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "auto")
	c.send("/queue/q", "x", "a:"+strings.Repeat(":", 16000), strings.TrimSuffix(lines(900, "a:b"), "\n"))
	if n := len(c.expectBody("x").lines); n < 901 {
		t.Errorf("%d header lines", n)
	}
	c.send("/queue/q", "x", "a:"+strings.Repeat(":", 17000), "receipt:r")
	c.expectError("header is too large", "receipt-id:r")
}

// Limits below the defaults hold for what is sent to the broker, and need no headroom: readers take more.
func TestLowLimitsNeedNoHeadroom(t *testing.T) {
	b := start(t, broker.Config{Limits: frame.Limits{Headers: 5, HeaderLine: 100, HeaderBlock: 200}})
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "auto")
	c.send("/queue/q", "x", "a:"+strings.Repeat(":", 90), "b:c")
	c.expectBody("x", "b:c")
}

// A RECEIPT is one line longer than the receipt header, and grows with what is escaped.
func TestReceiptThatReadersCannotTakeIsRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		most := 8192 - len("receipt-id:")
		fits, exceeds := strings.Repeat("r", most), strings.Repeat("r", most+1)
		colons := strings.Repeat(":", most/2)
		for _, head := range []string{"SEND\ndestination:/queue/q\n", "BEGIN\ntransaction:t\n", "SUBSCRIBE\nid:s\ndestination:/queue/other\n", "DISCONNECT\n"} {
			for _, id := range []string{fits, colons, exceeds, colons + colons} {
				grows := strings.HasPrefix(id, colons+colons)
				c := readAs(t, b, version)
				c.write(head + "receipt:" + id + "\n\n^@")
				if id == exceeds || grows && version != "1.0" {
					f := c.next(frame.CmdError)
					if message := f.Header.Text("message"); message != "receipt is too long" || f.Header.Get("receipt-id") != nil {
						t.Errorf("got %v", f)
					}
				} else if f := c.next(frame.CmdReceipt); string(f.Header.Get("receipt-id")) != id {
					t.Errorf("got %.100v", f)
				}
				c.nc.Close()
			}
		}
		if n := b.Stats().MessagesIn; version != "1.0" && n != 2 {
			t.Errorf("%d messages were taken, want those with a receipt", n)
		}
	})
}

// Injected faults are no way around it.
func TestDelayedMessagesCanBeRead(t *testing.T) {
	for _, fault := range []broker.Fault{broker.Delay(1), broker.Defer(1), broker.Lose, broker.Duplicate} {
		b := start(t, broker.Config{})
		b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
			if f.Command == frame.CmdSend {
				return fault
			}
			return broker.Fault{}
		})
		c := connect(t, b, "1.2")
		c.write("SEND\ndestination:/queue/q\nreceipt:" + strings.Repeat(":", 8000) + "\n\n^@")
		c.expectError("receipt is too long")
		if fault != broker.Lose {
			c = connect(t, b, "1.2")
			c.write("SEND\ndestination:/queue/q\nreceipt:r\n" + lines(124, "a:b") + "\n^@")
			c.expectError("header is too large", "receipt-id:r")
		}
	}
}
