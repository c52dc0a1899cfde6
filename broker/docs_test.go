package broker_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The tables of docs/broker.md name tests: they must be there, and every test of a
// hostile peer must be in a table.
func TestDocsNameTests(t *testing.T) {
	text, err := os.ReadFile("../docs/broker.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for name, dir := range map[string]string{"broker": ".", "ws": "ws", "parser": "../parser"} {
		for _, test := range testsIn(t, dir) {
			tests[name+"."+test] = true
		}
	}
	named := map[string]bool{}
	for _, found := range regexp.MustCompile("`([a-z]+\\.Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1) {
		named[found[1]] = true
		if !tests[found[1]] {
			t.Errorf("there is no %s", found[1])
		}
	}
	if len(named) < 50 {
		t.Errorf("only %d tests are named", len(named))
	}
	for test := range tests {
		if strings.Contains(test, ".TestHostile") && !named[test] {
			t.Errorf("%s is in no table", test)
		}
	}
	for i, line := range strings.Split(string(text), "\n") { // no row without a test
		if _, rows, found := strings.Cut(string(text), "## Hostile peers"); found && strings.Contains(rows, line) &&
			strings.HasPrefix(line, "|") && !strings.Contains(line, "---") && !strings.HasSuffix(line, "| test |") && !strings.Contains(line, ".Test") {
			t.Errorf("line %d names no test: %s", i+1, line)
		}
	}
}

// testsIn returns the names of the tests in a directory.
func testsIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range files {
		if !strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
