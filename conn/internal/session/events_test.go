package session

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// event plays a line that is not about time.
func (w *world) event(l *line) error {
	if l.word(0) == "client" {
		return w.newClient(l)
	}
	if end, ok := w.conns[l.word(0)]; ok {
		return w.connEvent(end, l)
	}
	if end := w.conns[fmt.Sprint("c", w.c.lastConn)]; end != nil && l.word(0) == "newest" {
		return w.connEvent(end, l)
	}
	play, ok := events[l.word(0)]
	if !ok {
		return fmt.Errorf("unknown event %q", l.word(0))
	}
	play(w, l)
	return nil
}

// events are those that are not of a connection, by their first word. They are a table of
// functions rather than a switch so that the README can be checked against it.
var events map[string]func(w *world, l *line)

func init() {
	events = map[string]func(w *world, l *line){
		"start":  func(w *world, _ *line) { w.c.Start(w.now) },
		"hurry":  func(w *world, l *line) { w.c.Hurry(w.now + parseDuration(l.word(1))) },
		"broker": func(w *world, l *line) { w.server = l.word(1) },
		"want":   func(w *world, l *line) { w.c.Want(w.slot(l), w.now) },
		"state":  func(w *world, _ *line) { w.say("%v", w.c.State()) },

		"producer": (*world).producerEvent, "send": (*world).sendEvent, "flush": (*world).flushEvent,
		"stop": (*world).stopEvent, "end": (*world).endEvent, "tally": (*world).tallyEvent,
		"resend": (*world).resendEvent, "reports": (*world).reportsEvent,

		"subscribe": (*world).subscribeEvent, "unsubscribe": (*world).unsubscribeEvent,
		"withdraw": (*world).withdrawEvent, "ack": (*world).ackEvent,

		"confirm": (*world).confirmEvent, "streamed": (*world).streamedEvent, "plain": (*world).plainEvent, "give-up": (*world).giveUpEvent,
		"request": (*world).requestEvent,
		"begin":   (*world).beginEvent, "commit": (*world).commitEvent, "abort": (*world).commitEvent,

		"effect":  (*world).effectEvent,
		"handler": (*world).handlerEvent, "slow": (*world).slowEvent,
		"disconnect": (*world).disconnectEvent,
		"close":      func(w *world, _ *line) { w.c.Close(w.now) },
	}
}

func parseDuration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		fail("%v", err)
	}
	return d
}

// doubling pauses for 100ms, 200ms, 400ms and so on, up to 10 s.
type doubling struct{}

func (doubling) Pause(n int, _ float64) time.Duration {
	return min(100*time.Millisecond<<min(max(n, 1)-1, 20), 10*time.Second)
}

type closedError struct{ cause error }

func (e *closedError) Error() string {
	if e.cause == nil {
		return "client closed"
	}
	return "client closed: " + e.cause.Error()
}

func (e *closedError) Unwrap() error { return e.cause }

var errProducerClosed = errors.New("producer closed")

// newClient reads the options of a client.
func (w *world) newClient(l *line) error {
	if w.c != nil {
		return errors.New("there is a client already")
	}
	cfg := Config{
		Addresses: l.number("addresses", 1), Randomize: l.has("randomize"),
		Attempts: l.number("attempts", 0), Backoff: doubling{}, NoReconnect: l.has("no-reconnect"),
		FirstAttempts: l.number("first-attempts", 0), GiveUpAfter: l.duration("give-up-after", 0),
		Producers: l.number("producers", 1), OneConnection: l.has("one-connection"),
		Versions: frame.AllVersions, ReceiveScale: 3, Host: "/",
		UseStomp:       l.has("stomp"),
		ConnectTimeout: l.duration("connect-timeout", 10*time.Second),
		ReceiptTimeout: l.duration("receipt-timeout", 30*time.Second),
		RenewFor:       l.duration("renew-for", time.Minute),
		Disconnecting:  errors.New("disconnecting"), ProducerClosed: errProducerClosed,
		Closed: func(cause error) error { return &closedError{cause} },
		Seed:   uint64(l.number("seed", 1)),
	}
	cfg.ClientID, _ = l.option("client-id")
	if s, ok := l.option("versions"); ok {
		cfg.Versions = 0
		for v := range strings.SplitSeq(s, ",") {
			cfg.Versions |= frame.VersionsOf(frame.ParseVersion(v))
		}
	}
	if s, ok := l.option("heart-beat"); ok {
		var err error
		if cfg.HeartBeat, err = frame.ParseHeartBeat(s); err != nil {
			return err
		}
	}
	if n := l.number("local", 0); n > 0 {
		cfg.Local = make([]bool, cfg.Addresses)
		cfg.Local[n-1] = true
	}
	if name, ok := l.option("broker"); ok {
		cfg.Broker = dialect.Of(name).Broker
	}
	w.c = New(cfg)
	return nil
}

