package cli

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/frame"
)

// settings are what the flags of run say.
type settings struct {
	plan       workload.Plan
	uri        uri.URI
	persistent bool
	json       bool
	quiet      bool
	out        string
}

// Defaults. A window of 1000 receipts keeps a broker busy across a network and
// shows its receipts; one of 1 would measure the round trip.
const (
	defaultDestination = "/queue/stompbench"
	defaultDuration    = 10 * time.Second
	defaultSize        = 128
	defaultWindow      = 1000
	defaultTimeout     = 5 * time.Second
)

// newFlags returns the flags of run and what they fill.
func newFlags() (*pflag.FlagSet, *settings) {
	s := &settings{plan: workload.Plan{
		Producers: 1, Consumers: 1, Duration: defaultDuration, Size: defaultSize, Window: defaultWindow,
		PublishTo: defaultDestination, ConnectTimeout: 2 * defaultTimeout, DrainTimeout: defaultTimeout,
		Seed: rand.Uint64N(1 << 53), // a JSON number that every reader keeps exactly
	}}
	p := &s.plan
	f := pflag.NewFlagSet("stompbench", pflag.ContinueOnError)
	f.SortFlags = false
	f.Usage = func() {}
	add := func(name, letter, kind, text, help string, v *value) {
		v.kind, v.text = kind, text
		f.VarP(v, name, letter, help)
	}

	add("uri", "u", "URI", "", "the broker, as stomp://user:password@host:port/vhost; without it one is started in this process",
		parsed(&s.uri, parseURI))
	add("producers", "x", "N", "1", "connections that send", parsed(&p.Producers, parseInt))
	add("consumers", "y", "N", "1", "connections that receive", parsed(&p.Consumers, parseInt))
	add("duration", "z", "TIME", "10s", "how long to send; without a unit, seconds", parsed(&p.Duration, parseDuration))
	add("count", "C", "N", "", "send this many messages in all, however long it takes; k, M", parsed(&p.Count, parseCount))
	add("size", "s", "BYTES", "128", "size of a body; k, KiB, kB, MiB, MB", parsed(&p.Size, parseSize))
	add("rate", "r", "RATE", "", "messages a second of all producers together, such as 5000, 50k or 300k/m; without it, flat out",
		parsed(&p.Rate, parseRate))
	add("confirm", "c", "N", "1000", "receipts that each producer lets be outstanding; 0 asks for none", parsed(&p.Window, parseInt))

	add("publish-to", "t", "DEST", defaultDestination, "destination to send to", parsed(&p.PublishTo, asIs))
	add("consume-from", "T", "DEST", "", "destination to subscribe to; the one sent to, if not given", parsed(&p.ConsumeFrom, asIs))
	add("delivery", "", "HOW", "auto", "whether consumers share the messages (shared) or get all of them (each); auto goes by the destination",
		parsed(&p.Delivery, parseDelivery))
	add("ack", "", "MODE", "auto", "auto, client or client-individual", parsed(&p.Ack, parseAck))
	add("stomp", "", "VERSION", "", "speak 1.0, 1.1 or 1.2 only; without it, the highest the broker knows", parsed(&p.Versions, parseVersion))
	f.VarP(&value{kind: "NAME:VALUE", set: s.addHeader}, "header", "H", "header to send with each message; may be repeated")
	f.BoolVar(&s.persistent, "persistent", false, "send messages that survive the broker (header persistent:true)")

	add("connect-timeout", "", "TIME", "10s", "for connecting, and for subscribing", parsed(&p.ConnectTimeout, parseDuration))
	add("drain-timeout", "", "TIME", "5s", "of silence at the end, after which what has not come counts as lost", parsed(&p.DrainTimeout, parseDuration))
	add("seed", "", "N", "", "of the random payloads; without it, a random one", parsed(&p.Seed, parseCount))
	f.VarP(&value{kind: "DIR", set: func(dir string) error { s.out = dir; return nil }}, "out", "o",
		"keep the result there: result.json, a page with plots, and more")
	f.BoolVar(&s.json, "json", false, "write the result as one JSON object")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "show nothing but the result")
	f.BoolP("help", "h", false, "show this help")
	f.Bool("version", false, "show the version")
	return f, s
}

func (s *settings) addHeader(text string) error {
	h, err := parseHeader(text)
	if err == nil {
		s.plan.Headers = append(s.plan.Headers, h)
	}
	return err
}

// usageError is a command line that makes no sense; its text says what to change.
type usageError struct{ reason string }

func (e *usageError) Error() string { return e.reason }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// envPrefix begins the names of the environment variables that stand in for flags:
// STOMPBENCH_CONSUME_FROM for --consume-from.
const envPrefix = "STOMPBENCH_"

// passcodeEnv holds a password that should not be seen in a list of processes.
const passcodeEnv = envPrefix + "PASSCODE"

// fromEnvironment sets flags that the command line leaves out.
func fromEnvironment(f *pflag.FlagSet) (err error) {
	f.VisitAll(func(flag *pflag.Flag) {
		name := envPrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		text := os.Getenv(name)
		if flag.Changed || text == "" || err != nil || flag.Name == "help" || flag.Name == "version" {
			return
		}
		if e := f.Set(flag.Name, text); e != nil {
			err = usage("environment variable %s: %v", name, reason(e))
		}
	})
	return err
}

// complete makes the plan of what was said, and checks it.
func (s *settings) complete(f *pflag.FlagSet) (notes []string, err error) {
	p := &s.plan
	if f.NArg() > 0 {
		return nil, usage("%q is neither a flag nor a command: see stompbench --help", f.Arg(0))
	}
	p.Broker = s.uri
	p.Embedded = !f.Changed("uri")
	if p.Embedded && f.Changed("connect-timeout") {
		notes = append(notes, "--connect-timeout hardly matters to the embedded broker")
	}
	if pass := os.Getenv(passcodeEnv); pass != "" && !p.Embedded && p.Broker.Passcode == "" {
		p.Broker.Passcode = pass
	}
	if p.Count > 0 && !f.Changed("duration") {
		p.Duration = 0
	}
	if f.Changed("count") && p.Count == 0 {
		return nil, usage("--count 0 sends nothing: leave it out or raise it")
	}
	if f.Changed("rate") && p.Rate == 0 {
		return nil, usage("--rate 0 sends nothing: leave it out to send flat out, or raise it")
	}
	if p.Producers > 0 && p.Consumers > 0 && f.Changed("consume-from") && !f.Changed("publish-to") {
		return nil, usage("consumers are to listen to %s but producers to send to %s: set --publish-to as well", p.ConsumeFrom, p.PublishTo)
	}
	if s.persistent {
		p.Headers = append(p.Headers, frame.Field{Name: frame.HeaderPersistent, Value: "true"})
	}
	if p.Versions == 0 {
		p.Versions = frame.AllVersions
	}
	more, err := p.Complete()
	return append(notes, more...), err
}

// reason takes the text of a flag error apart: pflag repeats the value, which may
// hold a password.
func reason(err error) string {
	var bad *pflag.InvalidValueError
	if asError(err, &bad) {
		return fmt.Sprintf("--%s: %v", bad.GetFlag().Name, bad.Unwrap())
	}
	return err.Error()
}
