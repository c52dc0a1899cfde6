package conn_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each row of docs/stomp.py.md names tests; they have to exist.
func TestMappingNamesRealTests(t *testing.T) {
	doc, err := os.ReadFile("../docs/stomp.py.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	below, _ := filepath.Glob("*/*_test.go")
	var source strings.Builder
	for _, name := range append(files, below...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	name := regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	rows := 0
	for line := range strings.SplitSeq(string(doc), "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| stomp.py |") {
			continue
		}
		rows++
		named := name.FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test holds this row: %s", line)
		}
		for _, n := range named {
			if !strings.Contains(source.String(), "func "+n[1]+"(t ") {
				t.Errorf("there is no %s, which holds: %s", n[1], line)
			}
		}
	}
	if rows < 40 {
		t.Errorf("%d rows", rows)
	}
}
