package session

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/pool"
)

var attackers = flag.Uint64("attackers", 1000, "sessions that TestAttack plays")

// attackLength is how many events a session has at most.
const attackLength = 120

// Whatever brokers, networks and applications do, in an order that makes sense or not: every
// call completes once, every send has one outcome, subscriptions end once, nothing is left
// over, and once the faults stop everything that is wanted works again.
func TestAttack(t *testing.T) {
	before := pool.InUse()
	for seed := range *attackers {
		a := newAttacker(seed)
		for range a.rng.IntN(attackLength) {
			a.play(a.next())
		}
		if faults := a.verdict(); len(faults) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, faults[0], shrink(a.lines, faults[0]))
		}
	}
	if n := pool.InUse() - before; n != 0 {
		t.Errorf("%d copies of messages were not released", n)
	}
}

// attacker makes up the events of one session.
type attacker struct {
	w     *world
	rng   *rand.Rand
	lines []string // as they were played
	made  int      // names that were given
}

func newAttacker(seed uint64) *attacker {
	a := &attacker{w: newWorld(), rng: rand.New(rand.NewPCG(seed, 1))}
	options := "client"
	for _, o := range []string{"one-connection", "no-reconnect", "addresses:2", "producers:2", "renew-for:5s", "renew-for:-1s", "attempts:-1", "attempts:2", "client-id:me"} {
		if a.rng.IntN(5) == 0 && !(o == "producers:2" && strings.Contains(options, "one-connection")) {
			options += " " + o
		}
	}
	a.play(options)
	a.play("broker " + pick(a, []string{"RabbitMQ/3.10.8", "ActiveMQ/5.17.2", "ActiveMQ-Artemis/2.44.0", "stompwire/1", "other/1"}))
	if a.rng.IntN(10) > 0 {
		a.play("start")
	}
	return a
}

func pick[T any](a *attacker, from []T) T { return from[a.rng.IntN(len(from))] }

// play plays a line, and checks what has to hold after each.
func (a *attacker) play(line string) {
	if _, err := a.w.step(line); err != nil {
		return // it makes no sense any more, in a session that was shrunk
	}
	a.lines = append(a.lines, line)
	a.w.check()
}

// next makes up a line.
func (a *attacker) next() string {
	n := a.rng.IntN(100)
	switch {
	case n < 15:
		return "+" + pick(a, []string{"1ms", "50ms", "100ms", "300ms", "1s", "3s", "12s", "40s"})
	case n < 60:
		if line := a.fromBroker(); line != "" {
			return line
		}
	}
	return a.fromApplication()
}

// fromBroker is something that happens to a connection.
func (a *attacker) fromBroker() string {
	var live []*wireEnd
	for _, name := range sortedNames(a.w.conns) {
		if end := a.w.conns[name]; !end.gone {
			live = append(live, end)
		}
	}
	if len(live) == 0 {
		return ""
	}
	end := pick(a, live)
	if end.conn.state == connDialing && a.rng.IntN(4) > 0 {
		return end.name + pick(a, []string{" < CONNECTED", " < CONNECTED", " < CONNECTED", " refused"})
	}
	switch n := a.rng.IntN(20); {
	case n < 12 && len(end.asked) > 0:
		at := 0
		if a.rng.IntN(4) == 0 {
			at = a.rng.IntN(len(end.asked))
		}
		name := end.asked[at]
		if a.rng.IntN(8) > 0 {
			end.asked = slices.Delete(end.asked, at, at+1)
		}
		if a.rng.IntN(6) == 0 {
			return fmt.Sprintf("%s < ERROR message:refused receipt-id:%s", end.name, name)
		}
		return fmt.Sprintf("%s < RECEIPT %s", end.name, name)
	case n < 13:
		return end.name + " < ERROR message:" + pick(a, []string{"nameless", "nameless", "nameless", "access_refused",
			`"No subscription found"`, `"No subscription found" "id='1'"`, `"Subscription not found"`, `"Subscription not found" "Message with id"`})
	case n < 14:
		return fmt.Sprintf("%s < ERROR message:cancelled subscription:%d", end.name, 1+a.rng.IntN(3))
	case n < 15:
		return fmt.Sprintf("%s < MESSAGE subscription:%d ack:m%d", end.name, 1+a.rng.IntN(3), a.rng.IntN(9))
	case n < 16:
		return fmt.Sprintf("%s < RECEIPT r%d", end.name, 1+a.rng.IntN(9))
	case n < 17:
		return end.name + pick(a, []string{" stalls", " flows", " < CONNECTED"})
	default:
		return end.name + pick(a, []string{" lost", " lost \"reset\""})
	}
}