func (w *world) slot(l *line) *Slot {
	name := l.text()
	for _, s := range w.c.Slots() {
		if s.Name == name {
			return s
		}
	}
	if name == "" {
		return w.c.Slots()[0]
	}
	fail("there is no slot %q", name)
	return nil
}

// connEvent is something that happens to a connection.
func (w *world) connEvent(end *wireEnd, l *line) error {
	switch l.word(1) {
	case "<":
		return w.frameFrom(end, l)
	case "dialled":
		cmd, fields := w.c.ConnectFrame(end.conn.Slot, Credentials{})
		w.write(end, show(cmd.String(), fields, ""))
	case "stalls":
		end.stalled = true
	case "flows":
		end.stalled, end.written = false, end.frames
	case "lost", "refused":
		cause := errEOF
		if text := l.text(); text != "" {
			cause = errors.New(text)
		}
		end.written -= l.number("unwritten", 0)
		if end.closed {
			cause = end.cause
		}
		w.lose(end, cause)
	case "agreed?":
		p := &end.conn.Protocol
		w.say("%s: version %v, %s, heart-beat %v, sends every %v, hears within %v",
			end.name, p.Version, p.Dialect.Name, p.HeartBeat, p.SendEvery, p.HearEvery)
	default:
		return fmt.Errorf("unknown event %q of a connection", l.word(1))
	}
	return nil
}

func (w *world) effectEvent(*line) {
	if len(w.queue) > 0 {
		w.carryOutOne()
	}
}

func (w *world) handlerEvent(l *line) {
	w.busy = l.has("runs")
	if !w.busy && w.quiesce {
		w.quiet()
	}
}

func (w *world) slowEvent(l *line) {
	on := !l.has("off")
	switch l.word(1) {
	case "reports":
		w.slowReports = on
	case "resend":
		w.slowResend = on
	case "close":
		w.slowClose = on
	case "effects":
		w.wasLazy = true
		if w.lazy = on; !on {
			w.carryOutAll()
		}
	default:
		fail("slow what?")
	}
}

func (w *world) disconnectEvent(l *line) {
	deadline := never
	if d := l.word(1); d != "" {
		deadline = w.now + parseDuration(d)
	}
	w.c.Disconnect(w.call("disconnect"), deadline, w.now)
}

// leftOver looks for what an ended client must not keep.
func (w *world) leftOver() {
	c := w.c
	if c.Err() == nil {
		w.faultf("the client does not end")
	}
	for call, label := range w.open {
		w.faultf("%s never completes (%+v)", label, call.Kind)
	}
	if len(c.calls) > 0 {
		w.faultf("%d calls are left over", len(c.calls))
	}
	for _, end := range w.conns {
		if end.conn.owed != 0 {
			w.faultf("%s still owes %d answers", end.name, end.conn.owed)
		}
	}
	if len(c.subs) > 0 {
		w.faultf("%d subscriptions are left over", len(c.subs))
	}
	if len(c.txs) > 0 {
		w.faultf("%d transactions are left over", len(c.txs))
	}
	for _, name := range sortedNames(w.producers) {
		w.checkProducer(w.producers[name])
		p := w.producers[name]
		if p.p.copied != 0 || p.p.open != 0 {
			w.faultf("%s: %d open, %d bytes of copies are left over", name, p.p.open, p.p.copied)
		}
		for seq := range p.p.last {
			if n := p.outcomes[seq+1]; n != 1 && !p.p.cfg.Silent {
				w.faultf("%s #%d has %d outcomes", name, seq+1, n)
			}
		}
	}
}

func (w *world) checkProducer(p *wireProducer) {
	if p.p.low > p.p.last || p.p.copied < 0 || p.p.open < 0 || p.p.last-p.p.low > p.p.size {
		w.faultf("%s: low %d, last %d, open %d, %d bytes", p.name, p.p.low, p.p.last, p.p.open, p.p.copied)
	}
}
