package results

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// ticks is how many lines the percentile file has for each halving of the distance to 100 %.
const ticks = 5

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
