package page

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// SearchTool and SearchSchema identify a find.json.
const (
	SearchTool   = "stompbench find"
	SearchSchema = 1
)

// Search is a search for the knee in the form in which it is written out, as find.json.
type Search struct {
	Schema    int       `json:"schema"`
	Tool      string    `json:"tool"`
	Version   string    `json:"version"`
	Partial   bool      `json:"partial"`           // it ended early
	Failure   string    `json:"failure,omitempty"` // why, unless by ^C
	ExitCode  int       `json:"exit_code"`
	StartedAt time.Time `json:"started_at"`
	Broker    string    `json:"broker"` // without the password
	Embedded  bool      `json:"embedded"`
	Searching
	*find.Result
}

// Searching is what is searched for, and how.
type Searching struct {
	SLO      string       `json:"slo"`
	DwellSec float64      `json:"dwell_s"`
	Within   float64      `json:"within"`
	Repeats  int          `json:"repeats"`
	Plan     results.Plan `json:"plan"` // of each step, except its rate
}

// maxSearch bounds a find.json, in bytes: 1,000 steps take less than one MB.
const maxSearch = 64 << 20

// ReadSearch reads a find.json.
func ReadSearch(path string) (*Search, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := new(Search)
	switch err := json.NewDecoder(io.LimitReader(f, maxSearch)).Decode(s); {
	case err != nil:
		return nil, fmt.Errorf("%s: not a search of stompbench, or of more than %d MiB: %w", path, maxSearch>>20, err)
	case s.Tool != SearchTool || s.Result == nil:
		return nil, fmt.Errorf("%s: not a search of stompbench", path)
	case s.Schema != SearchSchema:
		return nil, fmt.Errorf("%s: its schema is %d and this stompbench reads %d: use the one that wrote it", path, s.Schema, SearchSchema)
	}
	for i := range s.Steps {
		if !(s.Steps[i].Rate > 0) {
			return nil, fmt.Errorf("%s: it is damaged: step %d has a rate of %v", path, i+1, s.Steps[i].Rate)
		}
	}
	// Everything that follows from the steps is computed again, so that a damaged or hand-written
	// file cannot contradict its steps.
	s.Tally(s.Within)
	return s, nil
}
