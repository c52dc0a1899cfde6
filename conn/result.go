package conn

import "context"

// Result is the outcome of one send, to come. Safe for concurrent use.
type Result struct {
	seq     uint64
	done    chan struct{}
	outcome Outcome // set before done is closed
}

func (r *Result) settle(o Outcome) {
	r.outcome = o
	close(r.done)
}

// Seq returns the number of the send.
func (r *Result) Seq() uint64 { return r.seq }

// Done is closed when there is an outcome.
func (r *Result) Done() <-chan struct{} { return r.done }

// Wait waits for the outcome. The error is ctx.Err() if ctx ends first: the
// outcome is still to come then. What the outcome says is in its Status and Err.
func (r *Result) Wait(ctx context.Context) (Outcome, error) {
	select {
	case <-r.done:
		return r.outcome, nil
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
}
