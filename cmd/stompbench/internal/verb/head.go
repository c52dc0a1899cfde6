package verb

import (
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Head is what the JSON of a verb with a driver of its own begins with.
type Head struct {
	Schema   int           `json:"schema"`
	Tool     string        `json:"tool"`
	Version  string        `json:"version"`
	Partial  bool          `json:"partial"` // interrupted
	Failure  string        `json:"failure,omitempty"`
	ExitCode int           `json:"exit_code"`
	Broker   report.Broker `json:"broker"`
}

// HeadOf begins the result of a verb.
func HeadOf(verb string, p *workload.Plan) Head {
	return Head{
		Schema: 1, Tool: "stompbench " + verb, Version: Version(),
		Broker: report.Broker{URI: p.Broker.String(), Embedded: p.Embedded},
	}
}

// Met adds what the broker said of itself.
func (h *Head) Met(s conn.Session) {
	h.Broker.Server, h.Broker.STOMP = s.Headers.Get(frame.HeaderServer), s.Version.String()
}

// Begin begins the text of a result.
func (h *Head) Begin() *Rows {
	r := new(Rows)
	if h.Partial {
		r.WriteString("PARTIAL RESULT: interrupted\n")
	}
	r.WriteByte('\n')
	return r
}
