package check_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/worldtest"
	"github.com/stompwire/stompwire/cmd/stompbench/schema"
)

func validator(t testing.TB) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.ResultV1))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("result-v1.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("result-v1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// interrupter interrupts a run of an hour once its first second has been shown.
type interrupter struct {
	text      bytes.Buffer // not embedded: its WriteString would go past Write
	interrupt func()
}

func (w *interrupter) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	if strings.Contains(w.text.String(), "backlog") {
		w.interrupt()
	}
	return n, err
}

// stompbench runs a command line and returns its exit code.
func stompbench(t testing.TB, args ...string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	stderr := &interrupter{interrupt: func() {}}
	if slices.Contains(args, "1h") {
		stderr.interrupt = cancel
	}
	code := cli.Run(ctx, args, new(bytes.Buffer), stderr)
	if code == exit.Usage || code == exit.CannotRun {
		t.Fatalf("%q: exit %d\n%s", args, code, stderr.text.String())
	}
	return code
}

// Results of runs of all sorts satisfy the schema, and so does a merged one.
func TestRealResults(t *testing.T) {
	s, dir := validator(t), t.TempDir()
	runs := map[string]string{
		"paced":       "-z 2s -r 1k -x 2 -y 2",
		"flat out":    "-z 1s",
		"topic":       "-C 500 -x 2 -y 3 -t /topic/t",
		"one message": "-C 1",
		"no receipts": "-C 500 -c 0 --ack client",
		"sending":     "-C 500 -y 0",
		"cut short":   "-z 1h -r 500",
		"warm-up":     "-C 1000 -r 1k --warmup 500ms --accept-generator-limit",
	}
	for name, args := range runs {
		out := filepath.Join(dir, name)
		stompbench(t, append(strings.Fields("run "+args), "--out", out)...)
		check(t, s, name, filepath.Join(out, "result.json"))
	}
	synctest.Test(t, func(t *testing.T) { // or the one might have ended before the other begins
		ctx := world.With(t.Context(), new(worldtest.Network).World(0))
		dir := t.TempDir()
		a, b, sum := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "sum")
		args := strings.Fields("run -q -z 3s -r 500 --accept-generator-limit --out")
		done := make(chan int, 1)
		go func() {
			done <- cli.Run(ctx, append(slices.Clone(args), a), new(bytes.Buffer), new(bytes.Buffer))
		}()
		if code := cli.Run(ctx, append(args, b), new(bytes.Buffer), new(bytes.Buffer)); code != 0 {
			t.Fatalf("exit %d", code)
		}
		if code := <-done; code != 0 {
			t.Fatalf("exit %d", code)
		}
		stompbench(t, "merge", a, b, "--out", sum)
		check(t, s, "merged", filepath.Join(sum, "result.json"))
	})
}

// So do the parts of a run, and what they come to.
func TestParts(t *testing.T) {
	s, dir := validator(t), t.TempDir()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	sender, receiver, sum := filepath.Join(dir, "s"), filepath.Join(dir, "r"), filepath.Join(dir, "sum")
	args := []string{"run", "-q", "-u", b.URI(), "-t", "/queue/%d", "--run-id", "TestParts", "--slo", "lost=0"}
	stompbench(t, append(slices.Clone(args), "-y", "0", "-C", "500", "--out", sender)...)
	stompbench(t, append(slices.Clone(args), "-x", "0", "--out", receiver)...)
	stompbench(t, "merge", sender, receiver, "--out", sum)
	for _, part := range []string{sender, receiver, sum} {
		check(t, s, part, filepath.Join(part, "result.json"))
	}
}

func check(t testing.TB, s *jsonschema.Schema, name, path string) {
	t.Helper()
	if err := s.Validate(read(t, path)); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func read(t testing.TB, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// The schema refuses what is no result, or it would prove nothing.
func TestSchemaRefuses(t *testing.T) {
	s, out := validator(t), filepath.Join(t.TempDir(), "out")
	stompbench(t, "run", "-q", "-C", "500", "-r", "1k", "--out", out)
	for name, spoil := range map[string]func(map[string]any){
		"another version":  func(r map[string]any) { r["schema"] = json.Number("2") },
		"no totals":        func(r map[string]any) { delete(r, "totals") },
		"a negative count": func(r map[string]any) { r["totals"].(map[string]any)["sent"] = json.Number("-1") },
		"a fraction":       func(r map[string]any) { r["totals"].(map[string]any)["lost"] = json.Number("0.5") },
		"no machine":       func(r map[string]any) { r["machines"] = []any{} },
		"a bad time":       func(r map[string]any) { r["started_at"] = "yesterday" },
		"a bad histogram": func(r map[string]any) {
			r["histograms"].(map[string]any)["from_send"].(map[string]any)["hdr"] = "x"
		},
		"an unknown kind": func(r map[string]any) { r["histograms"].(map[string]any)["guess"] = map[string]any{} },
		"no interval ends": func(r map[string]any) {
			delete(r["series"].(map[string]any)["intervals"].([]any)[0].(map[string]any), "t")
		},
	} {
		result := read(t, filepath.Join(out, "result.json")).(map[string]any)
		if err := s.Validate(result); err != nil {
			t.Fatal(err)
		}
		spoil(result)
		if s.Validate(result) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
