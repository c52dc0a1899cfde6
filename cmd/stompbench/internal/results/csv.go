package results

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// WriteCSV writes a line for each interval: times in seconds, latencies in
// milliseconds, empty where nothing was measured.
func (r *Result) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"time", "t_s", "seconds", "sending", "sent", "confirmed", "received",
		"sent_per_s", "confirmed_per_s", "received_per_s", "backlog", "cpu_cores"}
	for _, kind := range r.Kinds() {
		for _, column := range []string{"count", "p50_ms", "p99_ms", "p99_9_ms", "max_ms"} {
			head = append(head, string(kind)+"_"+column)
		}
	}
	_ = out.Write(head) // Flush keeps the error
	for i := range r.Series.Intervals {
		_ = out.Write(r.line(&r.Series.Intervals[i]))
	}
	out.Flush()
	return out.Error()
}

func (r *Result) line(in *series.Interval) []string {
	at := r.StartedAt.Add(time.Duration(in.T * float64(time.Second)))
	line := []string{at.UTC().Format("2006-01-02T15:04:05.000Z"), number(in.T), number(in.Seconds), strconv.FormatBool(in.Sending)}
	counts := []uint64{in.Sent, in.Confirmed, in.Received}
	for _, n := range counts {
		line = append(line, strconv.FormatUint(n, 10))
	}
	for _, n := range counts {
		line = append(line, strconv.FormatFloat(in.Rate(n), 'f', 1, 64))
	}
	line = append(line, strconv.FormatUint(in.Backlog, 10), strconv.FormatFloat(in.Cores(), 'f', 3, 64))
	for _, kind := range r.Kinds() {
		l := in.Latency[kind]
		if l == nil {
			line = append(line, "0", "", "", "", "")
			continue
		}
		line = append(line, strconv.FormatUint(l.Count, 10), ms(l.P50), ms(l.P99), ms(l.P999), ms(l.Max))
	}
	return line
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func ms(ns int64) string { return number(float64(ns) / 1e6) }
