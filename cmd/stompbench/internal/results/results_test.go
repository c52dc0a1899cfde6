package results_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// start is when the runs of the tests start.
var start = time.Date(2026, 5, 6, 7, 8, 9, 250e6, time.UTC)

// result returns the result of a run of that many seconds at 1000/s, whose
// messages take base and up to 1 ms more.
func result(seconds int, base time.Duration) *results.Result {
	broker, _ := uri.Parse("stomp://guest:s3cret@h:1")
	p := &workload.Plan{
		Broker:    broker,
		Producers: 1, Consumers: 1, Duration: time.Duration(seconds) * time.Second, Size: 128, Rate: 1000, Window: 10,
		PublishTo: "/queue/q", ConsumeFrom: "/queue/q", Delivery: workload.Shared,
	}
	all, due, rec := histo.New(), histo.New(), series.New()
	for i := range seconds {
		one, dueOne := histo.New(), histo.New()
		for k := range 1000 {
			ns := int64(base) + int64(k)*1000
			one.Record(ns)
			dueOne.Record(2 * ns)
		}
		all.Merge(one)
		due.Merge(dueOne)
		rec.Add(&load.Sample{
			Elapsed: time.Duration(i+1) * time.Second, Interval: time.Second, CPU: time.Second / 4, Sending: true,
			Counts: metric.Counts{metric.Sent: 1000, metric.Confirmed: 1000, metric.Received: 1000}, Backlog: uint64(i),
			Latencies: load.Latencies{metric.FromSend: one, metric.FromDue: dueOne, metric.SendDelay: histo.New(), metric.Confirm: one},
		})
	}
	n := uint64(seconds) * 1000
	took := time.Duration(seconds) * time.Second
	res := &load.Result{
		Consumers: 1, ID: 0xabc, Start: start, Ready: load.Ready{Server: "RabbitMQ/4", Version: "1.2"},
		Books:   ledger.Balance{Sent: n, Confirmed: n, Received: n, Expected: n},
		Sending: took, Receiving: took, MeasuredSent: n + 1, MeasuredReceived: n + 1,
		Latencies: load.Latencies{metric.FromSend: all, metric.FromDue: due, metric.Confirm: all, metric.SendDelay: histo.New()},
		Cost:      load.Cost{CPU: took / 4, Wall: took, Allocations: 100}, MaxBacklog: uint64(seconds) - 1,
	}
	return results.New("v1", p, res, rec)
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if err := results.Prepare(dir); err != nil {
		t.Fatal(err)
	}
	r := result(3, time.Millisecond)
	extra := results.File{Name: "extra.txt", Write: func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }}
	if err := r.Write(dir, extra); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil || len(text) == 0 || bytes.Contains(text, []byte("s3cret")) {
			t.Errorf("%s: %v, %d bytes, or the password is in it", e.Name(), err, len(text))
		}
	}
	want := []string{"confirm.hgrm", "confirm.hlog", "extra.txt", "from_due.hgrm", "from_due.hlog",
		"from_send.hgrm", "from_send.hlog", "result.json", "series.csv"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	err = results.Prepare(dir)
	if taken := new(workload.Invalid); !errors.As(err, &taken) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second result in the same folder: %v", err)
	}
}

// What is read back is what was written, to the last bucket.
func TestReadBack(t *testing.T) {
	dir, r := t.TempDir(), result(5, time.Millisecond)
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, results.Name)} {
		back, err := results.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		var first, second bytes.Buffer
		if err := errors.Join(report.WriteObject(&first, r), report.WriteObject(&second, back)); err != nil {
			t.Fatal(err)
		}
		if first.String() != second.String() {
			t.Error("it changed on the way")
		}
		if got := back.Histogram(metric.FromDue); got.Count() != 5000 || got.Max() != r.Histogram(metric.FromDue).Max() {
			t.Errorf("%d samples up to %v", got.Count(), got.Max())
		}
	}
}

