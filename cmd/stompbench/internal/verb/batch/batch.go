// Package batch makes runs: the one of run, or several one after the other for run --repeat, run
// --interleave and sweep. A [Batch] is a list of turns; each is one run of a [Side]. A run that fails
// does not stop the next ones.
//
// Imports: packages flags and verb, and the packages of stompbench that make a run and its report.
package batch

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// Side is a load that has turns, possibly with others in between.
type Side struct {
	*flags.Load
	Name  string   // "" if it is the only one
	Title string   // for people
	Notes []string // on its plan
}

// NewSide returns the side with the common flags of all sides and what set adds to them. add declares
// the flags.
func NewSide(title string, common *pflag.FlagSet, seed uint64, add func(*flags.Set) *flags.Load, set func(*pflag.FlagSet) error) (*Side, error) {
	f := flags.New(pflag.NewFlagSet("", pflag.ContinueOnError))
	s := &Side{Load: add(f), Title: title}
	s.Plan.Seed = seed // the same messages for all
	if err := flags.Replay(f.FlagSet, common); err != nil {
		return nil, err
	}
	err := set(f.FlagSet)
	if err != nil {
		return nil, err
	}
	if s.Notes, err = s.Complete(f.FlagSet); err != nil {
		return nil, fmt.Errorf("%s: %w", title, err)
	}
	return s, nil
}

// Turn is one run of several, as the summary has it.
type Turn struct {
	Scenario string `json:"scenario"` // the name of the side
	Folder   string `json:"folder"`   // relative to that of the batch; "" if nothing is kept
	Made     bool   `json:"made"`     // there is a result, whole or partial
	Partial  bool   `json:"partial"`
	ExitCode int    `json:"exit_code"`
	Trouble  string `json:"trouble,omitempty"` // why the exit code is not 0

	Side  *Side  `json:"-"`
	Title string `json:"-"`
	// First: the batch ends if the run cannot start, and its plan is shown.
	First bool `json:"-"`
	// Result has no data if it was written to the folder: data that stays in memory from run to run
	// would change how often the garbage collector runs.
	Result *results.Result `json:"-"`
}

// Batch is several runs one after the other.
type Batch struct {
	*verb.Env
	*flags.Load // with the common settings
	Pause       time.Duration
	Sides       []*Side
	Turns       []*Turn
	OnSample    func(*load.Sample) // may be nil
	Ended       bool               // before the last turn was over
}

// Dir returns the folder of a turn, "" if nothing is kept.
func (b *Batch) Dir(t *Turn) string {
	if b.Out == "" {
		return ""
	}
	return filepath.Join(b.Out, filepath.FromSlash(t.Folder))
}

// Text describes what the runs would do, after head.
func (b *Batch) Text(head string) string {
	var r verb.Rows
	r.WriteString(head)
	for _, s := range b.Sides {
		switch {
		case s.Name != "":
			fmt.Fprintf(&r, "\n%s, by %s:\n", s.Name, s.Title)
		case s.Title != "":
			fmt.Fprintf(&r, "\n  %s\n", s.Title)
		}
		r.Planned(&s.Plan, s.Notes)
	}
	return r.String()
}

// Prepare checks that all results, and file with what they have in common, can be written before the
// first run, and that there are none from another time.
func (b *Batch) Prepare(file string) error {
	for _, s := range append([]*Side{{}}, b.Sides...) {
		dir := filepath.Join(b.Out, s.Name)
		if inner := verb.Below(dir); b.Out != "" && inner[0] != dir {
			return flags.Usage("%s holds results already, such as that in %s: name another folder", b.Out, inner[0])
		}
	}
	return results.Prepare(b.Out, file)
}

