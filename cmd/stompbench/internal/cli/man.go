package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

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
	for _, e := range verb.Exits {
		fmt.Fprintf(&b, ".TP\n.B %d\n%s.\n", e.Code, roff(upper(e.Meaning)))
	}
	b.WriteString(".SH NOTES\n")
	for _, note := range append(notes, "Metrics of --slo: "+strings.Join(metric.Names(), ", ")+".") {
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
