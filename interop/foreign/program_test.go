package foreign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// programTimeout ends a program that hangs. Each of its waits has a limit of its own,
// far below.
const programTimeout = 10 * time.Minute

// report is what a program printed.
type report struct {
	client  string // and its version
	absent  string // why the client could not be loaded, "" if it could
	results map[string]result
	stderr  string
	err     error // of the process, or of a line that makes no sense
}

type result struct {
	word string // ok, fail, unsupported
	why  string
}

// run runs the program of c for some features and returns what it printed.
func (c *client) run(t *testing.T, s *stage, version string, features []string) *report {
	t.Helper()
	r := &report{results: map[string]result{}}
	if r.absent = c.absent(); r.absent != "" {
		return r
	}
	ctx, cancel := context.WithTimeout(t.Context(), programTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	cmd.Env = append(s.environ(version, strings.Join(features, " ")), c.env...)
	cmd.WaitDelay = 10 * time.Second // for a child of its own that holds the pipes open
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	r.err = cmd.Run()
	if ctx.Err() != nil {
		r.err = fmt.Errorf("killed after %v", programTimeout)
	}
	r.stderr = stderr.String()
	for line := range strings.Lines(stdout.String()) {
		if err := r.read(strings.TrimRight(line, "\r\n")); err != nil {
			r.err = errors.Join(r.err, err)
		}
	}
	return r
}

// absent says what is missing to run c, "" if nothing is. A library that is missing is
// found by the program itself.
func (c *client) absent() string {
	if _, err := exec.LookPath(c.command[0]); err != nil {
		return err.Error()
	}
	if c.needs == "" {
		return ""
	}
	if _, err := os.Stat(c.needs); err != nil {
		return c.name + " is not installed"
	}
	return ""
}

// read takes one line of output.
func (r *report) read(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "client":
		r.client = rest
		return nil
	case "absent":
		r.absent = rest
		return nil
	case "ok", "fail", "unsupported":
		name, why, _ := strings.Cut(rest, " ")
		if !isFeature(name) {
			return fmt.Errorf("there is no feature %q", name)
		}
		if _, twice := r.results[name]; twice {
			return fmt.Errorf("feature %q is reported twice", name)
		}
		r.results[name] = result{word, why}
		return nil
	}
	return fmt.Errorf("what is %q?", line)
}

func TestReportReadsWhatProgramsPrint(t *testing.T) {
	r := &report{results: map[string]result{}}
	for _, line := range []string{"client stomp.py 8.0.0", "ok text", "fail nack it did not come", "unsupported tls no call"} {
		if err := r.read(line); err != nil {
			t.Error(err)
		}
	}
	if r.client != "stomp.py 8.0.0" || r.results["nack"] != (result{"fail", "it did not come"}) || len(r.results) != 3 {
		t.Errorf("read %+v", r)
	}
	for _, line := range []string{"", "ok", "ok nonsense", "ok text", "Traceback (most recent call last):"} {
		if r.read(line) == nil {
			t.Errorf("%q is taken for a result", line)
		}
	}
}
