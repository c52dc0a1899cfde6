package metric_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

var update = flag.Bool("update", false, "write the tables of the documentation again")

var tables = regexp.MustCompile(`(?s)<!-- metrics: ([a-z ]+) -->\n.*?<!-- end -->`)

// The tables of the documentation are those of the registry.
func TestDocs(t *testing.T) {
	for _, path := range []string{"../../../../docs/results.md", "../../../../docs/stompbench-verbs.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		want := tables.ReplaceAllStringFunc(string(text), func(old string) string {
			found++
			of := tables.FindStringSubmatch(old)[1]
			return "<!-- metrics: " + of + " -->\n" + table(of) + "<!-- end -->"
		})
		switch {
		case found == 0:
			t.Errorf("%s has no table of metrics", path)
		case want == string(text):
		case !*update:
			t.Errorf("the registry of metrics has changed: run this test with -update to write %s again", path)
		default:
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// table writes the table of a group, of several with the names of their objects, or of what --slo and
// the series have.
func table(of string) string {
	var b strings.Builder
	row := func(cells ...string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	write := func(name, help string, d *metric.Def) { row("`"+name+"`", d.Unit.String(), help) }
	row("metric", "unit", "what it is")
	b.WriteString("|---|---|---|\n")
	switch of {
	case "slo":
		for _, d := range metric.With(metric.ForSLO) {
			name := d.Name
			if d.Also != "" {
				name = d.Also
			}
			write(name, d.Help, d)
		}
		for _, l := range metric.Latencies() {
			row("`"+string(l)+".p99` …", "time", l.Help())
		}
	case "each second":
		for _, d := range metric.EachSecond() {
			write(d.Name, d.EachSecond, d)
		}
	default:
		groups := strings.Fields(of)
		for _, d := range metric.With(0) {
			for _, g := range groups {
				name := d.Name
				if len(groups) > 1 {
					name = g + "." + name
				}
				if d.Group.String() == g {
					write(name, d.Help, d)
				}
			}
		}
	}
	return b.String()
}
