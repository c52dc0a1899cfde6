package flow

// Window bounds how many messages are in flight: sent by one goroutine, and counted by the gate
// when they arrive.
type Window struct {
	*Gate
	size int64
	sent int64
}

// NewWindow returns a window for size messages.
func NewWindow(size int64) *Window { return &Window{Gate: NewGate(), size: size} }

// Take waits until n more messages may be in flight and counts them. If the window is full it waits
// until half of it is free: a wake-up for each message would cost more than the message.
func (w *Window) Take(n int64) error {
	if w.sent+n-w.Count() > w.size {
		if err := w.Wait(w.sent + n - w.size/2); err != nil {
			return err
		}
	}
	w.sent += n
	return nil
}

// Full reports whether Take(1) would wait.
func (w *Window) Full() bool { return w.sent+1-w.Count() > w.size }

// Drain waits until everything has arrived.
func (w *Window) Drain() error { return w.Wait(w.sent) }
