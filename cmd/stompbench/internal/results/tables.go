package results

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// overTime are the percentiles of an interval.
var overTime = []struct {
	name string
	p    float64
}{{"p50", 50}, {"p99", 99}, {"p99_9", 99.9}}

// WriteCSV writes a line for each interval: times in seconds, latencies in milliseconds, empty where
// nothing was measured. A percentile needs ten samples above it: it is over p50_span_s seconds and so
// on, neighbouring intervals that are joined for it.
func (r *Result) WriteCSV(w io.Writer) error {
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	ms := func(ns int64) string { return number(float64(ns) / 1e6) }
	points := map[metric.Latency][][]series.Point{}
	for _, kind := range r.Kinds() {
		for _, s := range overTime {
			points[kind] = append(points[kind], r.Series.Percentile(kind, s.p))
		}
	}
	counts := slices.DeleteFunc(metric.EachSecond(), func(d *metric.Def) bool { return !d.Whole() })
	out := csv.NewWriter(w)
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		var head, line []string
		add := func(name, text string) { head, line = append(head, name), append(line, text) }
		add("time", r.StartedAt.Add(time.Duration(in.T*float64(time.Second))).UTC().Format("2006-01-02T15:04:05.000Z"))
		add("t_s", number(in.T))
		add("seconds", number(in.Seconds))
		add("sending", strconv.FormatBool(in.Sending))
		for _, d := range counts {
			add(d.Name, number(in.Value(d.ID)))
		}
		for _, d := range counts {
			add(d.Name+"_per_s", strconv.FormatFloat(in.Rate(d.ID), 'f', 1, 64))
		}
		add("backlog", number(in.Value(metric.Backlog)))
		add("cpu_cores", strconv.FormatFloat(in.Rate(metric.CPU), 'f', 3, 64))
		for _, kind := range r.Kinds() {
			l, most := in.Latency[kind], ""
			if l == nil {
				l = &series.Latency{}
			} else {
				most = ms(l.Max)
			}
			add(string(kind)+"_count", strconv.FormatUint(l.Count, 10))
			add(string(kind)+"_censored", strconv.FormatUint(l.Censored, 10))
			add(string(kind)+"_max_ms", most)
			for j, s := range overTime {
				ns, span := "", ""
				if p := points[kind][j][i]; p.Known() {
					ns, span = ms(p.Ns), strconv.FormatFloat(p.To-p.From, 'g', 6, 64)
				}
				add(string(kind)+"_"+s.name+"_ms", ns)
				add(string(kind)+"_"+s.name+"_span_s", span)
			}
		}
		if i == 0 {
			_ = out.Write(head) // Flush keeps the error
		}
		_ = out.Write(line)
	}
	out.Flush()
	return out.Error()
}

// WriteLog writes a histogram log, format 1.3: a line for each interval with samples, and a line
// with the tag warmup.KIND for each interval with samples of the warm-up. HdrHistogram's tools skip
// tagged lines by default. Times are in seconds from the start, values in nanoseconds, and
// Interval_Max in milliseconds, as in those tools.
func (r *Result) WriteLog(w io.Writer, kind metric.Latency) error {
	_, err := fmt.Fprintf(w, `#[Logged with stompbench %s: latency %s, in nanoseconds]
#[Histogram log format version 1.3]
#[StartTime: %.3f (seconds since epoch), %s]
"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
`, strings.Join(strings.Fields(r.Version), " "), kind.Label(), float64(r.StartedAt.UnixMilli())/1e3, r.StartedAt.UTC().Format(time.RFC3339Nano))
	write := func(tag string, in *series.Interval, l *series.Latency) {
		if l == nil || err != nil {
			return
		}
		var text []byte
		if text, err = l.HDR.MarshalText(); err == nil {
			_, err = fmt.Fprintf(w, "%s%.3f,%.3f,%.3f,%s\n", tag, in.T-in.Seconds, in.Seconds, float64(l.Max)/1e6, text)
		}
	}
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		write("Tag=warmup."+string(kind)+",", in, in.Warmup[kind])
		write("", in, in.Latency[kind])
	}
	return err
}
