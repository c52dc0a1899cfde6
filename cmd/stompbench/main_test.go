package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes this test binary behave as the command itself.
const asCommand = "STOMPBENCH_TEST_AS_COMMAND"

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

// A real ^C: a partial result, all of it accounted for, and 130.
func TestInterruptSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no ^C between processes on Windows")
	}
	cmd, stdout, stderr := command("-z", "1h", "-r", "2k")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	code := exitCode(cmd.Wait())
	out := stdout.String()
	if code != 130 || !strings.Contains(out, "PARTIAL RESULT: interrupted") || !strings.Contains(out, "lost 0") {
		t.Errorf("exit %d\n%s%s", code, out, stderr)
	}
}

// The second ^C does not wait for anything.
func TestSecondInterruptKills(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no ^C between processes on Windows")
	}
	// Nobody consumes what the consumers wait for: draining would take an hour.
	cmd, _, _ := command("-z", "1h", "-r", "100", "-t", "/queue/a", "-T", "/queue/b", "--drain-timeout", "1h")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		time.Sleep(time.Second)
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
			t.Errorf("ended with %v, want to be killed by SIGINT", err)
		}
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		t.Error("the second ^C was ignored")
	}
}
