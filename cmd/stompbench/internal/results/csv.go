package results

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// stats are the percentiles of an interval, and the percentile that each is.
var stats = []struct {
	name string
	p    float64
}{{"p50", 50}, {"p99", 99}, {"p99_9", 99.9}}

// WriteCSV writes a line for each interval: times in seconds, latencies in milliseconds, empty where
// nothing was measured. A percentile needs ten samples above it: it is over p50_span_s seconds and so
// on, neighbouring intervals that are joined for it.
func (r *Result) WriteCSV(w io.Writer) error {
	var counters, gauges []*metric.Def
	head := []string{"time", "t_s", "seconds", "sending"}
	for _, d := range metric.EachSecond() {
		switch {
		case d.Whole():
			counters = append(counters, d)
			head = append(head, d.Name)
		case d.ID != metric.CPU:
			gauges = append(gauges, d)
		}
	}
	for _, d := range counters {
		head = append(head, d.Name+"_per_s")
	}
	for _, d := range gauges {
		head = append(head, d.Name)
	}
	head = append(head, "cpu_cores")
	points := map[metric.Latency][][]series.Point{}
	for _, kind := range r.Kinds() {
		head = append(head, string(kind)+"_count", string(kind)+"_max_ms")
		for _, s := range stats {
			head = append(head, string(kind)+"_"+s.name+"_ms", string(kind)+"_"+s.name+"_span_s")
			points[kind] = append(points[kind], r.Series.Percentile(kind, s.p))
		}
	}
	out := csv.NewWriter(w)
	_ = out.Write(head) // Flush keeps the error
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		at := r.StartedAt.Add(time.Duration(in.T * float64(time.Second)))
		line := []string{at.UTC().Format("2006-01-02T15:04:05.000Z"), number(in.T), number(in.Seconds), strconv.FormatBool(in.Sending)}
		for _, d := range counters {
			line = append(line, number(in.Value(d.ID)))
		}
		for _, d := range counters {
			line = append(line, strconv.FormatFloat(in.Rate(d.ID), 'f', 1, 64))
		}
		for _, d := range gauges {
			line = append(line, number(in.Value(d.ID)))
		}
		line = append(line, strconv.FormatFloat(in.Rate(metric.CPU), 'f', 3, 64))
		for _, kind := range r.Kinds() {
			count, most := "0", ""
			if l := in.Latency[kind]; l != nil {
				count, most = strconv.FormatUint(l.Count, 10), ms(l.Max)
			}
			line = append(line, count, most)
			for _, all := range points[kind] {
				if p := all[i]; p.Known() {
					line = append(line, ms(p.Ns), strconv.FormatFloat(p.To-p.From, 'g', 6, 64))
				} else {
					line = append(line, "", "")
				}
			}
		}
		_ = out.Write(line)
	}
	out.Flush()
	return out.Error()
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func ms(ns int64) string { return number(float64(ns) / 1e6) }
