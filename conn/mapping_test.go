package conn_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each row of the tables for who comes from stomp.py names tests or examples; they have to exist, and so do the examples
// that docs/examples.md lists.
func TestMappingNamesRealTests(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "../engine/link/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	name := regexp.MustCompile("`((?:Test|Example)[A-Za-z0-9_]*)`")
	for _, table := range []struct {
		file string
		rows int // at least
	}{
		{"../docs/stomp.py.md", 60},
		{"../docs/stomp.py-listeners.md", 45},
		{"../docs/examples.md", 15},
	} {
		doc, err := os.ReadFile(table.file)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for line := range strings.SplitSeq(string(doc), "\n") {
			if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| stomp.py |") || strings.HasPrefix(line, "| you want |") {
				continue
			}
			rows++
			cells := strings.Split(strings.Trim(line, "|"), "|")
			named := name.FindAllStringSubmatch(cells[len(cells)-1], -1)
			if len(named) == 0 {
				t.Errorf("no test holds this row: %s", line)
			}
			for _, n := range named {
				if !strings.Contains(source.String(), "func "+n[1]+"(") {
					t.Errorf("there is no %s, which holds: %s", n[1], line)
				}
			}
		}
		if rows < table.rows {
			t.Errorf("%s has %d rows", table.file, rows)
		}
	}
}
