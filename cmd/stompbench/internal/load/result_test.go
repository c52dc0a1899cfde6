package load_test

import (
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Messages at one a second are one a second, however few; those of the warm-up are in
// the books and in no rate.
func TestRates(t *testing.T) {
	confirm := histo.New()
	for range 10 {
		confirm.Record(1)
	}
	r := &load.Result{
		Books:        ledger.Balance{Sent: 110, Confirmed: 110, Received: 110},
		MeasuredSent: 10, MeasuredReceived: 10, Sending: 9 * time.Second, Confirming: 9 * time.Second, Receiving: 9 * time.Second,
		Latencies: load.Latencies{metric.Confirm: confirm},
	}
	if s, c, v := r.SentPerSecond(), r.ConfirmedPerSecond(), r.ReceivedPerSecond(); s != 1 || c != 1 || v != 1 {
		t.Errorf("%v sent, %v confirmed, %v received a second", s, c, v)
	}
	r = &load.Result{MeasuredSent: 1, Sending: time.Second, Latencies: load.Latencies{metric.Confirm: histo.New()}}
	if s, c := r.SentPerSecond(), r.ConfirmedPerSecond(); s != 0 || c != 0 {
		t.Errorf("%v sent, %v confirmed a second", s, c)
	}
}
