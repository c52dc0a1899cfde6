package conn_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// moduleRoot finds the directory of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	for dir := ".."; len(dir) < 100; dir = filepath.Join("..", dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod")
	return ""
}

// Each row of the tables for users of stomp.py names tests or examples. They exist, and so do the examples that
// docs/examples.md lists, in the files that it names.
func TestMappingNamesRealTests(t *testing.T) {
	root := moduleRoot(t)
	var source strings.Builder
	for _, pattern := range []string{"*_test.go", root + "/conn/*/*_test.go", root + "/conn/internal/*/*_test.go", root + "/engine/link/*_test.go"} {
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
		{"stomp.py.md", 60},
		{"stomp.py-listeners.md", 45},
		{"examples.md", 20},
	} {
		doc, err := os.ReadFile(filepath.Join(root, "docs", table.file))
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
				t.Errorf("no test checks this row: %s", line)
			}
			for _, n := range named {
				if !strings.Contains(source.String(), "func "+n[1]+"(") {
					t.Errorf("there is no %s, which checks: %s", n[1], line)
				}
			}
		}
		if rows < table.rows {
			t.Errorf("%s has %d rows", table.file, rows)
		}
	}
}

// The examples are in the files that docs/examples.md names.
func TestExamplesAreWhereTheyAreSaidToBe(t *testing.T) {
	root := moduleRoot(t)
	doc, err := os.ReadFile(filepath.Join(root, "docs", "examples.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("`conn/([^`]*_test.go)` \\| (.*) \\|")
	for _, match := range row.FindAllStringSubmatch(string(doc), -1) {
		file := match[1] // of this package
		if strings.Contains(file, "/") {
			file = filepath.Join(root, "conn", file)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		for name := range strings.SplitSeq(match[2], ", ") {
			if !strings.Contains(string(text), "func "+strings.Trim(name, "`")+"(") {
				t.Errorf("%s is not in conn/%s", name, match[1])
			}
		}
	}
}
