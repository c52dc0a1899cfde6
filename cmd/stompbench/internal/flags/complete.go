package flags

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/frame"
)

// Read applies the environment and then the scenario file to the flags of a command. Flags that are
// set already keep their value.
func (l *Load) Read(cmd *cobra.Command) error {
	if err := FromEnvironment(cmd); err != nil || l.scenario == "" {
		return err
	}
	return Scenario{Flag: "scenario", Path: l.scenario}.Apply(cmd.Flags())
}

// Complete completes the plan from the flags and checks it.
func (l *Load) Complete(f *pflag.FlagSet) (notes []string, err error) {
	p := &l.Plan
	p.Broker = l.uri
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
	switch {
	case f.Changed("size") && f.Changed("payload") && len(p.Payload.Files) > 0:
		return nil, Usage("--size and --payload %v contradict each other, since files are sent as they are: leave --size out", p.Payload)
	case p.Producers > 0 && p.Consumers > 0 && f.Changed("consume-from") && !f.Changed("publish-to"):
		return nil, Usage("consumers are to listen to %s but producers to send to %s: set --publish-to as well", p.ConsumeFrom, p.PublishTo)
	}
	if err := l.idle(f); err != nil {
		return nil, err
	}
	more, err := l.part(f)
	if err != nil {
		return nil, err
	}
	notes = append(notes, more...)
	if p.Versions == 0 {
		p.Versions = frame.AllVersions
	}
	if p.TLS, err = l.tls.config(p.Broker); err != nil {
		return nil, err
	}
	more, err = p.Complete()
	return append(notes, more...), err
}

// part checks that a process that shares its run has the flags that it needs.
func (l *Load) part(f *pflag.FlagSet) (notes []string, err error) {
	receives := l.Plan.Producers == 0 && l.Plan.Shared()
	if f.Changed("await") && !receives {
		return nil, Usage("--await is for a process that only receives what others send: add --run-id and --producers 0, or leave it out")
	}
	for _, name := range []string{"duration", "count", "warmup"} {
		if receives && f.Changed(name) {
			return nil, Usage("--%s is for processes that send: with --run-id, a process that only receives ends when no more messages come, so leave it out", name)
		}
	}
	if l.Plan.Shared() && l.Out == "" && f.Lookup("out") != nil {
		notes = append(notes, "without --out this part is not kept, and the books cannot be closed")
	}
	return notes, nil
}

// idle refuses flags for workers if there are no such workers.
func (l *Load) idle(f *pflag.FlagSet) error {
	for _, c := range []struct {
		workers int
		who     string
		flags   []string
	}{
		{l.Plan.Producers, "producers", []string{"receipt-every", "transaction", "priority", "expires", "payload", "producer-connections", "persistent", "header", "header-count", "header-size", "header-values", "header-escape"}},
		{l.Plan.Consumers, "consumers", []string{"ack", "ack-every", "nack", "prefetch", "consumer-latency", "slow-consumers", "consumer-connections"}},
	} {
		for _, name := range c.flags {
			if c.workers == 0 && f.Lookup(c.who) != nil && f.Changed(name) {
				return Usage("--%s is for %s, and there are none: leave it out or raise --%s", name, c.who, c.who)
			}
		}
	}
	return nil
}
