package cli_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// shared is a stream that a test reads while a run writes.
type shared struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *shared) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *shared) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

var scrapeURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`)

// A run that is scraped until its end has told everything: the last scrape holds
// what the report holds. Of several runs it holds the sum.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-C 3000 -r 2k --rate-tolerance 100%", "-C 1000 -r 2k --rate-tolerance 100% --repeat 3 --pause 0"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			last := scraped(t, args+" --prometheus :0 --prometheus-wait 5m")
			for name, want := range map[string]int{"sent_total": 3000, "confirmed_total": 3000, "received_total": 3000, "from_due_seconds_count": 3000, "running": 0} {
				if line := fmt.Sprintf("\nstompbench_%s %d\n", name, want); !strings.Contains(last, line) {
					t.Errorf("%q is missing:\n%s", line, last)
				}
			}
		})
	}
}

// scraped runs args, and scrapes until that is over.
func scraped(t *testing.T, args string) (last string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var stdout, stderr shared
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(ctx, strings.Fields(args), &stdout, &stderr)
	}()
	for {
		url := scrapeURL.FindString(stderr.String())
		if url != "" {
			if text, err := get(ctx, url); err == nil {
				last = text
			}
		}
		select {
		case code := <-done:
			if code != 0 {
				t.Fatalf("exit %d\n%s", code, stderr.String())
			}
			return last
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func TestPrometheusUsage(t *testing.T) {
	for args, want := range map[string]int{
		"--prometheus-wait 1s":                  cli.ExitUsage,
		"--prometheus :0 --prometheus-wait -1s": cli.ExitUsage,
		"--prometheus nowhere.invalid:1":        cli.ExitCannotRun,
	} {
		code, stdout, stderr := stompbench(t, args)
		if code != want || !strings.Contains(stderr, "--prometheus") || strings.Count(stderr, "\n") != 1 || stdout != "" {
			t.Errorf("%s: exit %d, %q %q", args, code, stdout, stderr)
		}
	}
}
