package session

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/pool"
)

// The dialogues in testdata/*.txt are the tests of the core; testdata/README.md explains the
// format. An unindented line is something that happens: a frame of the broker, a call of the
// application, a lost connection, time. The indented lines below it are what the client does.

var update = flag.Bool("update", false, "rewrite the indented lines of testdata/*.txt")

const indent = "    "

// Each dialogue goes as it is written, and goes the same way twice.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before := pool.InUse()
			got := play(t, string(data))
			if again := play(t, string(data)); again != got {
				t.Errorf("it goes differently the second time:\n%s", firstDifference(again, got))
			}
			if n := pool.InUse() - before; n != 0 {
				t.Errorf("%d copies of messages were not released", n)
			}
			switch {
			case got == string(data):
			case *update:
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s", firstDifference(got, string(data)))
			}
		})
	}
}

// play plays a dialogue and returns it with what the client does in it.
func play(t *testing.T, script string) string {
	var out strings.Builder
	w := newWorld()
	for i, line := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		if strings.HasPrefix(line, indent) {
			continue // what was expected
		}
		out.WriteString(line + "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		reactions, err := w.step(line)
		if err != nil {
			t.Fatalf("line %d: %s: %v", i+1, line, err)
		}
		for _, reaction := range reactions {
			out.WriteString(indent + reaction + "\n")
		}
	}
	for _, fault := range w.finish() {
		t.Error(fault)
	}
	return out.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	n := 0
	for n < len(g) && n < len(w) && g[n] == w[n] {
		n++
	}
	context := max(n-6, 0)
	show := func(lines []string) string {
		return strings.Join(lines[min(context, len(lines)):min(n+6, len(lines))], "\n")
	}
	return "got:\n" + show(g) + "\nwant:\n" + show(w)
}
