package conn

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Listeners is a set of named listeners: values with one or more of the methods of
// [Listener]. What happens is told to all of them in the order of their names, one
// after the other, under no lock; a change holds from the next event on. The zero
// value is empty. Safe for concurrent use.
//
// The order of events is, of one connection:
//
//	OnConnecting → OnSend(CONNECT) → OnConnected → everything else →
//	OnDisconnecting → OnSend(DISCONNECT) → OnReceipt →
//	OnHeartBeatTimeout → OnReceiverLoopCompleted → OnDisconnected
//
// where what does not happen is left out. OnSend, OnConnecting and OnDisconnecting
// run on the goroutine of whoever calls, all others on the one that reads. One
// that blocks there stops the reading of that connection, not its heart-beats;
// one that panics is told to Config.OnPanic.
type Listeners struct {
	mu    sync.Mutex
	named map[string]any
	set   atomic.Pointer[listenerSet] // nil if there is nobody
}

// Set enters l under name, in place of who had that. It returns an error if l has
// none of the methods.
func (ls *Listeners) Set(name string, l any) error {
	if new(listenerSet).add(l) == 0 {
		return fmt.Errorf("stomp: %T has none of the methods of a listener", l)
	}
	ls.change(func() { ls.named[name] = l })
	return nil
}

// Remove removes the listener with this name.
func (ls *Listeners) Remove(name string) { ls.change(func() { delete(ls.named, name) }) }

// Get returns the listener with this name, nil if there is none.
func (ls *Listeners) Get(name string) any {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.named[name]
}

func (ls *Listeners) change(change func()) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.named == nil {
		ls.named = make(map[string]any)
	}
	change()
	if len(ls.named) == 0 {
		ls.set.Store(nil)
		return
	}
	set := new(listenerSet)
	for _, name := range slices.Sorted(maps.Keys(ls.named)) {
		set.add(ls.named[name])
	}
	ls.set.Store(set)
}

// now returns who is to be told of something that happens now, nil if nobody is.
func (ls *Listeners) now() *listenerSet {
	if ls == nil {
		return nil
	}
	return ls.set.Load()
}

// sends is now for who wants to know of frames that are sent.
func (ls *Listeners) sends() *listenerSet {
	if set := ls.now(); set != nil && len(set.onSend) > 0 {
		return set
	}
	return nil
}

// SetListener enters a listener to all connections, the present and those to come;
// see [Listeners].
func (cl *Client) SetListener(name string, l any) error { return cl.cfg.Conn.Listeners.Set(name, l) }

// RemoveListener removes the listener with this name.
func (cl *Client) RemoveListener(name string) { cl.cfg.Conn.Listeners.Remove(name) }

// Listener returns the listener with this name, nil if there is none.
func (cl *Client) Listener(name string) any { return cl.cfg.Conn.Listeners.Get(name) }
