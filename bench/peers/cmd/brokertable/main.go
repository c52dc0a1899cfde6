// Command brokertable measures real STOMP brokers with stompbench and prints the table of
// BENCHMARKS.md: one row for each window, body size, persistence and ack mode. For some of them it
// also measures go-stomp with the same load, and hand-written bytes, to compare the processor time
// of the client per message.
//
//	go build -o stompbench ../../cmd/stompbench
//	go run ./cmd/brokertable -stompbench ./stompbench RabbitMQ=stomp://guest:guest@127.0.0.1:61613/ ...
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 2 && peers[os.Args[1]] != nil {
		if err := peerMain(peers[os.Args[1]], os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	bench := flag.String("stompbench", "stompbench", "the stompbench `binary`")
	duration := flag.Duration("z", 4*time.Second, "how long each row sends")
	only := flag.String("only", "", "measure one of `rates`, cpu; both if empty")
	flag.Parse()
	if flag.NArg() == 0 {
		log.Fatal("brokertable: name the brokers: NAME=URI ...")
	}
	t := tables{bench: *bench, duration: *duration}
	for _, arg := range flag.Args() {
		name, uri, ok := strings.Cut(arg, "=")
		if !ok {
			log.Fatalf("brokertable: %q is not NAME=URI", arg)
		}
		t.brokers = append(t.brokers, target{name, uri})
	}
	if *only != "cpu" {
		t.rates(os.Stdout)
	}
	if *only != "rates" {
		t.cpu(os.Stdout)
	}
}

// target is a broker.
type target struct{ Name, URI string }

type tables struct {
	bench    string
	duration time.Duration
	brokers  []target
	runs     int
}

// load is the parameters of one row.
type load struct {
	URI        string
	Queue      string
	Pairs      int // producers, each with a consumer and a queue of its own; 0 is 1
	Window     int // receipts outstanding of each; 0 asks for none
	Size       int
	Persistent bool
	Ack        string
	Coalesce   time.Duration // between stompbench's reads; the others have no such option
	Procs      int           // GOMAXPROCS of all; 0 leaves it alone
	Duration   time.Duration
}

// queue returns the name of a queue that no earlier row has used.
func (t *tables) queue() string {
	t.runs++
	return fmt.Sprintf("/queue/brokertable-%d-%d", os.Getpid(), t.runs)
}

// rates prints the rate of each broker with each load.
func (t *tables) rates(out io.Writer) {
	fmt.Fprintln(out, "| broker | window | body | persistent | ack | sent/s | received/s | lost | confirm p50 | p99 | from send p50 | p99 | CPU per message |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, b := range t.brokers {
		for _, l := range rows() {
			l.URI, l.Queue, l.Duration = b.URI, t.queue(), t.duration
			r, err := runStompbench(t.bench, l)
			if err != nil {
				log.Fatalf("brokertable: %s: %v", b.Name, err)
			}
			fmt.Fprintf(out, "| %s | %d | %s | %s | %s | %s | %s | %d | %s | %s | %s | %s | %s |\n",
				b.Name, l.Window, size(l.Size), yes(l.Persistent), l.Ack,
				count(r.Rates.Sent), count(r.Rates.Received), r.Totals.Lost,
				micros(r.Latency.Confirm.P50), micros(r.Latency.Confirm.P99),
				micros(r.Latency.FromSend.P50), micros(r.Latency.FromSend.P99), micros(r.Process.CPUNsPerMsg))
		}
	}
	fmt.Fprintln(out)
}

// rows combines window, size and persistence, and adds the ack modes to the middle ones.
func rows() (all []load) {
	for _, persistent := range []bool{false, true} {
		for _, size := range []int{128, 4 << 10, 64 << 10} {
			for _, window := range []int{1, 10, 100, 1000} {
				all = append(all, load{Window: window, Size: size, Persistent: persistent, Ack: "auto"})
			}
		}
	}
	for _, persistent := range []bool{false, true} {
		for _, ack := range []string{"client", "client-individual"} {
			all = append(all, load{Window: 100, Size: 128, Persistent: persistent, Ack: ack})
		}
	}
	return all
}

// cpu prints what the same load costs a process with stompwire, one with go-stomp, and one that
// writes its bytes by hand. They take turns, so that all run under the same conditions.
func (t *tables) cpu(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| broker | load\t| stompbench\t| go-stomp\t| ratio\t| by hand\t| ratio\t| rates\t|")
	fmt.Fprintln(w, "|---|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, b := range t.brokers {
		for _, row := range []struct {
			name string
			load load
		}{
			{"no receipts, 128 B, ack auto", load{Window: 0, Size: 128, Ack: "auto"}},
			{"no receipts, 128 B, ack client-individual", load{Window: 0, Size: 128, Ack: "client-individual"}},
			{"no receipts, 4 KiB, ack auto", load{Window: 0, Size: 4 << 10, Ack: "auto"}},
			{"receipts one at a time, 128 B, ack auto", load{Window: 1, Size: 128, Ack: "auto"}},
			{"50 pairs, receipts one at a time, 128 B, ack auto", load{Pairs: 50, Window: 1, Size: 128, Ack: "auto"}},
			{"receipts, window 1000 (go-stomp: one at a time)", load{Window: 1000, Size: 128, Ack: "auto"}},
			{"no receipts, 128 B, ack auto, reads 3 ms apart", load{Window: 0, Size: 128, Ack: "auto", Coalesce: 3 * time.Millisecond}},
			{"receipts, window 1000, GOMAXPROCS=1 for all", load{Window: 1000, Size: 128, Ack: "auto", Procs: 1}},
			{"receipts, window 1000, reads 3 ms apart", load{Window: 1000, Size: 128, Ack: "auto", Coalesce: 3 * time.Millisecond}},
		} {
			var ours, theirs, bare []result
			for range 3 {
				row.load.URI, row.load.Duration = b.URI, t.duration
				ours = append(ours, t.must(b, row.load, func(l load) (result, error) { return runStompbench(t.bench, l) }))
				theirs = append(theirs, t.must(b, row.load, func(l load) (result, error) { return runPeer("go-stomp", l) }))
				bare = append(bare, t.must(b, row.load, func(l load) (result, error) { return runPeer("raw", l) }))
			}
			o, p, r := median(ours), median(theirs), median(bare)
			fmt.Fprintf(w, "| %s | %s\t| %s\t| %s\t| 1/%.1f\t| %s\t| 1/%.1f\t| %s/s, %s/s, %s/s\t|\n", b.Name, row.name,
				micros(o.Process.CPUNsPerMsg), micros(p.Process.CPUNsPerMsg), p.Process.CPUNsPerMsg/o.Process.CPUNsPerMsg,
				micros(r.Process.CPUNsPerMsg), p.Process.CPUNsPerMsg/r.Process.CPUNsPerMsg,
				count(o.Rates.Received), count(p.Rates.Received), count(r.Rates.Received))
		}
	}
	w.Flush()
}

// must measures a load on a new queue.
func (t *tables) must(b target, l load, measure func(load) (result, error)) result {
	l.Queue = t.queue()
	r, err := measure(l)
	if err != nil {
		log.Fatalf("brokertable: %s: %v", b.Name, err)
	}
	return r
}

// result is the part of stompbench's JSON that the tables need. The peer writes
// the same.
type result struct {
	Totals struct {
		Sent     uint64 `json:"sent"`
		Received uint64 `json:"received"`
		Lost     uint64 `json:"lost"`
	} `json:"totals"`
	Rates struct {
		Sent     float64 `json:"sent_per_s"`
		Received float64 `json:"received_per_s"`
	} `json:"rates"`
	Latency struct {
		Confirm  percentiles `json:"confirm"`
		FromSend percentiles `json:"from_send"`
	} `json:"latency_ns"`
	Process struct {
		CPUNsPerMsg float64 `json:"cpu_ns_per_message"`
	} `json:"process"`
}

type percentiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

func decode(out []byte) (r result, err error) { return r, json.Unmarshal(out, &r) }
