package results

import (
	"fmt"
	"io"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// WriteLog writes a histogram log, format 1.3: a line for each interval that has
// samples. Times are in seconds from the start, values in nanoseconds, and
// Interval_Max in milliseconds, as HdrHistogram's own tools have them.
func (r *Result) WriteLog(w io.Writer, kind series.Kind) error {
	_, err := fmt.Fprintf(w, `#[Logged with stompbench %s: latency %s, in nanoseconds]
#[Histogram log format version 1.3]
#[StartTime: %.3f (seconds since epoch), %s]
"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
`, r.Version, kind.Label(), float64(r.StartedAt.UnixMilli())/1e3, r.StartedAt.UTC().Format(time.RFC3339Nano))
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		l := in.Latency[kind]
		if l == nil || err != nil {
			continue
		}
		var text []byte
		if text, err = l.HDR.MarshalText(); err == nil {
			_, err = fmt.Fprintf(w, "%.3f,%.3f,%.3f,%s\n", in.T-in.Seconds, in.Seconds, float64(l.Max)/1e6, text)
		}
	}
	return err
}

// ticks is how many lines the percentile file has for each halving of what is left
// to 100 %.
const ticks = 5

// WritePercentiles writes the whole run's distribution by percentile, in
// milliseconds, in the form that HdrHistogram's plotter reads.
func (r *Result) WritePercentiles(w io.Writer, kind series.Kind) error {
	return r.Histogram(kind).WritePercentiles(w, ticks)
}