// Run makes the runs. It returns the exit code of the worst; the error, if there is not one result.
func (b *Batch) Run(ctx context.Context) (code int, err error) {
	made := false
	for i, t := range b.Turns {
		if i > 0 {
			select {
			case <-time.After(b.Pause):
			case <-ctx.Done():
			}
		}
		b.Ended = ctx.Err() != nil || !b.turn(ctx, t)
		code, made = exit.Worst(code, t.ExitCode), made || t.Made
		if b.Ended {
			break
		}
	}
	interrupted := b.Ended && ctx.Err() != nil
	switch {
	case interrupted && made:
		return exit.Worst(code, exit.Interrupted), nil
	case made:
		return code, nil
	case interrupted:
		return 0, verb.Interrupted
	}
	return 0, verb.Code(code)
}

// turn makes one run. It returns false if there can be no more: the first run could not start, its
// result cannot be written, or the user interrupted it.
func (b *Batch) turn(ctx context.Context, t *Turn) (goOn bool) {
	progress := b.Progress(b.Quiet)
	fmt.Fprintf(progress, "\n%s\n", t.Title)
	r, err := b.Make(ctx, t.Side, b.Dir(t), t.First)
	switch {
	case r == nil && ctx.Err() != nil:
		return false
	case r == nil:
		return b.cannot(t, err, !t.First)
	}
	t.Partial, t.ExitCode = r.Partial, r.ExitCode
	if err != nil {
		return b.cannot(t, err, false)
	}
	t.Made, t.Result = true, r
	if b.Out != "" {
		t.Result = r.Summary()
	}
	fmt.Fprintf(progress, "  %s: %s\n", t.Title, line(r))
	if t.ExitCode != exit.OK {
		t.Trouble = Faults(r)
		b.complain(t, t.Trouble)
	}
	if ctx.Err() != nil {
		return false
	}
	if last := t == b.Turns[len(b.Turns)-1]; !last && !t.Side.Plan.Embedded && (r.Failure != "" || r.Sum(metric.Lost, metric.Duplicated, metric.Corrupt) > 0) {
		if err := verb.Drain(ctx, &t.Side.Plan); err != nil && ctx.Err() == nil {
			b.complain(t, "what it left behind could not be cleared away: "+verb.Sentence(err))
		}
	}
	return true
}

// cannot records and prints why a turn has no result.
func (b *Batch) cannot(t *Turn, err error, goOn bool) bool {
	t.ExitCode, t.Trouble = exit.Worst(t.ExitCode, exit.CannotRun), verb.Sentence(err)
	b.complain(t, t.Trouble)
	return goOn
}

func (b *Batch) complain(t *Turn, trouble string) {
	fmt.Fprintf(b.Stderr, "stompbench: %s: %s\n", t.Title, trouble)
}

// Make makes one run of a side, against an embedded broker if it names none, with the live table, after
// the plan if banner is set; judges it, and keeps its files in dir. Without dir there are no files, and
// the result of a run that is the only one has no data. With a result, the error says that it could not
// be written.
func (b *Batch) Make(ctx context.Context, side *Side, dir string, banner bool) (*results.Result, error) {
	if err := results.Prepare(dir); err != nil {
		return nil, err
	}
	var recorder *series.Series
	if dir != "" || len(b.Turns) > 0 {
		recorder = series.New()
	}
	l := *side.Load // without the embedded broker
	own, err := verb.Embed(ctx, &l.Plan)
	if err != nil {
		return nil, err
	}
	defer verb.CloseOwn(own)
	progress := b.Progress(b.Quiet)
	view := live.New(progress, &l.Plan, live.Options(verb.ScreenOf(progress)))
	defer view.Close()
	res, err := verb.Run(ctx, load.Options{
		Plan:         &l.Plan,
		OnConnecting: view.Starting,
		OnReady: func(r load.Ready) {
			view.Close()
			if banner {
				fmt.Fprint(progress, verb.Banner(&l.Plan, &r, side.Notes))
			}
		},
		OnSample: func(s *load.Sample) {
			if recorder != nil {
				recorder.Add(s)
			}
			if b.OnSample != nil {
				b.OnSample(s)
			}
			view.Show(s)
		},
	})
	if err != nil {
		return nil, err
	}
	r := verb.Judge(&l, res, recorder)
	if dir != "" {
		err = verb.WriteFolder(dir, r)
	}
	return r, err
}
