package results

import (
	"fmt"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// Ledger is this process's side of the books: which messages it sent, which of them were confirmed,
// and which ones it received. It is for Merge.
type Ledger struct {
	Version int `json:"version"` // of the form of Book, see package ledger
	// Book is nil, and TooLarge is set, if it has too many pieces.
	Book     []byte `json:"book,omitempty"`
	TooLarge bool   `json:"too_large,omitempty"`
	// ListenedSec is when the process began to end its connections, since its start: a broker that stands
	// still can make that take seconds. 0 after a merge.
	ListenedSec float64 `json:"listened_s,omitempty"`
}

func newLedger(b *ledger.Book, listened time.Duration) *Ledger {
	if b == nil {
		return nil
	}
	packed, err := b.Pack()
	return &Ledger{Version: ledger.FormatVersion, Book: packed, TooLarge: err != nil, ListenedSec: listened.Seconds()}
}

// book reads the ledger of result number n.
func (l *Ledger) book(n int) (*ledger.Book, error) {
	switch {
	case l == nil:
		return nil, cannot("result %d has no ledger: run it again with this stompbench", n)
	case l.Version != ledger.FormatVersion:
		return nil, cannot("the ledger of result %d is of version %d, and this stompbench reads %d: use the one that wrote it",
			n, l.Version, ledger.FormatVersion)
	case l.TooLarge:
		return nil, cannot("the messages of result %d were too scattered for a ledger, so what was lost cannot be told: "+
			"send fewer, or have more destinations", n)
	}
	b, err := ledger.Unpack(l.Book)
	if err != nil {
		return nil, cannot("result %d: %v: give the file that stompbench wrote", n, err)
	}
	return b, nil
}

// unite closes the books of a run from the parts of all its processes. r has the sums of everything
// else.
func (r *Result) unite(all []*Result) error {
	books := make([]*ledger.Book, len(all))
	for i, part := range all {
		var err error
		if books[i], err = part.Ledger.book(i + 1); err != nil {
			return err
		}
	}
	if err := oneRun(all, books); err != nil {
		return err
	}
	early := leftEarly(all, books)
	united := ledger.Unite(books)
	for i, b := range books {
		if part, found := b.UnknownTo(united); found {
			return cannot("result %d has messages of a process (part %06x) whose result is not among these: "+
				"give those of all that sent, and a new --run-id for each run", i+1, part)
		}
	}
	if len(united.Sent) == 0 {
		return cannot("none of these sent anything: give the result of the process that did, too")
	}
	if r.Ledger = newLedger(united, 0); r.Ledger.TooLarge {
		return cannot("together, the messages are too scattered for a ledger, so what was lost cannot be told")
	}
	// The closed books replace the sums of the processes' counts.
	balance, foreign := united.Close()
	balance.Forgive(r.Count(metric.Corrupt))
	load.SetBooks(&r.Values, &balance)
	r.SetCount(metric.Foreign, r.Count(metric.Foreign)+foreign)
	r.Derive()
	r.Unset(metric.MaxBacklog)
	r.BooksOpen, r.United = false, true
	r.ExitCode = r.unitedCode(all)
	if n := balance.Unheard; n > 0 && !r.Partial {
		r.ExitCode, r.Partial = exit.Worst(r.ExitCode, exit.CannotRun), true
		r.Failure = fmt.Sprintf("%s, so %s had no receiver: give it a longer --drain-timeout", early, report.Plural(int(n), "message"))
	}
	return nil
}

// leftEarly marks the copies of the parts that stopped receiving while others still sent, because their
// --drain-timeout is shorter than a pause of the senders or of the broker. It describes the last to leave.
func leftEarly(all []*Result, books []*ledger.Book) (early string) {
	sender, sent, last := 0, time.Time{}, time.Time{}
	for i, r := range all {
		end := r.StartedAt.Add(inSeconds(r.Value(metric.SendingFrom) + r.Value(metric.Sending)))
		if r.Plan.Producers > 0 && end.After(sent) {
			sender, sent = i, end
		}
	}
	for i, r := range all {
		left := r.ends()
		if listened := r.Ledger.ListenedSec; listened > 0 {
			left = r.StartedAt.Add(inSeconds(listened))
		}
		if !left.Before(sent) {
			continue
		}
		for k := range books[i].Received {
			books[i].Received[k].Left = true
		}
		if len(books[i].Received) > 0 && left.After(last) {
			last = left
			before := report.Elapsed(sent.Sub(left).Round(100 * time.Millisecond))
			early = fmt.Sprintf("result %d stopped receiving %s before result %d stopped sending", i+1, before, sender+1)
		}
	}
	return early
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// oneRun returns why the results, which have the same run id, are not parts of one run.
func oneRun(all []*Result, books []*ledger.Book) error {
	senders, receivers := -1, -1
	sentBy := make(map[uint32]int)
	for i, r := range all {
		for _, p := range books[i].Sent {
			if j, twice := sentBy[p.Number]; twice {
				return cannot("results %d and %d are of the same process: give each once", j+1, i+1)
			}
			sentBy[p.Number] = i
		}
		p := &r.Plan
		switch {
		case p.Producers == 0:
		case senders < 0:
			senders = i
		case p.PublishTo != all[senders].Plan.PublishTo:
			return cannot("results %d and %d send to %s and %s: the parts of a run have the same --publish-to",
				senders+1, i+1, all[senders].Plan.PublishTo, p.PublishTo)
		}
		switch {
		case p.Consumers == 0:
		case receivers < 0:
			receivers = i
		default:
			if q := &all[receivers].Plan; p.ConsumeFrom != q.ConsumeFrom || p.Delivery != q.Delivery {
				return cannot("results %d and %d receive from %s (%s) and %s (%s): the parts of a run have the same --consume-from and --delivery",
					receivers+1, i+1, q.ConsumeFrom, q.Delivery, p.ConsumeFrom, p.Delivery)
			}
		}
	}
	return nil
}

// unitedCode returns the exit code of a run whose books are closed now. A part could not know what
// was lost, or whether the SLO was met, but it knows how it ended.
func (r *Result) unitedCode(all []*Result) (code int) {
	switch {
	case r.Failure != "" && r.Sum(metric.Duplicated, metric.Corrupt) == 0:
		return exit.CannotRun // messages that a broken connection did not deliver do not count as lost
	case r.Sum(metric.Lost, metric.Duplicated, metric.Corrupt) > 0:
		return exit.Integrity
	}
	for _, part := range all {
		if !slices.Contains([]int{exit.Integrity, exit.SLO}, part.ExitCode) {
			code = exit.Worst(code, part.ExitCode)
		}
	}
	return code
}
