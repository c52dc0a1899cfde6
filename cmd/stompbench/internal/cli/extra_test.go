package cli_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// The broker sees as many headers as were asked for, of the size that was asked for, with
// as many escapes; whatever else a message has, and however it is confirmed.
func TestExtraHeadersArrive(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var messages, headers, bytes, escaped int
	values := map[string]bool{}
	b, err := broker.Start(broker.Config{Limits: frame.Limits{Headers: 2000, HeaderBlock: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command != frame.CmdSend {
			return broker.Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		messages++
		for name, value := range f.Header.All() {
			if strings.HasPrefix(string(name), "hdr") {
				headers++
				bytes += len(value)
				values[string(name)+string(value)] = true
				if strings.ContainsAny(string(value), ":\\\n") {
					escaped++
				}
			}
		}
		return broker.Fault{}
	})
	for args, want := range map[string]struct{ headers, bytes, escaped, values int }{
		"--header-count 4 --header-size 10":                                           {400, 4000, 0, 400},
		"--header-count 4 --header-size 10 --header-values fixed --header-escape 50%": {400, 4000, 200, 4},
		"--header-count 4 --header-escape 100% --transaction 10":                      {400, 6400, 400, 400},
		"--header-count 5 --header-size 8 --receipt-every 7 --stamp header -H n:%d":   {500, 4000, 0, 500},
		"--header-count 1000 --header-size 0 -c 10":                                   {100_000, 0, 0, 1000},
		"--header-count 3 -c 0 -x 4":                                                  {300, 4800, 0, -1},
		"--header-count 0 --header-size 7":                                            {},
		"--header-count 2 --header-size 5 --stomp 1.1 --header-escape 100%":           {200, 1000, 200, 200},
		"--header-count 2 --header-size 5 --stomp 1.0":                                {200, 1000, 0, 200},
	} {
		mu.Lock()
		messages, headers, bytes, escaped = 0, 0, 0, 0
		clear(values)
		mu.Unlock()
		code, stdout, stderr := stompbench(t, "-q --seed 7 --drain-timeout 30s -C 100 -u "+b.URI()+" "+args)
		mu.Lock()
		if code != 0 || messages != 100 || headers != want.headers || bytes != want.bytes || escaped != want.escaped || want.values >= 0 && len(values) != want.values {
			t.Errorf("%s: exit %d, %d messages with %d headers of %d B, %d with escapes, %d different; want %+v\n%s%s",
				args, code, messages, headers, bytes, escaped, len(values), want, stdout, stderr)
		}
		mu.Unlock()
	}
}

func TestExtraHeadersUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"--header-size 5":                                    "--header-count",
		"--header-values fixed":                              "--header-count",
		"--header-escape 5%":                                 "--header-count",
		"--header-count x":                                   "whole number",
		"--header-count 5..1":                                "smaller one first",
		"--header-count 1001":                                "0 to 1000",
		"--header-count 1 --header-size 65k":                 "64KiB",
		"--header-count 1000 --header-size 4k":               "1 MiB",
		"--header-count 1 --header-values same":              "random or fixed",
		"--header-count 1 --header-escape 2":                 "0% to 100%",
		"--header-count 1 --header-size 0 --header-escape 1": "empty values",
		"--header-count 1 --header-escape 1 --stomp 1.0":     "STOMP 1.1",
		"--header-count 1 -H hdr001:x":                       "choose another",
		"--header-count 1 -x 0 -u stomp://localhost:1":       "for producers",
	} {
		code, stdout, stderr := stompbench(t, args)
		if code != cli.ExitUsage || !strings.Contains(stderr, says) || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q %q, want 2 and something about %q", args, code, stdout, stderr, says)
		}
	}
}
