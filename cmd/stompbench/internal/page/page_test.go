package page_test

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// example returns a result that lost messages, of a broker with that name.
func example(server string) *results.Result {
	h, rec := histo.New(), series.NewRecorder()
	for i := range 20_000 {
		h.Record(int64(i+1) * 1000)
	}
	for i := range 5 {
		rec.Add(&load.Sample{
			Elapsed: time.Duration(i+1) * time.Second, Interval: time.Second, Sending: i < 4, Sent: 2000,
			Confirmed: 2000, Received: 1990, Backlog: 7, FromSend: h, FromDue: h, Delay: h, Confirm: h,
		})
	}
	p := &workload.Plan{
		Broker:    uri.Brokers{{Host: "h", Port: 1, Login: "guest", Passcode: "s3cret"}},
		Producers: 1, Consumers: 1, Duration: 4 * time.Second, Size: 128, Window: 10,
		PublishTo: "/queue/q", ConsumeFrom: "/queue/q", Delivery: workload.Shared,
	}
	res := &load.Result{
		Consumers: 1, ID: 1, Start: time.Unix(1_800_000_000, 0), Ready: load.Ready{Server: server, Version: "1.2"}, Interrupted: true,
		Books:   ledger.Balance{Sent: 10_000, Confirmed: 10_000, Received: 9981, Expected: 10_000, Lost: 19, ConfirmedLost: 9, Duplicated: 2},
		Sending: 4 * time.Second, Receiving: 5 * time.Second, FromSend: h, FromDue: h, Delay: h, Confirm: h,
	}
	return results.New(report.New("v1", p, res), res, rec.Series())
}

func render(t *testing.T, runs ...page.Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := page.Write(&out, runs); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const attack = `</title></script><script>hacked=1</script><img src=x onerror=hacked=1>`

func hostile(t *testing.T) []byte {
	t.Helper()
	return []byte(render(t, page.Run{Name: attack, Result: example(attack)}))
}

// Without a script or a browser the page says what counts.
func TestPage(t *testing.T) {
	out := render(t, page.Run{Name: "a", Result: example("RabbitMQ/4")})
	for _, want := range []string{
		"RabbitMQ/4 at stomp://guest:***@h:1", "Partial result: interrupted", "the books do not balance",
		`<td class="bad">19</td>`, "confirmed lost", "p99.9", "Flat out", "15 January 2027, 08:00:00 UTC",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, no := range []string{"s3cret", "ZgotmplZ", "NaN", "<no value>"} {
		if strings.Contains(out, no) {
			t.Errorf("%q is in the page", no)
		}
	}
}

func TestPageOfSeveral(t *testing.T) {
	out := render(t, page.Run{Name: "base", Result: example("A/1")}, page.Run{Name: "new", Result: example("B/2")})
	for _, want := range []string{"2 runs compared", "A/1 at", "B/2 at", "</i>base</th>", "</i>new</th>"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// The page loads nothing: it names no address but the one of the SVG vocabulary.
func TestPageLoadsNothing(t *testing.T) {
	out := render(t, page.Run{Name: "a", Result: example("X")})
	for _, address := range regexp.MustCompile(`(https?:)?//[a-z][^\s"'<]*`).FindAllString(out, -1) {
		if !strings.HasPrefix(address, "http://www.w3.org/2000/svg") && !strings.HasPrefix(address, "//guest:***@h:1") {
			t.Errorf("it names %s", address)
		}
	}
	if !strings.Contains(html.UnescapeString(out), `content="default-src 'none'; style-src 'sha256-`) {
		t.Error("its policy does not forbid loading")
	}
}
