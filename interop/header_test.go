package interop_test

import (
	"errors"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// headerCases are headers that are hard to get across. Versions before from cannot represent them, and
// the writer refuses to.
var headerCases = []struct {
	what, name, value string
	from              frame.Version
}{
	{"plain", "plain", "value", frame.Version10},
	{"empty", "empty", "", frame.Version10},
	{"utf-8", "utf8", "grüße, мир, 日本, 🎉", frame.Version10}, // of which 1.0 says nothing
	{"utf-8 name", "größe", "1", frame.Version10},
	{"blanks", "blanks", "  two each side  ", frame.Version10}, // 1.0 does not say whether they count
	{"colon", "colon", "a:b::c", frame.Version10},
	{"backslash", "backslash", `C:\\new\carte`, frame.Version10},
	{"line break", "linebreak", "one\ntwo\n", frame.Version11},
	{"all of 1.1", "all11", "\\n\\c\n:\\\\", frame.Version11},
	{"carriage return", "cr", "one\rtwo\r", frame.Version11}, // 1.1 has no escape for it
	{"all of 1.2", "all12", "\r\n\\r:\\\r", frame.Version11},
	{"colon in name", "na:me", "1", frame.Version11},
	{"hyphen in name", "x-some-name", "1", frame.Version10},
}

// What is written in a header is what is read in it, whatever has to be escaped on the way.
func TestHeaders(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c, q := tg.dial(t, version(v)), queue()
			in := subscribe(t, c, q, frame.AckAuto)
			for _, test := range headerCases {
				field := frame.Field{Name: test.name, Value: test.value}
				if v < test.from {
					if err := c.SendReceipt(within(t), q, nil, field); !errors.Is(err, writer.ErrRefused) {
						t.Errorf("%s: error %v, want it refused", test.what, err)
					}
					continue
				}
				deviation := tg.headers[headerCase{test.what, v}]
				if deviation.refused {
					continue
				}
				if err := c.SendReceipt(within(t), q, nil, field); err != nil {
					t.Fatalf("%s: %v", test.what, err)
				}
				m := in.next(t)
				got, ok := m.Header.Lookup(test.name)
				if !ok || string(got) != test.value && string(got) != deviation.arrives {
					t.Errorf("%s: %q among %q, want %q", test.what, got, m.Header.Fields(), test.value)
				}
			}
			in.expectEnd(t)
			disconnect(t, c)
		})
	})
}
