package parser_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each row of docs/rules.md ends with tests, and perhaps, in quotes, with rows of their tables. All of them have to be there.
func TestRulesNameTests(t *testing.T) {
	page, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	source := map[string]string{
		"frame": sourceOfTests(t, "../frame"), "parser": sourceOfTests(t, "."), "writer": sourceOfTests(t, "../writer"),
		"link": sourceOfTests(t, "../engine/link"), "conn": sourceOfTests(t, "../conn"), "charset": sourceOfTests(t, "../conn/charset"),
		"broker": sourceOfTests(t, "../broker"), "interop": sourceOfTests(t, "../interop"),
	}
	named := regexp.MustCompile("`([a-z]+)\\.(Test[A-Za-z0-9]+)`|\"([^\"]+)\"")
	rows := 0
	for line := range strings.SplitSeq(string(page), "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| rule |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| "), "|")
		tests := cells[len(cells)-1]
		found := named.FindAllStringSubmatch(tests, -1)
		if len(found) == 0 && !strings.Contains(tests, "the same") {
			t.Errorf("no test holds this row: %s", line)
		}
		pkg := ""
		for _, f := range found {
			text := `"` + f[3] + `"`
			if f[3] == "" {
				pkg, text = f[1], "func "+f[2]+"("
			}
			if !strings.Contains(source[pkg], text) {
				t.Errorf("there is no %s in %s, which holds: %s", text, pkg, line)
			}
		}
	}
	if rows < 70 {
		t.Errorf("only %d rules", rows)
	}
}

func sourceOfTests(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
