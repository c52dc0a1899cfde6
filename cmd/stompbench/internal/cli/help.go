package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

const examples = `
Examples:

  stompbench -r 20k                                  latency at a steady 20,000 messages a second
  stompbench -r 1k..50k:60s                          the rate grows from 1,000 to 50,000 in a minute
  stompbench -u stomp://guest:guest@localhost -z 1m  as fast as a RabbitMQ on this machine takes them
  stompbench -t /topic/prices -y 10 -r 1k            ten subscribers, each gets everything
  stompbench -r 20k -z 1m --out base                 keep the result: result.json, a page with plots, and more
  stompbench run -u stomp://host -x 0 --run-id n7 -o r   receive what others send: as run n7, as they do; then merge
  stompbench compare base new --fail-if 'from_due.p99>+10%' --fail-if 'lost>0'
  stompbench -r 20k --repeat 5                       five runs, and how far they lie apart
  stompbench -r 20k --interleave a.yaml,b.yaml       two scenarios in turn, and the difference between them
`

// notes are paragraphs of the help and the manual.
var notes = []string{
	"Each flag of run, find, sweep, failover and churn can also be set by an environment variable: STOMPBENCH_CONSUME_FROM for --consume-from, and so on. " +
		"STOMPBENCH_PASSCODE holds a password that the URI leaves out. NO_COLOR turns colours off.",
	"The result goes to standard output, everything else to standard error.",
}

// commonFlags are those of run in the help of the whole program.
var commonFlags = []string{"uri", "producers", "consumers", "duration", "count", "rate", "warmup", "publish-to", "consume-from", "size", "header",
	"persistent", "confirm", "ack", "slo", "scenario", "dry-run", "out", "json", "quiet", "repeat"}

// helpWidth is the width of the help.
const helpWidth = 110

// helpOf returns the help of a verb, or that of the whole program.
func helpOf(cmd *cobra.Command) string {
	var b strings.Builder
	if cmd.HasParent() {
		fmt.Fprintf(&b, "stompbench %s: %s\n\n  %s\n", cmd.Name(), cmd.Short, cmd.UseLine())
		if cmd.Long != "" {
			fmt.Fprintf(&b, "\n%s\n", cmd.Long)
		}
		writeGroups(&b, cmd.LocalFlags())
		if cmd.Flags().Lookup("slo") != nil {
			fmt.Fprintf(&b, "\nMetrics of --slo, where p99 may be any percentile, max or mean:\n\n%s",
				report.Wrap(strings.Join(slo.Names(), ", "), 2, helpWidth))
		}
		return b.String()
	}
	b.WriteString("stompbench sends load to a STOMP broker and reports what became of every message.\n\n" +
		"  stompbench [run] [flags]     send, receive, report; with no flags, against a broker of its own\n" +
		"  stompbench COMMAND [flags]\n\nCommands, each with its own --help:\n\n")
	for _, c := range cmd.Commands() {
		fmt.Fprintf(&b, "  %-12s %s\n", c.Name(), c.Short)
	}
	b.WriteString(examples + "\nFlags of run that are used most; stompbench help run shows all of them:\n\n")
	common := flags.New(pflag.NewFlagSet("", pflag.ContinueOnError))
	common.Borrow(cmd.Commands()[0].Flags(), commonFlags...)
	b.WriteString(common.FlagUsagesWrapped(helpWidth))
	for _, note := range notes {
		b.WriteString("\n" + report.Wrap(note, 0, helpWidth))
	}
	b.WriteString("\nExit codes:\n\n")
	for _, e := range exit.Codes {
		fmt.Fprintf(&b, "  %3d  %s\n", e.Code, e.Meaning)
	}
	return b.String()
}

// writeGroups writes flags in their groups.
func writeGroups(b *strings.Builder, f *pflag.FlagSet) {
	var order []string
	groups := make(map[string]*flags.Set)
	f.VisitAll(func(flag *pflag.Flag) {
		name := cmp.Or(strings.Join(flag.Annotations[flags.GroupKey], ""), "Flags")
		if groups[name] == nil {
			groups[name] = flags.New(pflag.NewFlagSet("", pflag.ContinueOnError))
			order = append(order, name)
		}
		groups[name].AddFlag(flag)
	})
	for _, name := range order {
		fmt.Fprintf(b, "\n%s:\n\n%s", name, groups[name].FlagUsagesWrapped(helpWidth))
	}
}

// manual returns the manual page, in roff: one page for all commands. cobra's own writes a page for
// each, and needs libraries for Markdown and YAML.
func manual(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH STOMPBENCH 1 \"\" %s \"User Commands\"\n", roffArg("stompbench "+root.Version))
	fmt.Fprintf(&b, ".SH NAME\nstompbench \\- %s\n.SH SYNOPSIS\n", roff(root.Short))
	for _, cmd := range root.Commands() {
		fmt.Fprintf(&b, "%s\n.br\n", roff(cmd.UseLine()))
	}
	b.WriteString(".SH COMMANDS\n")
	for _, cmd := range root.Commands() {
		fmt.Fprintf(&b, ".SS %s\n%s.\n", roffArg(cmd.CommandPath()), roff(upper(cmd.Short)))
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { manFlag(&b, f) })
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range exit.Codes {
		fmt.Fprintf(&b, ".TP\n.B %d\n%s.\n", e.Code, roff(upper(e.Meaning)))
	}
	b.WriteString(".SH NOTES\n")
	for _, note := range append(notes, "Metrics of --slo: "+strings.Join(slo.Names(), ", ")+".") {
		fmt.Fprintf(&b, "%s\n.PP\n", roff(note))
	}
	return b.String()
}

func manFlag(b *strings.Builder, f *pflag.Flag) {
	name := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		name = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + name
	}
	if f.NoOptDefVal == "" {
		name += ` \fI` + roff(f.Value.Type()) + `\fR`
	}
	fmt.Fprintf(b, ".TP\n%s\n%s", name, roff(upper(f.Usage)))
	if f.DefValue != "" && f.DefValue != "false" {
		fmt.Fprintf(b, " (default %s)", roff(f.DefValue))
	}
	b.WriteByte('\n')
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// roff escapes text: backslashes, and a dot or a quote at the start of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

func roffArg(s string) string { return `"` + strings.ReplaceAll(roff(s), `"`, `\(dq`) + `"` }
