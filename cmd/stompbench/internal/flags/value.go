package flags

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Value is the value of a flag: it parses the text and checks its range.
type Value struct {
	kind    string // for the help; "" for a switch
	text    string
	texts   []string // all that were set, in order
	choices []string
	set     func(string) error
}

var _ pflag.Value = (*Value)(nil)

// Type returns the kind, such as TIME or FILE; bool for a switch.
func (v *Value) Type() string { return cmp.Or(v.kind, "bool") }

// String returns the text that was set, or that of the default.
func (v *Value) String() string { return v.text }

// Choices returns the words that the value can be, nil if it can be others.
func (v *Value) Choices() []string { return v.choices }

// Propose sets words that completion proposes.
func (v *Value) Propose(words ...string) *Value {
	v.choices = words
	return v
}

// Set parses the text. No flag can be set to nothing: that would differ from leaving it out in no
// way that a user could mean.
func (v *Value) Set(s string) error {
	text := strings.TrimSpace(s)
	if text == "" {
		return errors.New("its value is empty: give one, or leave the flag out")
	}
	if err := v.set(text); err != nil {
		return err
	}
	v.text, v.texts = s, append(v.texts, s)
	return nil
}

// Parsed is a value of a kind that parse reads.
func Parsed[T any](into *T, kind string, parse func(string) (T, error)) *Value {
	return &Value{kind: kind, set: func(s string) error {
		x, err := parse(s)
		if err == nil {
			*into = x
		}
		return err
	}}
}

// Each is a value that is set again and again: parse gets one text at a time.
func Each(kind string, parse func(string) error) *Value { return &Value{kind: kind, set: parse} }

// Text is a value that is any text, such as the name of a file.
func Text(into *string, kind string) *Value {
	return Parsed(into, kind, func(s string) (string, error) { return s, nil })
}

// Texts is a text that may be repeated.
func Texts(into *[]string, kind string) *Value {
	return Each(kind, func(s string) error {
		*into = append(*into, s)
		return nil
	})
}

// Switch is true or false. Files and environment variables may spell the value out.
func Switch(into *bool) *Value {
	return &Value{choices: []string{"true", "false"}, set: func(s string) error {
		switch strings.ToLower(s) {
		case "true", "yes", "on", "1":
			*into = true
		case "false", "no", "off", "0":
			*into = false
		default:
			return errors.New("write true or false")
		}
		return nil
	}}
}

// OneOf is one of a few words, of which parse knows the meanings.
func OneOf[T any](into *T, kind string, parse func(string) (T, bool), words ...string) *Value {
	last := len(words) - 1
	v := Parsed(into, kind, func(s string) (T, error) {
		x, ok := parse(s)
		if !ok {
			return x, fmt.Errorf("choose %s or %s", strings.Join(words[:last], ", "), words[last])
		}
		return x, nil
	})
	return v.Propose(words...)
}

// within refuses values below least and above most, and NaN.
func within[T cmp.Ordered](into *T, kind string, parse func(string) (T, error), least, most T, show func(T) string) *Value {
	return Parsed(into, kind, func(s string) (T, error) {
		x, err := parse(s)
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), "it is out of range"):
			return x, err
		case err != nil || !(x >= least && x <= most): // also for NaN
			return x, fmt.Errorf("%.64s is out of range: choose from %s to %s", s, show(least), show(most))
		}
		return x, nil
	})
}

// Int is a whole number.
func Int(into *int, least, most int) *Value {
	return within(into, "N", workload.ParseInt, least, most, func(n int) string { return fmt.Sprint(n) })
}

// Count is a whole number above 0.
func Count(into *uint64) *Value {
	return within(into, "N", workload.ParseCount, 1, 1<<53-1, func(n uint64) string { return fmt.Sprint(n) })
}

// Seed is a whole number that a parser of JSON reads exactly.
func Seed(into *uint64) *Value { return Parsed(into, "N", workload.ParseCount) }

// MaxTime bounds every duration.
const MaxTime = workload.MaxTime

// Time is a duration.
func Time(into *time.Duration, least, most time.Duration) *Value {
	return within(into, "TIME", workload.ParseDuration, least, most, report.Elapsed)
}

// Rate is a number a second above 0.
func Rate(into *float64) *Value {
	return within(into, "RATE", workload.ParsePerSecond, math.SmallestNonzeroFloat64, workload.MaxRate, func(x float64) string {
		if x < 1 {
			return "above 0"
		}
		return report.PerSecond(x)
	})
}

// Share is a share from least to most, both included.
func Share(into *float64, least, most float64) *Value {
	return within(into, "SHARE", workload.ParseShare, least, most, func(x float64) string { return fmt.Sprintf("%.4g%%", 100*x) })
}

// Bytes is a size.
func Bytes(into *int, least, most int) *Value {
	return within(into, "BYTES", workload.ParseBytes, least, most, func(n int) string { return report.Size(float64(n)) })
}

// HeartBeat is an interval. For the client 0 is the default, and a negative value is none.
func HeartBeat(into *time.Duration) *Value {
	return Parsed(into, "TIME", func(s string) (time.Duration, error) {
		d, err := workload.ParseDuration(s)
		switch {
		case err != nil:
			return 0, err
		case d == 0:
			return -1, nil
		case d < time.Millisecond || d > 24*time.Hour:
			return 0, errors.New("choose from 1ms to 24h, or 0 for none")
		}
		return d, nil
	})
}

// URI is one or more brokers.
func URI(into *uri.Brokers) *Value { return Parsed(into, "URI", uri.Parse) }

// Ack is an ack mode.
func Ack(into *frame.AckMode) *Value {
	return OneOf(into, "MODE", frame.ParseAckMode, "auto", "client", "client-individual")
}

// profiles are the brokers with a known dialect, by the names that flags use.
var profiles = []string{dialect.Unknown: "auto", dialect.RabbitMQ: "rabbitmq", dialect.ActiveMQ: "activemq", dialect.Artemis: "artemis"}

// Profile returns the name of a broker's dialect, as the flag --broker spells it.
func Profile(b dialect.Broker) string { return profiles[b] }

func brokerKind(into *dialect.Broker) *Value {
	return OneOf(into, "NAME", func(s string) (dialect.Broker, bool) {
		i := slices.Index(profiles, strings.ToLower(s))
		return dialect.Broker(max(i, 0)), i >= 0
	}, profiles...)
}

func version(into *frame.Versions) *Value {
	return OneOf(into, "VERSION", func(s string) (frame.Versions, bool) {
		v := frame.ParseVersion(s)
		return frame.VersionsOf(v), v != 0
	}, "1.0", "1.1", "1.2")
}

func sources(s string) (out []netip.Addr, err error) {
	for text := range strings.SplitSeq(s, ",") {
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%.64q is no IP address: write addresses of this machine with commas between", text)
		}
		out = append(out, a)
	}
	return out, nil
}
