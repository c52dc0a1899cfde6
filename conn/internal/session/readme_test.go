package session

import (
	"os"
	"strings"
	"testing"
)

// The README of testdata explains every event.
func TestReadmeExplainsAllEvents(t *testing.T) {
	readme, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range events {
		if !strings.Contains(string(readme), "`"+name) {
			t.Errorf("%s is not explained", name)
		}
	}
}
