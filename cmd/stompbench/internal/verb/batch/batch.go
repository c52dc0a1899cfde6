// Package batch makes several runs one after the other: those of run --repeat and run --interleave,
// and those of sweep. A [Batch] is a list of turns; each is one run of a [Side]. A run that fails
// does not stop the next ones.
//
// Imports: packages flags and verb, and the packages of stompbench that make a run and its report.
package batch

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
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
	*flags.Load        // with the common settings
	File        string // the common result in the folder
	Pause       time.Duration
	Sides       []*Side
	Turns       []*Turn
	Ended       bool // before the last turn was over
	// Observe wraps the function that gets the samples.
	Observe     func(func(*load.Sample)) func(*load.Sample)
	interrupted bool
}

// Dir returns the folder of a turn, "" if nothing is kept.
func (b *Batch) Dir(t *Turn) string {
	if b.Out == "" {
		return ""
	}
	return filepath.Join(b.Out, filepath.FromSlash(t.Folder))
}

// Prepare checks that all results can be written before the first run, and that there are no runs
// from another time.
func (b *Batch) Prepare() error {
	for _, s := range append([]*Side{{}}, b.Sides...) {
		dir := filepath.Join(b.Out, s.Name)
		if inner := verb.Below(dir); b.Out != "" && inner[0] != dir {
			return flags.Usage("%s holds results already, such as that in %s: name another folder", b.Out, inner[0])
		}
	}
	return verb.NewFolder(b.Out, b.File)
}

// Run makes the runs. It returns the exit code of the worst; the error, if there is not one result.
func (b *Batch) Run(ctx context.Context) (code int, err error) {
	for i, t := range b.Turns {
		if i > 0 {
			select {
			case <-time.After(b.Pause):
			case <-ctx.Done():
			}
		}
		if b.interrupted = b.interrupted || ctx.Err() != nil; b.interrupted || b.Ended {
			b.Ended = true
			break
		}
		b.Ended = !b.turn(ctx, t, i == len(b.Turns)-1)
	}
	if b.interrupted {
		code = verb.ExitInterrupted
	}
	made := false
	for _, t := range b.Turns {
		code, made = verb.Worst(code, t.ExitCode), made || t.Made
	}
	switch {
	case made:
		return code, nil
	case b.interrupted:
		return code, verb.Interrupted
	}
	return code, verb.Code(code)
}

// turn makes one run. It returns false if there can be no more: the first run could not start, nothing
// can be written, or the user interrupted it.
func (b *Batch) turn(ctx context.Context, t *Turn, last bool) (goOn bool) {
	l := *t.Side.Load // a run may complete its plan
	progress := b.Progress(b.Quiet)
	fmt.Fprintf(progress, "\n%s\n", t.Title)
	keep, err := verb.Record(b.Dir(t))
	if err != nil {
		return b.cannot(t, err, false)
	}
	result, err := CarryOut(ctx, b.Env, &l, b.Observe, keep, func(r load.Ready) string {
		if !t.First {
			return ""
		}
		return verb.Banner(&l.Plan, r, t.Side.Notes)
	})
	switch {
	case err != nil && ctx.Err() != nil:
		b.interrupted = true
		return false
	case err != nil:
		return b.cannot(t, err, !t.First)
	}
	rep := verb.Judge(&l, result, keep.Series())
	if t.Partial, t.ExitCode = rep.Partial, rep.ExitCode; t.ExitCode != verb.ExitOK {
		t.Trouble = Faults(rep)
	}
	if err := keep.Keep(io.Discard, rep); err != nil {
		return b.cannot(t, err, false)
	}
	t.Made, t.Result = true, rep
	if b.Out != "" {
		t.Result = rep.Summary()
	}
	fmt.Fprintf(progress, "  %s: %s\n", t.Title, line(rep))
	if t.Trouble != "" {
		fmt.Fprintf(b.Stderr, "stompbench: %s: %s\n", t.Title, t.Trouble)
	}
	if b.interrupted = result.Interrupted; b.interrupted {
		return false
	}
	if own := len(t.Side.Plan.Broker) == 0; !own && (result.Failure != nil || !result.Intact()) && !last {
		if err := verb.Drain(ctx, &l.Plan); err != nil && ctx.Err() == nil {
			fmt.Fprintf(b.Stderr, "stompbench: %s: what it left behind could not be cleared away: %s\n", t.Title, verb.Sentence(err))
		}
	}
	return true
}

// cannot records and prints why a turn has no result.
func (b *Batch) cannot(t *Turn, err error, goOn bool) bool {
	t.ExitCode, t.Trouble = verb.Worst(t.ExitCode, verb.ExitCannotRun), verb.Sentence(err)
	fmt.Fprintf(b.Stderr, "stompbench: %s: %s\n", t.Title, t.Trouble)
	return goOn
}

// TellPlan writes what the runs would do, after head.
func (b *Batch) TellPlan(planned any, head string) error {
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
	return b.Tell(b.JSON, planned, r.String)
}

// CarryOut runs a plan with the live table, against an embedded broker if it names none. hello makes
// the text before the table, once all are connected.
func CarryOut(ctx context.Context, env *verb.Env, l *flags.Load, observe func(func(*load.Sample)) func(*load.Sample), keep *verb.Keeper, hello func(load.Ready) string) (*load.Result, error) {
	own, err := verb.Embed(ctx, &l.Plan)
	if err != nil {
		return nil, err
	}
	defer verb.CloseOwn(own)
	progress := env.Progress(l.Quiet)
	view := live.New(progress, &l.Plan, live.Options(verb.ScreenOf(progress)))
	defer view.Close()
	show := view.Show
	if observe != nil {
		show = observe(show)
	}
	return verb.Run(ctx, load.Options{
		Plan:         &l.Plan,
		OnConnecting: func(done fmt.Stringer) { view.Starting(done) },
		OnReady: func(r load.Ready) {
			view.Close()
			fmt.Fprint(progress, hello(r))
		},
		OnSample: keep.Sample(show),
	})
}
