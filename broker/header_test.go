package broker_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// "Clients MAY ... add any arbitrary user defined headers ... to the SEND frame",
// which MESSAGE passes on: in order, and with repeated ones.
func TestUserHeadersPassThrough(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		user := []string{"b:2", "a:1", "a:0", "content-type:text/plain", "priority:9", "persistent:true", "x:", "correlation-id: spaced "}
		for _, ack := range []string{"auto", "client"} {
			c.subscribe(ack, "/queue/"+ack, ack)
			c.send("/queue/"+ack, "x", user...)
			m := c.expectBody("x")
			var got []string
			for _, line := range m.lines {
				if slices.Contains(user, line) {
					got = append(got, line)
				}
			}
			if !slices.Equal(got, user) {
				t.Errorf("got %q, want %q", got, user)
			}
		}
	})
}

// What speaks to the broker, would pass for its own, or is a secret, is not.
func TestBrokersHeadersAreNotPassedOn(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "auto")
		c.send("/queue/q", "x", "receipt:r", "message-id:forged", "subscription:forged", "ack:forged",
			"redelivered:forged", "passcode:forged", "login:forged", "destination:/queue/forged")
		m := c.expectBody("x", "subscription:s", "destination:/queue/q")
		if text := m.String(); strings.Contains(text, "forged") || strings.Contains(text, "receipt") {
			t.Errorf("got %v", m)
		}
		c.expect("RECEIPT", "receipt-id:r")
	})
}

// content-length is there whenever the SEND had it or there is a body, and NULs in a
// counted body are part of it.
func TestContentLength(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "auto")
		c.send("/queue/q", "a^@b", "content-length:3")
		c.expectBody("a\x00b", "content-length:3")
		c.send("/queue/q", "", "content-length:0")
		c.expectBody("", "content-length:0")
		c.send("/queue/q", "abc")
		c.expectBody("abc", "content-length:3")
		c.send("/queue/q", "")
		if m := c.expectBody(""); m.get("content-length") != "" {
			t.Errorf("got %v", m)
		}
	})
}

