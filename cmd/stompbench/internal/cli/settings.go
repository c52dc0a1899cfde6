package cli

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// usageError is an error in the command line; its text says what to change.
type usageError struct{ reason string }

func (e *usageError) Error() string { return e.reason }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// read applies the environment and then the scenario file. Flags that are set already keep their
// value.
func (s *settings) read(f *pflag.FlagSet) error {
	if err := fromEnvironment(f); err != nil {
		return err
	}
	if s.scenario == "" {
		return nil
	}
	return (&scenarioFile{flag: "scenario", path: s.scenario}).apply(f)
}

// complete completes the plan from the flags and checks it.
func (s *settings) complete(f *pflag.FlagSet) (notes []string, err error) {
	p := &s.plan
	if f.NArg() > 0 {
		return nil, usage("%q is neither a flag nor a command: see stompbench --help", f.Arg(0))
	}
	p.Broker = s.uri
	p.Embedded = !f.Changed("uri")
	p.DurationSet = f.Changed("duration")
	if p.Embedded && f.Changed("connect-timeout") {
		notes = append(notes, "--connect-timeout hardly matters to the embedded broker")
	}
	if p.CoalesceReads > 0 {
		notes = append(notes, fmt.Sprintf("latencies hold up to %v of --coalesce-reads", p.CoalesceReads))
	}
	if pass := os.Getenv(passcodeEnv); pass != "" {
		for i := range p.Broker {
			if p.Broker[i].Passcode == "" {
				p.Broker[i].Passcode = pass
			}
		}
	}
	if p.Count > 0 && !p.DurationSet {
		p.Duration = 0
	}
	for name, why := range map[string]string{
		"count":         "sends nothing: leave it out or raise it",
		"connect-rate":  "never connects: leave it out or raise it",
		"prefetch":      "would deliver nothing: leave it out or raise it",
		"receipt-every": "makes no sense: --confirm 0 asks for no receipts",
		"ack-every":     "makes no sense: choose 1 or more",
	} {
		if flag := f.Lookup(name); flag != nil && flag.Changed && isZero(flag.Value.String()) {
			return nil, usage("--%s 0 %s", name, why)
		}
	}
	if flag := f.Lookup("slow-consumers"); flag != nil && flag.Changed && p.SlowConsumers == 0 {
		return nil, usage("--slow-consumers 0 leaves none to be slow: leave --consumer-latency out, or raise it")
	}
	if f.Changed("size") && f.Changed("payload") && len(p.Payload.Files) > 0 {
		return nil, usage("--size and --payload %v contradict each other, since files are sent as they are: leave --size out", p.Payload)
	}
	if p.Producers > 0 && p.Consumers > 0 && f.Changed("consume-from") && !f.Changed("publish-to") {
		return nil, usage("consumers are to listen to %s but producers to send to %s: set --publish-to as well", p.ConsumeFrom, p.PublishTo)
	}
	if err := s.idle(f); err != nil {
		return nil, err
	}
	more, err := s.part(f)
	if err != nil {
		return nil, err
	}
	notes = append(notes, more...)
	if p.Versions == 0 {
		p.Versions = frame.AllVersions
	}
	if p.TLS, err = s.tls.config(p.Broker); err != nil {
		return nil, err
	}
	more, err = p.Complete()
	return append(notes, more...), err
}

// part checks that a process that shares its run has the flags that it needs.
func (s *settings) part(f *pflag.FlagSet) (notes []string, err error) {
	receives := s.plan.Producers == 0 && s.plan.Shared()
	if f.Changed("await") && !receives {
		return nil, usage("--await is for a process that only receives what others send: add --run-id and --producers 0, or leave it out")
	}
	for _, name := range []string{"duration", "count", "warmup"} {
		if receives && f.Changed(name) {
			return nil, usage("--%s is for processes that send: with --run-id, a process that only receives ends when no more messages come, so leave it out", name)
		}
	}
	if s.plan.Shared() && s.out == "" && f.Lookup("out") != nil {
		notes = append(notes, "without --out this part is not kept, and the books cannot be closed")
	}
	return notes, nil
}

// isZero reports whether a number is 0, however it is written.
func isZero(text string) bool {
	n, err := workload.ParsePerSecond(text)
	return err == nil && n == 0
}

// idle refuses flags for workers if there are no such workers.
func (s *settings) idle(f *pflag.FlagSet) error {
	for _, c := range []struct {
		workers int
		who     string
		flags   []string
	}{
		{s.plan.Producers, "producers", []string{"receipt-every", "transaction", "priority", "expires", "payload", "producer-connections", "persistent", "header", "header-count", "header-size", "header-values", "header-escape"}},
		{s.plan.Consumers, "consumers", []string{"ack", "ack-every", "nack", "prefetch", "consumer-latency", "slow-consumers", "consumer-connections"}},
	} {
		for _, name := range c.flags {
			if c.workers == 0 && f.Changed(name) {
				return usage("--%s is for %s, and there are none: leave it out or raise --%s", name, c.who, c.who)
			}
		}
	}
	return nil
}

// reason extracts the reason from a flag error: pflag repeats the value, which may contain a
// password.
func reason(err error) string {
	var bad *pflag.InvalidValueError
	if asError(err, &bad) {
		return fmt.Sprintf("--%s: %v", bad.GetFlag().Name, bad.Unwrap())
	}
	return err.Error()
}
