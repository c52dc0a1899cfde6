package awake_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/internal/awake"
)

func TestDoubt(t *testing.T) {
	var d awake.Doubt
	for i, step := range []struct {
		lateBy time.Duration
		doubts bool
	}{
		{0, false},
		{-time.Second, false},
		{50 * time.Millisecond, false},
		{time.Minute, true},
		{0, false}, // punctual, so it is over
		{time.Second, true}, {time.Second, true}, {time.Second, true},
		{time.Second, false}, // there has to be an end
		{time.Second, true},  // of something else
	} {
		if more := d.More(step.lateBy); more > 0 != step.doubts {
			t.Errorf("step %d, late by %v: %v more", i, step.lateBy, more)
		}
	}
}

// A process that runs all the time has the timeouts of package context.
func TestTimeout(t *testing.T) {
	mine := errors.New("mine")
	type ctx = context.Context
	for name, c := range map[string]struct {
		outer func() (ctx, context.CancelFunc)
		d     time.Duration
		after time.Duration
		err   error
		cause error
	}{
		"its own":           {func() (ctx, context.CancelFunc) { return context.Background(), func() {} }, time.Minute, time.Minute, context.DeadlineExceeded, mine},
		"none":              {func() (ctx, context.CancelFunc) { return context.Background(), func() {} }, 0, 0, context.DeadlineExceeded, mine},
		"an earlier one":    {func() (ctx, context.CancelFunc) { return context.WithTimeout(context.Background(), time.Second) }, time.Minute, time.Second, context.DeadlineExceeded, context.DeadlineExceeded},
		"of an earlier one": {func() (ctx, context.CancelFunc) { return awake.WithTimeout(context.Background(), time.Second) }, time.Minute, time.Second, context.DeadlineExceeded, context.DeadlineExceeded},
		"cancelled while it runs": {func() (ctx, context.CancelFunc) {
			outer, cancel := context.WithCancel(context.Background())
			time.AfterFunc(3*time.Second, cancel)
			return outer, cancel
		}, time.Minute, 3 * time.Second, context.Canceled, context.Canceled},
		"cancelled before": {func() (ctx, context.CancelFunc) {
			outer, cancel := context.WithCancel(context.Background())
			cancel()
			return outer, cancel
		}, time.Minute, 0, context.Canceled, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				outer, stop := c.outer()
				defer stop()
				inner, cancel := awake.WithTimeoutCause(outer, c.d, mine)
				defer cancel()
				child, cancelChild := context.WithCancel(inner)
				defer cancelChild()
				if c.after > 0 && inner.Err() != nil {
					t.Error(inner.Err())
				}
				<-child.Done()
				if took := time.Since(began); took != c.after {
					t.Errorf("ended after %v, want %v", took, c.after)
				}
				for who, ctx := range map[string]context.Context{"context": inner, "child": child} {
					if ctx.Err() != c.err || context.Cause(ctx) != c.cause {
						t.Errorf("%s: %v, cause %v; want %v, cause %v", who, ctx.Err(), context.Cause(ctx), c.err, c.cause)
					}
				}
			})
		})
	}
}

func TestTimeoutThatIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := awake.WithTimeout(t.Context(), time.Minute)
		if at, ok := ctx.Deadline(); !ok || time.Until(at) != time.Minute {
			t.Errorf("deadline %v, %v", at, ok)
		}
		cancel()
		cancel()
		<-ctx.Done()
		time.Sleep(time.Hour)
		if ctx.Err() != context.Canceled || context.Cause(ctx) != context.Canceled {
			t.Errorf("%v, cause %v", ctx.Err(), context.Cause(ctx))
		}
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s awake.Silence
		for i, step := range []struct {
			pause time.Duration
			sign  bool
			want  time.Duration
		}{
			{0, false, 0},
			{10 * time.Millisecond, false, 10 * time.Millisecond},
			{100 * time.Millisecond, false, 110 * time.Millisecond},
			{time.Hour, false, 210 * time.Millisecond}, // nobody listened
			{time.Second, true, 0},
			{20 * time.Millisecond, false, 20 * time.Millisecond},
		} {
			time.Sleep(step.pause)
			if got := s.Look(step.sign); got != step.want {
				t.Errorf("step %d: %v of silence, want %v", i, got, step.want)
			}
		}
	})
}
