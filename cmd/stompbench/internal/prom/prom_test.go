package prom_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/stompwire/stompwire/internal/leaktest"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/prom"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func serve(t *testing.T) *prom.Server {
	t.Helper()
	s, err := prom.Serve(":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// sample has n latencies of 1, 2, 3 … ms and one of 0.
func sample(n int) *load.Sample {
	h := histo.New()
	h.Record(0)
	for ms := range n {
		h.Record(int64(ms+1) * int64(time.Millisecond))
	}
	return &load.Sample{
		Elapsed: time.Second, Interval: time.Second, Counts: metric.Counts{metric.Sent: 100, metric.Confirmed: 90, metric.Received: 80}, Backlog: 20,
		Latencies: load.Latencies{metric.FromSend: h, metric.FromDue: h, metric.Confirm: h, metric.SendDelay: histo.New()},
		Sending:   true, CPU: 300 * time.Millisecond,
	}
}

// scrape asks as a Prometheus that wants accept would.
func scrape(t *testing.T, s *prom.Server, accept string) map[string]*dto.MetricFamily {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: time.Minute}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	families := map[string]*dto.MetricFamily{}
	dec := expfmt.NewDecoder(resp.Body, expfmt.ResponseFormat(resp.Header))
	for {
		f := &dto.MetricFamily{}
		if err := dec.Decode(f); errors.Is(err, io.EOF) {
			return families
		} else if err != nil {
			t.Fatal(err)
		}
		families[f.GetName()] = f
	}
}

const (
	protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	text     = "text/plain;version=0.0.4"
)

// Asked for protobuf, it shows native buckets, and they hold exactly what was
// recorded.
func TestNativeHistograms(t *testing.T) {
	s := serve(t)
	s.Add(sample(1000))
	s.Add(sample(1000))
	families := scrape(t, s, protobuf)
	h := families["stompbench_from_due_seconds"].GetMetric()[0].GetHistogram()
	if h.GetSampleCount() != 2002 || h.GetSchema() != 3 || h.GetZeroCount() != 2 {
		t.Fatalf("%d samples, schema %d, %d in the zero bucket", h.GetSampleCount(), h.GetSchema(), h.GetZeroCount())
	}
	if want := 2 * 500.5; math.Abs(h.GetSampleSum()-want) > want/500 {
		t.Errorf("the sum is %v, want %v", h.GetSampleSum(), want)
	}
	// Spans and deltas, as Prometheus reads them: bucket i ends at 2^(i/8).
	index, count, at, total := int32(0), int64(0), 0, int64(0)
	for _, span := range h.GetPositiveSpan() {
		index += span.GetOffset()
		for range span.GetLength() {
			count += h.GetPositiveDelta()[at]
			at++
			upper, lower := math.Exp2(float64(index)/8), math.Exp2(float64(index-1)/8)
			// Of each sample, whole milliseconds from 1 to 1000 are in (lower, upper].
			want := 2 * (math.Floor(min(upper, 1)*1000+1e-6) - math.Floor(min(lower, 1)*1000+1e-6))
			// Three digits move one that lies on the edge.
			if math.Abs(float64(count)-want) > 2 {
				t.Errorf("bucket to %v s: %d, want %v", upper, count, want)
			}
			total += count
			index++
		}
	}
	if at != len(h.GetPositiveDelta()) || total != 2000 {
		t.Errorf("%d in native buckets", total)
	}
	if empty := families["stompbench_send_delay_seconds"].GetMetric()[0].GetHistogram(); empty.GetSampleCount() != 0 {
		t.Errorf("%v", empty)
	}
}

// Asked for text, it has classic buckets; counters have what was added up.
func TestText(t *testing.T) {
	s := serve(t)
	s.Add(sample(1000))
	s.Add(sample(1000))
	last := sample(0)
	last.Backlog = 0
	s.Add(last)
	s.Done()
	families := scrape(t, s, text)
	for name, want := range map[string]float64{
		"stompbench_sent_total": 300, "stompbench_confirmed_total": 270, "stompbench_received_total": 240,
		"stompbench_backlog": 0, "stompbench_running": 0, "stompbench_elapsed_seconds": 1, "stompbench_cpu_seconds_total": 0.9,
	} {
		m := families[name].GetMetric()
		if len(m) != 1 || math.Abs(m[0].GetCounter().GetValue()+m[0].GetGauge().GetValue()-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, m, want)
		}
	}
	h := families["stompbench_from_send_seconds"].GetMetric()[0].GetHistogram()
	for _, b := range h.GetBucket() {
		want := 3 + 2*math.Floor(min(b.GetUpperBound(), 1)*1000+1e-6)
		if math.Abs(float64(b.GetCumulativeCount())-want) > 2 {
			t.Errorf("up to %v: %d, want %v", b.GetUpperBound(), b.GetCumulativeCount(), want)
		}
	}
	if len(h.GetBucket()) < 10 {
		t.Errorf("%d classic buckets", len(h.GetBucket()))
	}
}

// Without a host it is for this machine alone.
func TestListen(t *testing.T) {
	for in, want := range map[string]string{
		":9400": "127.0.0.1:9400", "9400": "127.0.0.1:9400", "0.0.0.0:9400": "0.0.0.0:9400",
		"[::]:9400": "[::]:9400", "host:1": "host:1",
	} {
		if got := prom.Listen(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	s := serve(t)
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Error(s.URL())
	}
	if _, err := prom.Serve("nowhere.invalid:1"); err == nil {
		t.Error("nobody can listen there")
	}
}

func TestAwaitScrape(t *testing.T) {
	s := serve(t)
	scrape(t, s, text) // before: does not count
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.AwaitScrape(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody scraped: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.AwaitScrape(ctx) }()
	for {
		scrape(t, s, text) // until one falls into the waiting
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

func TestScrapesDuringTheRun(t *testing.T) {
	s := serve(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 20 {
			s.Add(sample(10))
		}
	})
	for range 5 {
		h := scrape(t, s, protobuf)["stompbench_confirm_seconds"].GetMetric()[0].GetHistogram()
		if h.GetSampleCount()%11 != 0 {
			t.Errorf("half a sample: %d", h.GetSampleCount())
		}
	}
	wg.Wait()
}
