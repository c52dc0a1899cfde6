package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/schema"
)

var update = flag.Bool("update", false, "write the schema of the metrics again")

// descriptions of the groups.
var descriptions = map[string]string{
	"totals":   "The closed books. With delivery each, received and expected count a message once for each consumer: received + lost + corrupt = expected, unless a damaged message also arrived intact.",
	"seconds":  "What the rates were computed with, from the start, to the last send and arrival, or to the planned end of sending if that is later.",
	"rates":    "Averages over the run.",
	"shares":   "Parts of the totals, from 0 to 1.",
	"process":  "What stompbench used, the embedded broker included. After a merge, of all machines.",
	"interval": "What happened in one stretch of the run.",
}

// The parts of the schema that hold metrics are those of the registry.
func TestMetricsOfTheSchema(t *testing.T) {
	text := string(schema.ResultV1)
	for _, g := range metric.Groups {
		text = replace(t, text, g.String(), object(descriptions[g.String()], "", nil, metric.In(g), ""))
	}
	text = replace(t, text, "interval", object(descriptions["interval"], beforeMetrics, []string{"t", "seconds", "sending", "sent", "confirmed", "received", "backlog", "cpu_s", "latency_ns"}, metric.EachSecond(), afterMetrics))
	if text == string(schema.ResultV1) {
		return
	}
	if !*update {
		t.Fatal("the registry of metrics has changed: run this test with -update")
	}
	if err := os.WriteFile("result-v1.schema.json", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	beforeMetrics = `"t": {"description": "where it ends, in seconds since started_at", "type": "number", "minimum": 0},
		"seconds": {"description": "how long it is", "type": "number", "minimum": 0},
		"sending": {"description": "false once only stragglers came in", "type": "boolean"},`
	latencies = `"type": "object", "additionalProperties": false, "properties": {
		"from_due": {"$ref": "#/$defs/latency"}, "from_send": {"$ref": "#/$defs/latency"},
		"confirm": {"$ref": "#/$defs/latency"}, "send_delay": {"$ref": "#/$defs/latency"}}}`
	afterMetrics = `, "latency_ns": {"description": "Latencies by kind: of what arrived, was confirmed or was sent in it. A kind without samples is not there.", ` + latencies +
		`, "warmup_latency_ns": {"description": "The same of messages of the warm-up, which count nowhere else.", ` + latencies
)

// object is the schema of an object with the metrics.
func object(description, before string, required []string, defs []*metric.Def, after string) string {
	var properties []string
	for _, d := range defs {
		help, kind, least := d.Help, "number", `, "minimum": 0`
		if before != "" {
			help = d.EachSecond
		}
		if unit := map[metric.Unit]string{metric.Nanoseconds: "nanoseconds", metric.InSeconds: "seconds"}[d.Unit]; unit != "" {
			help += ", in " + unit
		}
		if d.Whole() {
			kind = "integer"
		}
		if d.Has(metric.Signed) {
			least = ""
		}
		if before == "" && !d.Has(metric.Optional) && !d.Has(metric.Later) {
			required = append(required, d.Name)
		}
		properties = append(properties, fmt.Sprintf(`%q: {"description": %q, "type": %q%s}`, d.Name, help, kind, least))
	}
	names, _ := json.Marshal(required)
	all := ""
	if len(required) > 0 {
		all = `"required": ` + string(names) + `, `
	}
	return fmt.Sprintf(`{"description": %q, "type": "object", %s"properties": {%s%s%s}}`, description, all, before, strings.Join(properties, ","), after)
}

// replace replaces an object at the second level of the schema.
func replace(t *testing.T, text, name, with string) string {
	t.Helper()
	head := "\n  \"" + name + "\": "
	at := strings.Index(text, head+"{")
	if at < 0 {
		t.Fatalf("the schema has no %s", name)
	}
	at += len(head)
	end := at + strings.Index(text[at:], "\n  }") + len("\n  }")
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(with), "  ", " "); err != nil {
		t.Fatalf("%v in %s", err, with)
	}
	return text[:at] + out.String() + text[end:]
}
