package broker_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// chaos are clients that do anything that frames allow, and some things that they do not, with small bounds, and know
// of each other's messages.
type chaos struct {
	b    *broker.Broker
	mu   sync.Mutex
	seen []*received // the latest MESSAGE frames of all of them
}

// Whatever clients do to each other, in whatever order: the broker serves others, its books come out even, and every
// message that is left can be had.
func TestHostileChaos(t *testing.T) {
	before := pool.InUse()
	b := start(t, broker.Config{
		QueueBytes: 256 << 10, StoredBytes: 4 << 20, WriteTimeout: 10 * time.Second, MaxDestinations: 300, MaxUnacked: 20, MaxRedeliveries: 1,
		MaxSubscriptions: 8, MaxTransactions: 3, TransactionBytes: 64 << 10,
	})
	check := served(t, b)
	faults, err := broker.Shares(7, broker.Share{Fault: broker.Delay(time.Millisecond), Of: 0.05}, broker.Share{Fault: broker.Defer(2 * time.Millisecond), Of: 0.05},
		broker.Share{Fault: broker.Duplicate, Of: 0.05}, broker.Share{Fault: broker.Redeliver, Of: 0.05}, broker.Share{Fault: broker.Lose, Of: 0.01},
		broker.Share{Fault: broker.Drop, Of: 0.01}, broker.Share{Fault: broker.Freeze(time.Millisecond), Of: 0.01}, broker.Share{Fault: broker.Cut, Of: 0.005})
	if err != nil {
		t.Fatal(err)
	}
	b.Inject(func(session uint64, f *frame.Frame) broker.Fault {
		if session == 1 { // the session that is served
			return broker.Fault{}
		}
		return faults(session, f)
	})
	ch := &chaos{b: b}
	var clients sync.WaitGroup
	for seed := range uint64(8) {
		clients.Go(func() { ch.client(rand.New(rand.NewPCG(seed, 8)), versions[seed%3], 1500) })
	}
	clients.Wait()
	b.Inject(nil)
	check()

	// The frames of the sessions that were held up are read once their queues have room.
	drains := 0
	for names := range slices.Chunk(ch.names(), 8) {
		drain := connect(t, b, "1.2")
		drain.discard()
		for i, name := range names {
			drain.write(fmt.Sprintf("SUBSCRIBE\nid:%d\ndestination:%s\n\n^@", i, name))
		}
		drains++
	}
	last := connect(t, b, "1.2") // reads what the ended sessions have refused
	last.discard()
	for session := range b.Stats().Accepted {
		for _, name := range []string{"/temp-queue/@%d/mine", "/temp-topic/@%d/mine", "/temp-queue/@%d/-"} {
			last.write("SUBSCRIBE\nid:1\ndestination:DLQ." + fmt.Sprintf(name, session) + "\n\n^@UNSUBSCRIBE\nid:1\n\n^@")
		}
	}
	var st broker.Stats
	defer func() { t.Logf("%+v", st) }()
	waitFor(t, func() bool {
		st = b.Stats()
		return st.Connections == 2+drains && st.StoredBytes == 0 && st.HeldProducers == 0 && st.Destinations == 1+len(ch.names())
	})
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	waitFor(t, func() bool { return pool.InUse() <= before })
}

var chaoticNames = []string{"/queue/a", "/queue/b", "a", "/topic/a", "/topic/b", "/queue/c*", "/queue/-", "/queue/DLQ.a", "DLQ.b", "/", "c>", "/queue//topic/a", "a\\nb\\cc"}

