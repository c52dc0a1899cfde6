package cli_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// A variable that is misspelt does not go by in silence; what Kubernetes sets for a
// service of that name does, and so do flags of other verbs.
func TestMisspeltEnvironment(t *testing.T) {
	t.Setenv("STOMPBENCH_SERVICE_HOST", "10.0.0.1")
	t.Setenv("STOMPBENCH_SERVICE_PORT_STOMP", "61613")
	t.Setenv("STOMPBENCH_PORT", "tcp://10.0.0.1:61613")
	t.Setenv("STOMPBENCH_PORT_61613_TCP_ADDR", "10.0.0.1")
	t.Setenv("STOMPBENCH_BROKER_SERVICE_HOST", "10.0.0.1")
	t.Setenv("STOMPBENCH_LISTEN", "127.0.0.1:0")
	t.Setenv("STOMPBENCH_RESTART_CMD", "true")
	if code, _, stderr := stompbench(t, "--dry-run"); code != 0 {
		t.Fatalf("exit %d, %q", code, stderr)
	}
	t.Setenv("STOMPBENCH_RAET", "s3cret")
	for _, verb := range []string{"run", "find", "failover", "churn"} {
		code, stdout, stderr := stompbench(t, verb)
		if code != cli.ExitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "STOMPBENCH_RAET") || strings.Contains(stderr, "s3cret") {
			t.Errorf("%s: exit %d, %q %q", verb, code, stdout, stderr)
		}
	}
}

// Switches are on or off in words too, as people write them in YAML.
func TestSwitches(t *testing.T) {
	for _, yes := range []string{"yes", "on", "true", "1", "Yes"} {
		t.Setenv("STOMPBENCH_PERSISTENT", yes)
		if code, stdout, stderr := stompbench(t, "--dry-run"); code != 0 || !strings.Contains(stdout, ", persistent") {
			t.Errorf("%s: exit %d, %q %q", yes, code, stdout, stderr)
		}
	}
	t.Setenv("STOMPBENCH_PERSISTENT", "perhaps")
	if code, _, stderr := stompbench(t, "--dry-run"); code != cli.ExitUsage || !strings.Contains(stderr, "STOMPBENCH_PERSISTENT") || !strings.Contains(stderr, "write true or false") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}
