package run

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// summaryName is the file of the common summary of several runs, in the folder that contains
// theirs.
const summaryName = "summary.json"

// folder returns the folder with the runs of a side, which compare accepts as a side; "" if nothing
// is kept.
func (m *campaign) folder(s *side) string {
	if m.Out == "" {
		return ""
	}
	return filepath.Join(m.Out, s.name)
}

// dir returns the folder of a run. All numbers have the same number of digits, so that names sort
// by time.
func (m *campaign) dir(t *turn) string {
	if m.Out == "" {
		return ""
	}
	return filepath.Join(m.folder(t.side), fmt.Sprintf("run-%0*d", len(strconv.Itoa(m.repeat)), t.round))
}

// prepare checks that all results can be written before the first run, and that there are no runs
// from another time.
func (m *campaign) prepare() error {
	if m.Out == "" {
		return nil
	}
	if err := results.Prepare(m.Out); err != nil {
		return err
	}
	folders := []string{m.Out}
	for _, s := range m.sides {
		folders = append(folders, m.folder(s))
	}
	for _, dir := range slices.Compact(folders) {
		if inner := verb.Below(dir); inner[0] != dir {
			return flags.Usage("%s holds results already, such as that in %s: name another folder", m.Out, filepath.Dir(inner[0]))
		}
	}
	if _, err := os.Lstat(filepath.Join(m.Out, summaryName)); err == nil {
		return flags.Usage("%s holds a %s already: name another folder", m.Out, summaryName)
	}
	return nil
}

// read returns the results of a side in the order in which they were made.
func (m *campaign) read(s *side) (all []*results.Result, err error) {
	for _, t := range m.turns {
		switch {
		case t.side != s || !t.made:
		case t.result != nil:
			all = append(all, t.result)
		default:
			r, err := results.Read(m.dir(t))
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// keep writes the summary next to the folders of the runs.
func (m *campaign) keep(sum *summary) error {
	if m.Out == "" {
		return nil
	}
	var paths []string
	var runs []page.Run
	for i, s := range m.sides {
		at := 0
		for _, t := range m.turns {
			if t.side == s && t.made {
				paths = append(paths, m.dir(t))
				runs = append(runs, page.Run{Result: sum.results[i][at]})
				at++
			}
		}
	}
	for i, name := range verb.Names(paths) {
		runs[i].Name = name
	}
	for _, f := range []results.File{
		{Name: verb.PageName, Write: func(w io.Writer) error { return page.Write(w, runs) }},
		{Name: summaryName, Write: func(w io.Writer) error { return report.WriteObject(w, sum) }},
	} {
		if err := results.WriteFile(filepath.Join(m.Out, f.Name), f.Write); err != nil {
			return &results.FolderError{Dir: m.Out, Err: err}
		}
	}
	return nil
}
