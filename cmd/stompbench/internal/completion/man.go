package completion

import (
	"fmt"
	"strings"
)

// Man returns the manual page, in roff.
func (c *Command) Man(version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s \"User Commands\"\n", strings.ToUpper(c.Name), roffArg(c.Name+" "+version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n", c.Name, roff(c.Summary))
	for i := range c.Verbs {
		fmt.Fprintf(&b, "%s\n.br\n", c.synopsis(i))
	}
	b.WriteString(".SH COMMANDS\n")
	for i := range c.Verbs {
		v := &c.Verbs[i]
		fmt.Fprintf(&b, ".SS %s\n%s.\n", roffArg(c.Name+" "+v.Name), roff(upper(v.Summary)))
		for j := range v.Flags {
			v.Flags[j].man(&b)
		}
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range c.Exits {
		fmt.Fprintf(&b, ".TP\n.B %d\n%s\n", e.Code, roff(upper(e.Meaning)+"."))
	}
	b.WriteString(".SH NOTES\n")
	for i, note := range c.Notes {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		b.WriteString(roff(note) + "\n")
	}
	return b.String()
}

func (c *Command) synopsis(i int) string {
	v := &c.Verbs[i]
	verb := "\\fB" + v.Name + "\\fR"
	if i == 0 {
		verb = "[" + verb + "]"
	}
	line := "\\fB" + c.Name + "\\fR " + verb
	if len(v.Flags) > 0 {
		line += " [\\fIflags\\fR]"
	}
	if len(v.Args) > 0 {
		line += " " + strings.Join(v.Args, "|")
	}
	if v.Dirs {
		line += " \\fIDIR\\fR ..."
	}
	return line
}

func (f *Flag) man(b *strings.Builder) {
	names := make([]string, 0, 2)
	for _, s := range f.spellings() {
		names = append(names, "\\fB"+strings.ReplaceAll(s, "-", `\-`)+"\\fR")
	}
	value := ""
	if f.Kind != "" {
		value = " \\fI" + roff(f.Kind) + "\\fR"
	}
	fmt.Fprintf(b, ".TP\n%s%s\n%s", strings.Join(names, ", "), value, roff(upper(f.Help)))
	if f.Default != "" {
		fmt.Fprintf(b, " (default %s)", roff(f.Default))
	}
	b.WriteByte('\n')
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// roff escapes text: backslashes, and a dot or a quote at the start of a line.
func roff(s string) string {
	s = strings.ReplaceAll(s, `\`, `\e`)
	s = strings.ReplaceAll(s, "-", `\-`)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

func roffArg(s string) string { return `"` + strings.ReplaceAll(roff(s), `"`, `\(dq`) + `"` }
