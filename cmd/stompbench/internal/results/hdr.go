package results

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// WriteLog writes a histogram log, format 1.3: a line for each interval with samples, and a line
// with the tag warmup.KIND for each interval with samples of the warm-up. HdrHistogram's tools skip
// tagged lines by default. Times are in seconds from the start, values in nanoseconds, and
// Interval_Max in milliseconds, as in those tools.
func (r *Result) WriteLog(w io.Writer, kind series.Kind) error {
	_, err := fmt.Fprintf(w, `#[Logged with stompbench %s: latency %s, in nanoseconds]
#[Histogram log format version 1.3]
#[StartTime: %.3f (seconds since epoch), %s]
"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
`, strings.Join(strings.Fields(r.Version), " "), kind.Label(), float64(r.StartedAt.UnixMilli())/1e3, r.StartedAt.UTC().Format(time.RFC3339Nano))
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		err = errors.Join(err,
			writeLine(w, "Tag=warmup."+string(kind)+",", in, in.Warmup[kind]),
			writeLine(w, "", in, in.Latency[kind]))
	}
	return err
}

// writeLine writes the line of an interval, if there is anything in it.
func writeLine(w io.Writer, tag string, in *series.Interval, l *series.Latency) error {
	if l == nil {
		return nil
	}
	text, err := l.HDR.MarshalText()
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%.3f,%.3f,%.3f,%s\n", tag, in.T-in.Seconds, in.Seconds, float64(l.Max)/1e6, text)
	}
	return err
}

// ticks is how many lines the percentile file has for each halving of the distance to 100 %.
const ticks = 5

// WritePercentiles writes the whole run's distribution by percentile, in
// milliseconds, in the form that HdrHistogram's plotter reads.
func (r *Result) WritePercentiles(w io.Writer, kind series.Kind) error {
	return r.Histogram(kind).WritePercentiles(w, ticks)
}
