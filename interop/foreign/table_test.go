package foreign

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const document = "../../docs/interop.md"

// matrix collects what docs/interop.md is made of.
type matrix struct {
	names map[*client]string // with version
	cells map[place]outcomes
	notes []string
}

type place struct {
	c       *client
	feature string
}

// outcomes holds for each version "", or why it does not work.
type outcomes map[string]string

func (m *matrix) name(c *client, name string) {
	if m.names == nil {
		m.names = map[*client]string{}
	}
	m.names[c] = name
}

func (m *matrix) enter(c *client, feature, version, why string) {
	if m.cells == nil {
		m.cells = map[place]outcomes{}
	}
	at := place{c, feature}
	if m.cells[at] == nil {
		m.cells[at] = outcomes{}
	}
	m.cells[at][version] = why
}

// missing returns the first thing that has no result, "" if the table is complete.
func (m *matrix) missing() string {
	for i := range clients {
		c := &clients[i]
		for _, version := range c.versions {
			for _, feature := range featuresOf(version) {
				if _, ok := m.cells[place{c, feature}][version]; !ok {
					return c.name + "/" + version + "/" + feature
				}
			}
		}
	}
	return ""
}

// compare compares the table with the document, or writes it.
func (m *matrix) compare(t *testing.T) {
	if what := m.missing(); what != "" {
		t.Skipf("there is no result for %s", what)
	}
	got := m.markdown()
	if *update {
		if err := os.WriteFile(document, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the clients do: %s\nwrite it anew with: go test . -run TestClients -update", document, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is\n\t%s\nand should be\n\t%s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("it has %d lines and should have %d", len(w), len(g))
}

func (m *matrix) markdown() string {
	var b strings.Builder
	b.WriteString(intro)
	m.writeClients(&b)
	m.writeFeatures(&b)
	b.WriteString("\n## Notes\n\n")
	for i, note := range m.notes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, note)
	}
	return b.String()
}

const intro = `# Other people's clients on the embedded broker

Made by ` + "`make foreign`" + `, which runs each client, as released, against the package ` + "`broker`" + ` and compares this
page with what happened. It is not edited by hand: ` + "`go -C interop/foreign test . -run TestClients -update`" + ` writes it.

`

func (m *matrix) writeClients(b *strings.Builder) {
	b.WriteString("| column | client | from | STOMP | over |\n|---|---|---|---|---|\n")
	for i := range clients {
		c := &clients[i]
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", c.name, m.names[c], c.source, strings.Join(c.versions, ", "), c.over)
	}
}

func (m *matrix) writeFeatures(b *strings.Builder) {
	b.WriteString("\n*yes*: in every version of STOMP that the client speaks and that has it. A version: in these only. The\n" +
		"numbers are those of the notes.\n\n| |")
	for i := range clients {
		fmt.Fprintf(b, " %s |", clients[i].name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(clients)) + "\n")
	for _, f := range features {
		fmt.Fprintf(b, "| %s |", f.what)
		for i := range clients {
			fmt.Fprintf(b, " %s |", m.cell(&clients[i], f.name))
		}
		b.WriteString("\n")
	}
}

// cell says in which versions a feature works, and where it says why not in others.
func (m *matrix) cell(c *client, feature string) string {
	outcomes := m.cells[place{c, feature}]
	var good, refs []string
	for _, version := range c.versions {
		why, tried := outcomes[version]
		switch {
		case !tried:
		case why == "":
			good = append(good, version)
		default:
			if ref := m.ref(why); !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	for _, r := range c.remarks {
		if r.feature == feature {
			refs = append(refs, m.ref(r.note))
		}
	}
	switch {
	case len(good) == len(outcomes):
		return strings.Join(append([]string{"yes"}, refs...), " ")
	case len(good) == 0:
		return "no " + strings.Join(refs, " ")
	}
	return strings.Join(good, ", ") + " " + strings.Join(refs, " ")
}

// ref returns the number of a note, in parentheses.
func (m *matrix) ref(why string) string {
	i := slices.Index(m.notes, why)
	if i < 0 {
		i = len(m.notes)
		m.notes = append(m.notes, why)
	}
	return fmt.Sprintf("(%d)", i+1)
}

func TestCell(t *testing.T) {
	c := &client{versions: allVersions}
	for _, tt := range []struct {
		outcomes outcomes
		want     string
	}{
		{outcomes{"1.0": "", "1.1": "", "1.2": ""}, "yes"},
		{outcomes{"1.1": "", "1.2": ""}, "yes"},
		{outcomes{"1.0": "", "1.1": "a", "1.2": ""}, "1.0, 1.2 (1)"},
		{outcomes{"1.0": "a", "1.1": "a", "1.2": "b"}, "no (1) (2)"},
	} {
		m := matrix{cells: map[place]outcomes{{c, "text"}: tt.outcomes}}
		if got := m.cell(c, "text"); got != tt.want {
			t.Errorf("%v is %q, want %q", tt.outcomes, got, tt.want)
		}
	}
}