// fromApplication is a call, or something odd.
func (a *attacker) fromApplication() string {
	p, s, tx, k := a.name("p", 3), a.name("s", 4), a.name("t", 3), a.name("k", 4)
	a.made++
	if _, ok := a.w.producers[p]; !ok {
		return "producer " + p + pick(a, []string{"", " redeliver", " redeliver", " redeliver in-order", " silent", " window:2", " redeliver timeout:2s", " timeout:1s", " every:5", " redeliver every:3", " max-bytes:2 redeliver"}) +
			pick(a, []string{"", "", ` "consumer"`, ` "isolated 1"`})
	}
	return pick(a, []string{
		"send " + p + ` "x"`, "send " + p + ` "x" "y"`, "send " + p + ` "x" "y" "z"`, "send " + p + ` "a" "b"`,
		"send " + p + ` "x"`, "flush " + p, "flush " + p + " to:2", "resend " + p, "resend " + p + " too-large",
		"stop " + p, "end " + p,
		"subscribe " + a.name("s", 1000) + " /queue/a" + pick(a, []string{"", " no-receipt", " ack:client", " durable:d", " id:7"}),
		"subscribe " + a.name("s", 1000) + " /queue/b",
		"unsubscribe " + s, "unsubscribe " + s, "unsubscribe " + s + " durable", "withdraw " + s,
		"confirm " + k + " /queue/a", "confirm " + k + " /queue/a in:" + tx, "plain /queue/a in:" + tx, "plain /queue/a",
		"begin " + tx, "commit " + tx, "abort " + tx, "request " + k + " /queue/r",
		"give-up confirm " + k, "give-up flush " + p, "give-up commit " + tx, "give-up request " + k,
		"give-up unsubscribe " + s, "give-up replies for " + k,
		"slow reports", "reports end", "slow resend", "slow resend off", "slow close", "slow close off",
		"slow effects", "effect", "effect", "effect", "slow effects off", "handler runs", "handler returns",
		a.rare("disconnect 5s"), a.rare("disconnect"), a.rare("close"), "start", "hurry 5s", "want",
	})
}

func (a *attacker) name(kind string, n int) string { return fmt.Sprint(kind, 1+a.rng.IntN(n)) }

func (a *attacker) rare(line string) string {
	if a.rng.IntN(4) > 0 {
		return "+1s"
	}
	return line
}

// verdict has the faults stop, and returns what is wrong.
func (a *attacker) verdict() []string {
	w := a.w
	if len(w.fault) == 0 {
		w.calm()
	}
	if len(w.fault) == 0 {
		w.checkWorks()
	}
	if len(w.fault) == 0 {
		w.finish()
	}
	return w.fault
}

// calmFor is the time within which everything works again: the longest pause, and a timeout.
const calmFor = 3 * time.Minute

// calm plays a broker that does everything it is asked for.
func (w *world) calm() {
	for _, line := range []string{"slow effects off", "slow resend off", "slow close off", "handler returns", "reports end"} {
		_, _ = w.step(line)
	}
	n := 0
	var calmed []string
	defer func() { w.said = calmed[max(0, len(calmed)-40):] }()
	step := func(line string) {
		said, _ := w.step(line)
		if len(said) > 0 || line != "+1s" {
			calmed = append(append(calmed, line), said...)
		}
	}
	for until := w.now + calmFor; w.now < until && len(w.fault) == 0; n++ {
		if n > 20*maxTicks {
			w.faultf("it goes round in circles")
			return
		}
		for _, name := range sortedNames(w.producers) { // what is under way goes on
			if p := w.producers[name]; p.resend != nil {
				w.resend(p, p.resend, 1<<30)
			}
		}
		answered := false
		for _, name := range sortedNames(w.conns) {
			end := w.conns[name]
			switch {
			case end.gone:
				continue
			case end.closed:
				step(name + " lost")
			case end.conn.state == connDialing:
				step(name + " < CONNECTED")
			case len(end.asked) > 0:
				receipt := end.asked[0]
				end.asked = end.asked[1:]
				step(name + " flows")
				step(name + " < RECEIPT " + receipt)
			default:
				continue
			}
			answered = true
		}
		if !answered {
			step("+1s")
		}
		w.check()
	}
}

// shrink leaves out lines as long as the fault stays, and returns the dialogue.
func shrink(lines []string, fault string) string {
	kind, _, _ := strings.Cut(fault, ":")
	fails := func(lines []string) bool {
		a := &attacker{w: newWorld()}
		for _, line := range lines {
			a.play(line)
		}
		return slices.ContainsFunc(a.verdict(), func(f string) bool { return strings.HasPrefix(f, kind) })
	}
	for again := true; again; {
		again = false
		for i := len(lines) - 1; i >= 0; i-- {
			shorter := slices.Delete(slices.Clone(lines), i, i+1)
			if fails(shorter) {
				lines, again = shorter, true
			}
		}
	}
	w, text := newWorld(), ""
	for _, line := range lines {
		said, _ := w.step(line)
		text += line + "\n"
		for _, reaction := range said {
			text += indent + reaction + "\n"
		}
	}
	w.calm()
	return text + "and then, among other things:\n" + strings.Join(w.said, "\n")
}
