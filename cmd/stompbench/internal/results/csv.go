package results

import (
	"encoding/csv"
	"io"
	"strconv"
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
	points := map[metric.Latency][][]series.Point{}
	for _, kind := range r.Kinds() {
		for _, s := range overTime {
			points[kind] = append(points[kind], r.Series.Percentile(kind, s.p))
		}
	}
	out := csv.NewWriter(w)
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		var head, line []string
		add := func(name, text string) { head, line = append(head, name), append(line, text) }
		add("time", r.StartedAt.Add(time.Duration(in.T*float64(time.Second))).UTC().Format("2006-01-02T15:04:05.000Z"))
		add("t_s", number(in.T))
		add("seconds", number(in.Seconds))
		add("sending", strconv.FormatBool(in.Sending))
		each := func(whole bool, add func(*metric.Def)) {
			for _, d := range metric.EachSecond() {
				if d.Whole() == whole && d.ID != metric.CPU {
					add(d)
				}
			}
		}
		value := func(d *metric.Def) { add(d.Name, number(in.Value(d.ID))) }
		each(true, value)
		each(true, func(d *metric.Def) { add(d.Name+"_per_s", strconv.FormatFloat(in.Rate(d.ID), 'f', 1, 64)) })
		each(false, value)
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

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func ms(ns int64) string { return number(float64(ns) / 1e6) }