// names are all that can hold something when all clients are gone.
func (ch *chaos) names() (all []string) {
	for _, name := range chaoticNames {
		all = append(all, name)
		if rest, found := strings.CutPrefix(name, "/queue/"); found {
			all = append(all, "/queue/DLQ."+rest)
		} else {
			all = append(all, "DLQ."+name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// client sends n frames, on as many connections as it takes.
func (ch *chaos) client(rnd *rand.Rand, version string, n int) {
	for n > 0 {
		nc, err := net.Dial("tcp", ch.b.Addr().String())
		if err != nil {
			return
		}
		p := &chaotic{chaos: ch, rnd: rnd, version: version, modes: map[int]string{}, open: map[int]bool{},
			over: make(chan struct{}), synced: make(chan struct{}, 1)}
		go p.listen(nc)
		_, _ = nc.Write(wire("CONNECT\naccept-version:" + version + "\nhost:h\n\n^@"))
		for life := rnd.IntN(400); n > 0 && life > 0 && !p.isOver(); n, life = n-1, life-1 {
			_ = nc.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)) // it may be held up for good
			if _, err := nc.Write(wire(p.frame())); err != nil || life%20 == 0 && !p.sync(nc) {
				break
			}
		}
		if rnd.IntN(2) == 0 { // the others would have what they have sent read in the end
			_ = nc.(*net.TCPConn).SetLinger(0)
		}
		nc.Close()
		<-p.over
	}
}

// chaotic is one connection of a client.
type chaotic struct {
	*chaos
	rnd     *rand.Rand
	version string
	modes   map[int]string // ack modes of subscriptions, by id
	open    map[int]bool   // transactions
	over    chan struct{}  // closed when nothing more comes
	synced  chan struct{}  // what was sent has been handled

	mine []*received // MESSAGE frames; guarded by chaos.mu
}

func (p *chaotic) isOver() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

// sync waits, not for long, until what was sent has been handled.
func (p *chaotic) sync(nc net.Conn) bool {
	_, _ = nc.Write(wire("SEND\ndestination:/topic/none\nreceipt:sync\n\n^@"))
	select {
	case <-p.synced:
		return true
	case <-p.over:
	case <-time.After(100 * time.Millisecond):
	}
	return false
}

// listen reads until the connection ends, and remembers messages.
func (p *chaotic) listen(nc net.Conn) {
	defer close(p.over)
	c := &client{nc: nc, r: bufio.NewReader(nc), wait: patience}
	for {
		m, err := c.read()
		if err != nil || m.command == "ERROR" {
			return
		}
		if m.get("receipt-id") == "sync" {
			select {
			case p.synced <- struct{}{}:
			default:
			}
		}
		if m.command == "MESSAGE" {
			p.mu.Lock()
			p.seen = append(p.seen[max(0, len(p.seen)-50):], m)
			p.mine = append(p.mine, m)
			p.mu.Unlock()
		}
	}
}

// message returns one to be settled: as a rule the earliest of its own that is not.
func (p *chaotic) message() *received {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rnd.IntN(300) == 0 && len(p.seen) > 0 {
		return p.seen[p.rnd.IntN(len(p.seen))] // may belong to any session
	}
	for len(p.mine) > 0 {
		m := p.mine[0]
		p.mine = p.mine[1:]
		var id int
		_, _ = fmt.Sscan(m.get("subscription"), &id)
		if mode := p.modes[id]; mode != "" && mode != "auto" {
			return m
		}
	}
	return nil
}

// frame returns the next frame, which is seldom one that is refused.
func (p *chaotic) frame() string {
	rnd := p.rnd
	wrong := rnd.IntN(300) == 0
	receipt := ""
	if rnd.IntN(3) == 0 {
		receipt = "receipt:r\n"
	}
	tx := ""
	if k := rnd.IntN(3); p.open[k] || wrong {
		tx = fmt.Sprintf("transaction:%d\n", k)
	}
	switch rnd.IntN(16) {
	case 0, 1:
		id, mode := rnd.IntN(8), []string{"auto", "client", "client-individual"}[rnd.IntN(3)]
		if p.modes[id] != "" && !wrong {
			break
		}
		p.modes[id] = mode
		prefetch := []string{"", "", "prefetch-count:1\n", "activemq.prefetchSize:2147483647\n", "prefetch-count:0\n"}[rnd.IntN(5)]
		return fmt.Sprintf("SUBSCRIBE\nid:%d\ndestination:%s\nack:%s\n%s%s\n^@", id, p.destination(true), mode, prefetch, receipt)
	case 2:
		id := rnd.IntN(8)
		if p.modes[id] == "" && !wrong {
			break
		}
		delete(p.modes, id)
		return fmt.Sprintf("UNSUBSCRIBE\nid:%d\n%s\n^@", id, receipt)
	case 3, 4:
		k := rnd.IntN(3)
		verb := "BEGIN"
		if p.open[k] != wrong {
			verb = []string{"COMMIT", "ABORT"}[rnd.IntN(2)]
		}
		p.open[k] = verb == "BEGIN"
		return fmt.Sprintf("%s\ntransaction:%d\n%s\n^@", verb, k, receipt)
	case 5, 6, 7, 8, 9, 10:
		if m := p.message(); m != nil {
			verb := "ACK"
			if p.version != "1.0" && rnd.IntN(2) == 0 {
				verb = "NACK"
			}
			return settle(verb, p.version, m, tx+receipt)
		}
	case 11:
		if wrong {
			return "DISCONNECT\nreceipt:d\n\n^@"
		}
		return "\n\n\n"
	}
	extra := []string{"", "", "priority:9\n", "priority:x\n", "expires:1\n", "expires:-1\n", "expires:99999999999999999999\n", "reply-to:/temp-queue/x\n",
		"x:" + strings.Repeat("h", 5000) + "\n", "redelivered:true\n"}[rnd.IntN(10)]
	return fmt.Sprintf("SEND\ndestination:%s\n%s%s%s\n%s^@", p.destination(wrong), extra, tx, receipt, strings.Repeat("x", rnd.IntN(300)))
}

func (p *chaotic) destination(own bool) string {
	if p.rnd.IntN(5) == 0 {
		names := []string{"/temp-queue/mine", "/temp-topic/mine", "/temp-queue/-"}
		if !own {
			names = append(names, fmt.Sprintf("/temp-queue/@%d/mine", p.rnd.IntN(100)), "/temp-queue/@", "/temp-topic/@1x/y")
		}
		return names[p.rnd.IntN(len(names))]
	}
	name := chaoticNames[p.rnd.IntN(len(chaoticNames))]
	if p.version == "1.0" && strings.Contains(name, "\\") {
		return "/queue/a" // where there are no escapes that would be another one
	}
	return name
}