// Every header arrives as what it means in the receiver's version. ways are how a
// MESSAGE takes through the broker.
func TestHeadersAreEscapedForTheReceiver(t *testing.T) {
	const absent = "\x00"
	ways := []struct {
		name string
		run  func(t *testing.T, b *broker.Broker, p *client, to, line string) *received
	}{
		{"straight", func(t *testing.T, b *broker.Broker, p *client, to, line string) *received {
			c := connect(t, b, to)
			c.subscribe("s", "/queue/q", "auto")
			p.send("/queue/q", "x", line)
			return c.expectBody("x")
		}},
		{"stored", func(t *testing.T, b *broker.Broker, p *client, to, line string) *received {
			p.send("/queue/q", "x", line)
			p.sync()
			c := connect(t, b, to)
			c.subscribe("s", "/queue/q", "client")
			return c.expectBody("x")
		}},
		{"transaction", func(t *testing.T, b *broker.Broker, p *client, to, line string) *received {
			c := connect(t, b, to)
			c.subscribe("s", "/queue/q", "auto")
			p.write("BEGIN\ntransaction:t\n\n^@")
			p.send("/queue/q", "x", "transaction:t", line)
			p.write("COMMIT\ntransaction:t\n\n^@")
			return c.expectBody("x")
		}},
		{"fan-out", func(t *testing.T, b *broker.Broker, p *client, to, line string) *received {
			c := connect(t, b, to)
			c.subscribe("1", "/topic/t", "auto")
			c.subscribe("2", "/topic/t", "auto")
			p.send("/topic/t", "x", line)
			c.expectBody("x", "subscription:1")
			return c.expectBody("x", "subscription:2")
		}},
	}
	for _, tt := range []struct {
		name, from, line string
		to10, to11, to12 string // the line that arrives
	}{
		{"plain", "1.2", "k:v", "k:v", "k:v", "k:v"},
		{"colon in value", "1.2", `k:a\cb`, "k:a:b", `k:a\cb`, `k:a\cb`},
		{"raw colon", "1.2", "k:a:b", "k:a:b", `k:a\cb`, `k:a\cb`},
		{"raw colon from 1.0", "1.0", "k:a:b", "k:a:b", `k:a\cb`, `k:a\cb`},
		{"backslash", "1.1", `k:a\\b`, `k:a\b`, `k:a\\b`, `k:a\\b`},
		{"backslash from 1.0", "1.0", `k:a\nb`, `k:a\nb`, `k:a\\nb`, `k:a\\nb`},
		{"LF", "1.2", `k:a\nevil\c1`, absent, `k:a\nevil\c1`, `k:a\nevil\c1`},
		{"LF from 1.1", "1.1", `k:a\n\nSEND`, absent, `k:a\n\nSEND`, `k:a\n\nSEND`},
		{"CR", "1.2", `k:a\rb`, "k:a\rb", "k:a\rb", `k:a\rb`},
		{"CR from 1.1", "1.1", "k:a\rb", "k:a\rb", "k:a\rb", `k:a\rb`},
		{"CR from 1.0", "1.0", "k:a\rb\r", "k:a\rb\r", "k:a\rb\r", `k:a\rb\r`},
		{"CR in name", "1.0", "k\r:v", "k\r:v", "k\r:v", `k\r:v`},
		{"colon in name", "1.2", `a\cb:v`, absent, `a\cb:v`, `a\cb:v`},
		{"UTF-8", "1.2", "k:käse", "k:käse", "k:käse", "k:käse"},
		{"not UTF-8 from 1.0", "1.0", "k:a\xffb", "k:a\xffb", absent, absent},
	} {
		for _, way := range ways {
			for i, want := range []string{tt.to10, tt.to11, tt.to12} {
				t.Run(tt.name+"/"+way.name+"/to="+versions[i], func(t *testing.T) {
					b := start(t, broker.Config{})
					m := way.run(t, b, connect(t, b, tt.from), versions[i], tt.line)
					if want != absent && !slices.Contains(m.lines, want) {
						t.Errorf("got %v, want %q", m, want)
					}
					if want == absent && slices.ContainsFunc(m.lines, func(line string) bool {
						return strings.HasPrefix(line, "k:") || strings.Contains(line, "evil") || strings.HasPrefix(line, "a:") || strings.HasPrefix(line, "b:")
					}) {
						t.Errorf("got %v, want the header left out", m)
					}
					omitted := uint64(0)
					if want == absent {
						omitted = uint64(b.Stats().MessagesOut)
					}
					if n := b.Stats().HeadersOmitted; n != omitted {
						t.Errorf("%d headers are counted as left out, want %d", n, omitted)
					}
				})
			}
		}
	}
}

// "an unique identifier for that message"
func TestMessageIDsAreUnique(t *testing.T) {
	b := start(t, broker.Config{})
	c := connect(t, b, "1.2")
	seen := map[string]bool{}
	for round := range 3 {
		for _, d := range []string{"/queue/a", "/topic/b", "c"} {
			c.subscribe("s", d, "auto")
			for range 10 {
				c.send(d, "x")
				id := c.expectBody("x").get("message-id")
				if id == "" || seen[id] {
					t.Fatalf("round %d: id %q of %s was seen before", round, id, d)
				}
				seen[id] = true
			}
			c.write("UNSUBSCRIBE\nid:s\n\n^@") // the destination goes, and comes anew
		}
	}
}

func TestExpiredMessagesAreDropped(t *testing.T) {
	b := start(t, broker.Config{})
	p := connect(t, b, "1.2")
	p.send("/queue/q", "late", "expires:1")
	p.send("/queue/q", "in time", "expires:99999999999999")
	p.send("/queue/q", "no number", "expires:soon")
	p.send("/queue/q", "never", "expires:0")
	p.sync()
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "auto")
	c.expectBody("in time", "expires:99999999999999")
	c.expectBody("no number")
	c.expectBody("never")
	if n := b.Stats().Expired; n != 1 {
		t.Errorf("%d expired, want 1", n)
	}
}
