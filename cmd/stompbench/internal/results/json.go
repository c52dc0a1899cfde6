package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// MaxSize bounds a result.json, in bytes. A run takes up to 25 kB for each interval, of which there
// are at most [series.MaxIntervals].
const MaxSize = 256 << 20

// maxParts bounds the machines and the runs of a result.
const maxParts = 1000

// Read reads a result from result.json or from its folder. Its error names the file.
func Read(path string) (*Result, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, Name)
	}
	r, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	return r, nil
}

func read(path string) (*Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxSize {
		return nil, fmt.Errorf("more than %d MiB are no result", MaxSize>>20)
	}
	return Parse(text)
}

// Parse reads the text of a result.json.
func Parse(text []byte) (*Result, error) {
	var head struct {
		Tool   string
		Schema int
	}
	switch err := json.Unmarshal(text, &head); {
	case err != nil:
		return nil, fmt.Errorf("not a result of stompbench: %w", err)
	case head.Tool != "stompbench":
		return nil, errors.New("not a result of stompbench")
	case head.Schema != Schema:
		return nil, fmt.Errorf("its schema is %d and this stompbench reads %d: use the one that wrote it", head.Schema, Schema)
	}
	r := new(Result)
	err := json.Unmarshal(text, r)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	return r, nil
}

// check returns an error if an assumption of the rest of the program does not hold.
func (r *Result) check() error {
	p := &r.Plan
	switch n := max(len(r.Machines), len(r.RunIDs)); {
	case r.Series.Step == 0:
		return errors.New("it has no series: what --json writes is a summary, and --out writes the result")
	case n > maxParts:
		return fmt.Errorf("it is of %d machines or runs, at most %d are possible", n, maxParts)
	case p.Producers < 0 || p.Consumers < 0 || !(p.WarmupSec >= 0 && p.WarmupSec < 1e9) || p.RatePerSec < 0 || p.SizeBytes < 0:
		return errors.New("its plan has numbers below 0, or a warm-up without end")
	case len(r.Machines) == 0 || r.StartedAt.IsZero():
		return errors.New("it does not say where and when")
	}
	for kind, h := range r.Histograms {
		if !kind.Valid() || h.HDR.Empty() {
			return fmt.Errorf("histograms.%.40q is unknown or empty", kind)
		}
	}
	return nil
}