func TestUnreadable(t *testing.T) {
	var good bytes.Buffer
	if err := report.WriteObject(&good, result(2, time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	text := good.String()
	for name, bad := range map[string]string{
		"empty":            "",
		"no JSON":          "hello",
		"cut off":          text[:len(text)/2],
		"another tool":     `{"tool": "omq", "schema": 1}`,
		"another schema":   strings.Replace(text, `"schema": 1`, `"schema": 2`, 1),
		"a summary":        `{"tool": "stompbench", "schema": 1, "totals": {}}`,
		"no machine":       strings.Replace(text, `"machines": [`, `"machine": [`, 1),
		"unknown kind":     strings.Replace(text, `"histograms": {`, `"histograms": {"x": {"hdr": ""},`, 1),
		"damaged":          strings.Replace(text, `"hdr": "HIST`, `"hdr": "HOST`, 1),
		"a wrong type":     strings.Replace(text, `"sent": 2000`, `"sent": -1`, 1),
		"an impossible t":  strings.Replace(text, `"t": 1,`, `"t": 1e99,`, 1),
		"a count too many": strings.Replace(text, `"count": 1000`, `"count": 1001`, 1),
	} {
		if bad == text {
			t.Fatalf("%s: nothing was changed", name)
		}
		path := filepath.Join(t.TempDir(), "x.json")
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := results.Read(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := results.Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A file is whole or not there, whatever happens while it is written.
func TestWriteFileIsAtomic(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := results.WriteFile(name, func(w io.Writer) error { _, err := io.WriteString(w, "old"); return err }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := results.WriteFile(name, func(w io.Writer) error { _, _ = io.WriteString(w, "new"); return broken })
	text, _ := os.ReadFile(name)
	entries, _ := os.ReadDir(dir)
	if !errors.Is(err, broken) || string(text) != "old" || len(entries) != 1 {
		t.Errorf("%v, %q, %d files", err, text, len(entries))
	}
	r := result(1, time.Millisecond)
	bad := results.File{Name: "bad", Write: func(io.Writer) error { return broken }}
	if err := r.Write(dir, bad); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, results.Name)); err == nil {
		t.Errorf("%s is there, and the rest is not", results.Name)
	}
}

func TestPrepareRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if err := results.Prepare(dir); err == nil || strings.Count(err.Error(), file) != 1 {
			t.Errorf("%s: %v", dir, err)
		}
	}
	locked := t.TempDir()
	if err := os.Chmod(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		return // whom no mode stops
	}
	if err := results.Prepare(locked); !errors.Is(err, os.ErrPermission) {
		t.Error(err)
	}
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	if err := result(3, time.Millisecond).WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) != 4 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	second := lines[2]
	for name, want := range map[string]string{
		"time": "2026-05-06T07:08:11.250Z", "t_s": "2", "seconds": "1", "sending": "true", "sent": "1000",
		"received_per_s": "1000.0", "backlog": "1", "cpu_cores": "0.250", "from_due_count": "1000",
	} {
		if second[column[name]] != want {
			t.Errorf("%s is %s, want %s", name, second[column[name]], want)
		}
	}
	p50, err := strconv.ParseFloat(second[column["from_send_p50_ms"]], 64)
	if err != nil || p50 < 1.49 || p50 > 1.51 {
		t.Errorf("p50 %v, %v", p50, err)
	}
	if _, ok := column["send_delay_p50_ms"]; ok {
		t.Error("a column for what was not measured")
	}
}

// The log is one that HdrHistogram's reader takes, and the whole run is its sum.
func TestHistogramLog(t *testing.T) {
	r := result(4, time.Millisecond)
	var out bytes.Buffer
	if err := r.WriteLog(&out, metric.FromDue); err != nil {
		t.Fatal(err)
	}
	log := out.String()
	if !strings.Contains(log, "#[StartTime: 1778051289.250 (seconds since epoch), 2026-05-06T07:08:09.25Z]\n") {
		t.Errorf("%.300s", log)
	}
	reader := hdrhistogram.NewHistogramLogReader(strings.NewReader(log))
	sum := hdrhistogram.New(1, 3600e9, 3)
	for i := range 4 {
		h, err := reader.NextIntervalHistogram()
		if err != nil || h == nil {
			t.Fatalf("interval %d: %v", i, err)
		}
		if from := start.UnixMilli() + int64(i)*1000; h.StartTimeMs() != from || h.EndTimeMs() != from+1000 {
			t.Errorf("interval %d is from %d to %d, want from %d", i, h.StartTimeMs(), h.EndTimeMs(), from)
		}
		sum.Merge(h)
	}
	if h, _ := reader.NextIntervalHistogram(); h != nil {
		t.Error("an interval too many")
	}
	want := r.Histogram(metric.FromDue)
	if sum.TotalCount() != 4000 || sum.ValueAtPercentile(99) != int64(want.Percentile(99)) || sum.Max() != int64(want.Max()) {
		t.Errorf("%d samples, p99 %d, max %d", sum.TotalCount(), sum.ValueAtPercentile(99), sum.Max())
	}
}

// Latencies of the warm-up are in the log with a tag, and nowhere else.
func TestWarmupIsTagged(t *testing.T) {
	r := result(3, time.Millisecond)
	before := r.Latency
	h := histo.New()
	h.Record(77_000_000)
	rec := series.New()
	for range 2 {
		rec.Add(&load.Sample{
			Elapsed: time.Second, Interval: time.Second,
			Latencies: load.Latencies{metric.FromSend: histo.New(), metric.FromDue: histo.New(), metric.SendDelay: histo.New(), metric.Confirm: histo.New()},
			Warmup:    load.Latencies{metric.FromSend: h, metric.FromDue: h, metric.SendDelay: histo.New(), metric.Confirm: histo.New()},
		})
	}
	r.Series.Intervals[0].Warmup = rec.Intervals[0].Warmup
	r.Series.Intervals[1].Warmup = rec.Intervals[1].Warmup
	dir := t.TempDir()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	back, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(back.Latency, before) || back.Histogram(metric.FromDue).Count() != 3000 || inSeconds(back, metric.FromDue) != 3000 {
		t.Errorf("the warm-up counts: %+v", back.Latency)
	}
	log, err := os.Open(filepath.Join(dir, "from_due.hlog"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	reader, counts := hdrhistogram.NewHistogramLogReader(log), map[string]int64{}
	for {
		h, err := reader.NextIntervalHistogram()
		if h == nil || err != nil {
			break
		}
		counts[h.Tag()] += h.TotalCount()
	}
	if len(counts) != 2 || counts[""] != 3000 || counts["warmup.from_due"] != 2 {
		t.Errorf("%v", counts)
	}
}

func TestPercentileFile(t *testing.T) {
	var out bytes.Buffer
	if err := result(4, time.Millisecond).Histogram(metric.FromSend).WritePercentiles(&out, 5); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Value\tPercentile\tTotalCount\t1/(1-Percentile)", " 1.000000         4000          inf", "#[Max     =        2.0", "Total count    =         4000]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// inSeconds is how many samples the intervals have.
func inSeconds(r *results.Result, kind metric.Latency) (n uint64) {
	for i := range r.Series.Intervals {
		if l := r.Series.Intervals[i].Latency[kind]; l != nil {
			n += l.HDR.Count()
		}
	}
	return n
}
