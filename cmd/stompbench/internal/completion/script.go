package completion

import (
	"fmt"
	"strings"
)

// Script returns the completion script for a shell; ok is false for a shell that is not in Shells.
func (c *Command) Script(shell string) (script string, ok bool) {
	var b strings.Builder
	switch shell {
	case "bash":
		c.bash(&b)
	case "zsh":
		c.zsh(&b)
	case "fish":
		c.fish(&b)
	default:
		return "", false
	}
	return b.String(), true
}

func (c *Command) verbNames() (names []string) {
	for i := range c.Verbs {
		names = append(names, c.Verbs[i].Name)
	}
	return names
}

// quote quotes a word for any of the shells.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (f *Flag) spellings() []string {
	if f.Letter == "" {
		return []string{"--" + f.Name}
	}
	return []string{"-" + f.Letter, "--" + f.Name}
}

// bash completes the words of the verb, and the values of the flag before the cursor.
func (c *Command) bash(b *strings.Builder) {
	fmt.Fprintf(b, `# bash completion for %[1]s; use it with: source <(%[1]s completion bash)
_%[1]s() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=%[2]s
    # bash takes --flag=value apart
    if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
    [[ ${COMP_WORDS[1]} != -* && $COMP_CWORD -gt 1 ]] && verb=${COMP_WORDS[1]}
    local words= values=
    case $verb in
`, c.Name, c.Verbs[0].Name)
	for i := range c.Verbs {
		v := &c.Verbs[i]
		words := append([]string{}, v.Args...)
		for j := range v.Flags {
			words = append(words, v.Flags[j].spellings()...)
		}
		fmt.Fprintf(b, "    %s)\n        words=%s\n", v.Name, quote(strings.Join(words, " ")))
		if v.Dirs {
			b.WriteString("        [[ $COMP_CWORD -gt 1 && $cur != -* ]] && words= && compopt -o dirnames 2>/dev/null\n")
		}
		b.WriteString("        case $prev in\n")
		for j := range v.Flags {
			f := &v.Flags[j]
			if f.Kind == "" {
				continue
			}
			what := ":" // any value: no proposals
			switch {
			case f.Dir:
				what = "compopt -o dirnames 2>/dev/null"
			case len(f.Values) > 0:
				what = "values=" + quote(strings.Join(f.Values, " "))
			}
			fmt.Fprintf(b, "        %s) words=; %s ;;\n", strings.Join(f.spellings(), "|"), what)
		}
		b.WriteString("        esac ;;\n")
	}
	fmt.Fprintf(b, `    esac
    [[ $COMP_CWORD -eq 1 ]] && words="%[2]s $words"
    COMPREPLY=($(compgen -W "$words $values" -- "$cur"))
}
complete -F _%[1]s %[1]s
`, c.Name, strings.Join(c.verbNames(), " "))
}

func (c *Command) zsh(b *strings.Builder) {
	fmt.Fprintf(b, "#compdef %[1]s\n# zsh completion for %[1]s; put it into a file _%[1]s in a directory of $fpath\n_%[1]s() {\n", c.Name)
	b.WriteString("    local -a verbs=(\n")
	for i := range c.Verbs {
		fmt.Fprintf(b, "        %s\n", quote(c.Verbs[i].Name+":"+c.Verbs[i].Summary))
	}
	fmt.Fprintf(b, "    )\n    local verb=%s\n", c.Verbs[0].Name)
	b.WriteString(`    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _describe command verbs
        return
    fi
    if [[ $words[2] != -* ]]; then
        verb=$words[2]
        shift words
        (( CURRENT-- ))
    fi
    case $verb in
`)
	for i := range c.Verbs {
		v := &c.Verbs[i]
		fmt.Fprintf(b, "    %s)\n        _arguments -S", v.Name)
		for j := range v.Flags {
			for _, spec := range v.Flags[j].zshSpecs() {
				b.WriteString(" \\\n            " + quote(spec))
			}
		}
		if len(v.Args) > 0 {
			b.WriteString(" \\\n            " + quote("1:word:("+strings.Join(v.Args, " ")+")"))
		}
		if v.Dirs {
			b.WriteString(" \\\n            " + quote("*:directory:_files -/"))
		}
		b.WriteString(" ;;\n")
	}
	fmt.Fprintf(b, "    esac\n}\nif [[ $funcstack[1] == _%[1]s ]]; then _%[1]s \"$@\"; else compdef _%[1]s %[1]s; fi\n", c.Name)
}

// zshSpecs returns --name=[help]:kind:action, with the special characters of _arguments escaped.
func (f *Flag) zshSpecs() (specs []string) {
	help := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(f.Help)
	value := ""
	if f.Kind != "" {
		action := " "
		switch {
		case f.Dir:
			action = "_files -/"
		case len(f.Values) > 0:
			action = "(" + strings.Join(f.Values, " ") + ")"
		}
		value = ":" + strings.ToLower(f.Kind) + ":" + action
	}
	for _, s := range f.spellings() {
		if f.Kind != "" && strings.HasPrefix(s, "--") {
			s += "="
		}
		specs = append(specs, "*"+s+"["+help+"]"+value)
	}
	return specs
}

func (c *Command) fish(b *strings.Builder) {
	fmt.Fprintf(b, "# fish completion for %[1]s; use it with: %[1]s completion fish | source\n", c.Name)
	fmt.Fprintf(b, "complete -c %s -f\n", c.Name)
	all := strings.Join(c.verbNames(), " ")
	for i := range c.Verbs {
		v := &c.Verbs[i]
		fmt.Fprintf(b, "complete -c %s -n 'not __fish_seen_subcommand_from %s' -a %s -d %s\n", c.Name, all, v.Name, quote(v.Summary))
	}
	for i := range c.Verbs {
		v := &c.Verbs[i]
		when := "__fish_seen_subcommand_from " + v.Name
		if i == 0 {
			when = "not __fish_seen_subcommand_from " + strings.Join(c.verbNames()[1:], " ")
		}
		if len(v.Args) > 0 {
			fmt.Fprintf(b, "complete -c %s -n %s -a %s\n", c.Name, quote(when), quote(strings.Join(v.Args, " ")))
		}
		if v.Dirs {
			fmt.Fprintf(b, "complete -c %s -n %s -a '(__fish_complete_directories)'\n", c.Name, quote(when))
		}
		for j := range v.Flags {
			f := &v.Flags[j]
			fmt.Fprintf(b, "complete -c %s -n %s -l %s", c.Name, quote(when), f.Name)
			if f.Letter != "" {
				b.WriteString(" -s " + f.Letter)
			}
			switch {
			case f.Dir:
				b.WriteString(" -x -a '(__fish_complete_directories)'")
			case len(f.Values) > 0:
				b.WriteString(" -x -a " + quote(strings.Join(f.Values, " ")))
			case f.Kind != "":
				b.WriteString(" -x")
			}
			fmt.Fprintf(b, " -d %s\n", quote(f.Help))
		}
	}
}
