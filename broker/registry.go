package broker

import (
	"errors"
	"sync"
)

var (
	errTooManyDestinations = errors.New("too many destinations")
	errTooManyOfConnection = errors.New("too many destinations of one connection")
)

// registry finds destinations by name. Its mutex comes before those of the
// destinations. A SEND needs it only when its session's last SEND went elsewhere.
type registry struct {
	mu     sync.RWMutex
	byName map[string]*destination
	last   uint64 // number of the newest destination
	past   counts // of destinations that are gone
}

// find returns the destination with this name, nil if there is none.
func (r *registry) find(name []byte) *destination {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byName[string(name)]
}

// maker counts the existing destinations that a session has made. It outlives the session, as they
// do. Guarded by the registry's mutex.
type maker struct{ made int }

// get returns the destination with this name and makes it if there is none. by is the maker of the
// session that needs it.
func (r *registry) get(b *Broker, name []byte, by *maker) (*destination, error) {
	if d := r.find(name); d != nil {
		return d, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := r.byName[string(name)]; d != nil {
		return d, nil
	}
	if len(r.byName) >= b.cfg.MaxDestinations {
		return nil, errTooManyDestinations
	}
	if by.made >= b.cfg.MaxDestinationsPerConnection {
		return nil, errTooManyOfConnection
	}
	by.made++
	r.last++
	d := &destination{b: b, name: string(name), number: r.last, by: by, seq: newCounter()}
	d.topic = isTopicName(d.name)
	r.byName[d.name] = d
	return d, nil
}

// tidy removes d if it is idle.
func (r *registry) tidy(d *destination) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isIdle() {
		r.remove(d)
	}
}

// destroy removes d with everything that it holds. Its subscriptions have ended.
func (r *registry) destroy(d *destination) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for from := d.front(); from != nil; from = d.front() {
		m := from.take()
		d.waitingBytes -= int(m.size)
		d.drop(m)
	}
	r.remove(d)
}

// remove removes d. Both mutexes are held.
func (r *registry) remove(d *destination) {
	if d.gone {
		return
	}
	d.gone = true
	d.by.made--
	d.flow.stop(d)
	delete(r.byName, d.name)
	r.past.add(&d.counts)
}

// clear releases all memory, once all sessions have ended.
func (r *registry) clear() {
	r.mu.RLock()
	all := make([]*destination, 0, len(r.byName))
	for _, d := range r.byName {
		all = append(all, d)
	}
	r.mu.RUnlock()
	for _, d := range all {
		r.destroy(d)
	}
}
