package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// printed matches a command line of a document, without what is said of it.
var printed = regexp.MustCompile(`(?m)^    stompbench( .*?)?(  .*| +# .*)?$`)

// words matches one word of a command line, in quotes or not.
var words = regexp.MustCompile(`'[^']*'|\S+`)

// Every command line that a document prints is one: its flags exist, and their values
// can be read. So can the scenarios that it names.
func TestPrintedCommands(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"rabbitmq.yaml", "artemis.yaml"} {
		if err := os.WriteFile(name, []byte("uri: stomp://localhost\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tried := 0
	for _, name := range []string{"README.md", "docs/stompbench.md", "docs/stompbench-verbs.md", "docs/results.md", "docs/broker.md", "BENCHMARKS.md"} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		whole := strings.ReplaceAll(string(text), "\\\n", " ") // lines that go on
		for _, m := range printed.FindAllStringSubmatch(whole, -1) {
			var args []string
			for _, word := range words.FindAllString(strings.NewReplacer("[", "", "]", "", "…", "").Replace(m[1]), -1) {
				if word == "|" || word[0] == '>' || word == "flags" {
					break // what follows is not for stompbench
				}
				args = append(args, strings.Trim(word, "'"))
			}
			switch {
			case strings.Contains(m[1], "|churn|"):
				continue // a list of verbs
			case len(args) == 0 || args[0] == "run" || strings.HasPrefix(args[0], "-"):
				args = append(args, "--dry-run")
			case args[0] != "completion" && args[0] != "man" && args[0] != "schema":
				args = append(args, "--help")
			}
			var stdout, stderr strings.Builder
			if code := cli.Run(t.Context(), args, &stdout, &stderr); code != cli.ExitOK || stdout.Len() == 0 {
				t.Errorf("%s: %q as %q: exit %d, %s", name, m[0], args, code, stderr.String())
			}
			tried++
		}
	}
	if tried < 18 {
		t.Errorf("only %d commands were found", tried)
	}
}
