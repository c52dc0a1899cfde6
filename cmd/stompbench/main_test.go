package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes this test binary behave as the command itself.
const asCommand = "TEST_AS_STOMPBENCH"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command prepares a real process.
func command(args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd = exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1000
	}
	return 0
}

func TestProcess(t *testing.T) {
	cmd, stdout, stderr := command("-C", "1000", "--json")
	if code := exitCode(cmd.Run()); code != 0 || !strings.Contains(stdout.String(), `"received": 1000`) {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	cmd, _, stderr = command("--nonsense")
	if code := exitCode(cmd.Run()); code != 2 {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}

// watched is an output that closes shown once there is a line of the table: the load
// is on its way, and signals are caught.
type watched struct {
	text  []byte
	shown chan struct{}
}

var aSample = regexp.MustCompile(`\n +\d+\.\ds `)

func (w *watched) Write(p []byte) (int, error) {
	before := aSample.Match(w.text)
	w.text = append(w.text, p...)
	if !before && aSample.Match(w.text) {
		close(w.shown)
	}
	return len(p), nil
}

// load starts a process and returns once it sends.
func load(t *testing.T, args ...string) (cmd *exec.Cmd, stdout *bytes.Buffer, done <-chan error) {
	t.Helper()
	cmd, stdout, _ = command(args...)
	stderr := &watched{shown: make(chan struct{})}
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-stderr.shown:
	case err := <-ended:
		t.Fatalf("ended by itself, %v:\n%s", err, stderr.text)
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatal("no load")
	}
	return cmd, stdout, ended
}

// patience is how long anything may take that has to happen.
const patience = time.Minute

// A real ^C: a partial result, all of it accounted for, and 130.
func TestInterruptSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no ^C between processes on Windows")
	}
	cmd, stdout, done := load(t, "-z", "1h", "-r", "2k")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	code := exitCode(<-done)
	out := stdout.String()
	if code != 130 || !strings.Contains(out, "PARTIAL RESULT: interrupted") || !strings.Contains(out, "lost 0") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// The second ^C does not wait for anything.
func TestSecondInterruptKills(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no ^C between processes on Windows")
	}
	if signal.Ignored(os.Interrupt) { // as in the background of a script; our children inherit it
		t.Skip("^C is ignored here")
	}
	// Nothing is sent to the queue of the consumers: draining would take an hour.
	cmd, _, done := load(t, "-z", "1h", "-r", "100", "-t", "/queue/a", "-T", "/queue/b", "--drain-timeout", "1h")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Fatalf("the first ^C did not wait: %v", err)
	case <-time.After(time.Second):
	}
	// Two signals that come before the first is looked at are one, so there may have to be more.
	deadline := time.After(patience)
	for {
		_ = cmd.Process.Signal(syscall.SIGINT)
		select {
		case err := <-done:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
				t.Errorf("ended with %v, want to be killed by SIGINT", err)
			}
			return
		case <-deadline:
			_ = cmd.Process.Kill()
			t.Fatal("the second ^C was ignored")
		case <-time.After(100 * time.Millisecond):
		}
	}
}
