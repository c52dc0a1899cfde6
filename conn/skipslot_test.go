package conn_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// Over a broker that has one message at a time outstanding: those above our limits do not hold up the ones behind them, in
// any ack mode (R3).
func TestOversizeMessagesDoNotStarveAPrefetchOfOne(t *testing.T) {
	for _, v := range []frame.Version{frame.Version10, frame.Version11, frame.Version12} {
		for _, mode := range ackModes(v) {
			for _, by := range []string{"handler", "handler every 2", "Next"} {
				every := 0
				if by == "handler every 2" {
					if every = 2; mode != frame.AckClient {
						continue
					}
				}
				t.Run(fmt.Sprintf("version=%v/ack=%v/by=%s", v, mode, by), func(t *testing.T) {
					srv, err := broker.Start(broker.Config{MaxRedeliveries: 1})
					if err != nil {
						t.Fatal(err)
					}
					defer srv.Close()
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					cfg, _ := skippedBy(conn.Config{Versions: frame.VersionsOf(v), OneConnection: true})
					cfg.Link.Limits = frame.Limits{Headers: 20}
					reader, err := conn.Dial(ctx, srv.Addr().String(), &cfg)
					if err != nil {
						t.Fatal(err)
					}
					defer reader.Close()
					sender, err := conn.Dial(ctx, srv.Addr().String(), nil)
					if err != nil {
						t.Fatal(err)
					}
					defer sender.Close()
					var many []frame.Field
					for i := range 30 {
						many = append(many, frame.Field{Name: fmt.Sprint("h", i), Value: "v"})
					}
					for _, body := range strings.Fields("large large a large b large large large c") {
						h := many
						if body != "large" {
							h = nil
						}
						if err := sender.SendReceipt(ctx, "/queue/a", []byte(body), h...); err != nil {
							t.Fatal(err)
						}
					}
					got := make(chan string, 10)
					handle := func(_ context.Context, m *conn.Message) {
						if mode != frame.AckAuto {
							if err := m.Ack(); err != nil {
								t.Error(err)
							}
						}
						got <- string(m.Body)
					}
					opts := conn.SubscribeOptions{Ack: mode, AckEvery: every, Hints: []dialect.Hint{dialect.Prefetch(1)}}
					if by != "Next" {
						_, err = reader.Subscribe(ctx, "/queue/a", handle, opts)
					} else {
						var sub *conn.Subscription
						if sub, err = reader.Consume(ctx, "/queue/a", opts); err == nil {
							go func() {
								for m, err := range sub.All(ctx) {
									if err == nil {
										handle(ctx, m)
									}
								}
							}()
						}
					}
					if err != nil {
						t.Fatal(err)
					}
					for _, want := range strings.Fields("a b c") {
						select {
						case body := <-got:
							if body != want {
								t.Errorf("got %q, want %q", body, want)
							}
						case <-ctx.Done():
							t.Fatalf("%s does not come", want)
						}
					}
				})
			}
		}
	}
}

// In mode client an ACK or NACK covers all earlier messages, so a skipped message is settled when those before it are: at once,
// with the ACK of the last of them, or by that of a later one. 1.0 has no NACK.
func TestSkippedMessageWaitsForThoseBeforeIt(t *testing.T) {
	const large = "large"
	type ack struct {
		id   string
		nack bool
	}
	for _, v := range []frame.Version{frame.Version10, frame.Version11, frame.Version12} {
		name := func(cmd, id string) string {
			switch {
			case v == frame.Version10:
				return cmd + "\nmessage-id:" + id + "\n\n^@"
			case v == frame.Version11:
				return cmd + "\nmessage-id:" + id + "\nsubscription:1\n\n^@"
			}
			return cmd + "\nid:" + id + "\n\n^@"
		}
		skipped := func(id string) string {
			if v == frame.Version10 {
				return name("ACK", id)
			}
			return name("NACK", id)
		}
		for what, c := range map[string]struct {
			come []string // ids; those that begin with "large" are skipped
			acks []ack
			want []string
		}{
			"nothing before":          {[]string{"large1"}, nil, []string{skipped("large1")}},
			"one after the other":     {[]string{"large1", "large2"}, nil, []string{skipped("large1"), skipped("large2")}},
			"behind an open one":      {[]string{"1", "large1"}, nil, nil},
			"acknowledged":            {[]string{"1", "large1"}, []ack{{id: "1"}}, []string{name("ACK", "1"), skipped("large1")}},
			"refused":                 {[]string{"1", "large1"}, []ack{{"1", true}}, []string{name("NACK", "1"), skipped("large1")}},
			"the last covers both":    {[]string{"1", "large1", "large2"}, []ack{{id: "1"}}, []string{name("ACK", "1"), skipped("large2")}},
			"one is still open":       {[]string{"1", "2", "large1"}, []ack{{id: "1"}}, []string{name("ACK", "1")}},
			"one is open no more":     {[]string{"1", "2", "large1"}, []ack{{id: "1"}, {id: "2"}}, []string{name("ACK", "1"), name("ACK", "2"), skipped("large1")}},
			"a later one":             {[]string{"1", "large1", "2"}, []ack{{id: "2"}}, []string{name("ACK", "2")}},
			"a later one comes first": {[]string{"1", "large1", "2"}, []ack{{id: "2"}, {id: "1"}}, []string{name("ACK", "2"), name("ACK", "1")}},
			"before a later one":      {[]string{"1", "large1", "2"}, []ack{{id: "1"}}, []string{name("ACK", "1"), skipped("large1")}},
			"once":                    {[]string{"1", "large1"}, []ack{{id: "1"}, {id: "1"}}, []string{name("ACK", "1"), skipped("large1"), name("ACK", "1")}},
		} {
			if v == frame.Version10 && what == "refused" {
				continue
			}
			t.Run(fmt.Sprintf("version=%v/%s", v, what), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg, _ := skippedBy(conn.Config{})
					s, b := session(t, inBubble, v, cfg)
					tokens := make(map[string]conn.Token)
					b.subscribe(s, frame.AckClient, func(_ context.Context, m *conn.Message) {
						tokens[m.Header.Text("message-id")] = m.Token()
					})
					frames := make(chan string, 10)
					go func() {
						defer close(frames)
						for text, err := b.next(); err == nil; text, err = b.next() {
							frames <- text
						}
					}()
					for _, id := range c.come {
						rest := "\nbody^@"
						if strings.HasPrefix(id, large) {
							rest = "\n01234567890^@"
						}
						b.write("MESSAGE\nsubscription:1\nmessage-id:" + id + "\nack:" + id + "\ndestination:/queue/a\n" + rest)
					}
					synctest.Wait()
					for _, a := range c.acks {
						say := tokens[a.id].Ack
						if a.nack {
							say = tokens[a.id].Nack
						}
						if err := say(); err != nil {
							t.Error(err)
						}
					}
					synctest.Wait()
					_ = s.Close()
					var got []string
					for text := range frames {
						got = append(got, text)
					}
					if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
						t.Errorf("the broker got %q, want %q", got, c.want)
					}
				})
			})
		}
	}
}
