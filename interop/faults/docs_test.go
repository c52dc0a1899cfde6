package faults_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// docs/faults.md names each test of this module, and no other.
func TestDocsNameTheTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(page), -1) {
		named[name] = true
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	there := map[string]bool{"TestDocsNameTheTests": true}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^func (Test[A-Z]\w+)\(t `).FindAllSubmatch(source, -1) {
			there[string(match[1])] = true
		}
	}
	for name := range named {
		if !there[name] {
			t.Errorf("docs/faults.md names %s, which does not exist", name)
		}
	}
	for name := range there {
		if !named[name] && name != "TestDocsNameTheTests" {
			t.Errorf("docs/faults.md does not name %s", name)
		}
	}
}
