package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

const helpHead = `stompbench sends load to a STOMP broker and tells what became of every message.

  stompbench [run] [flags]           send, receive, report; with no flags, against a broker of its own
  stompbench find [flags]            search for the highest rate that meets an SLO, and say how sure it is
  stompbench sweep --over FLAG=A,B   run once for each value of a flag, and put the results into one table
  stompbench failover [flags]        send at a steady rate while the broker restarts
  stompbench churn [flags]           open and close connections and subscriptions
  stompbench calibrate [--save]      measure what this machine can send at all
  stompbench broker [--listen ADDR]  run that broker alone, until ^C
  stompbench completion SHELL        write a completion script for bash, zsh or fish
  stompbench man                     write the manual page
  stompbench report DIR... [-o FILE] make the page of results again; several are laid over each other; --text for none
  stompbench compare A B             tell the difference between two sides of results from noise
  stompbench merge A B... -o DIR     one result of what several machines did at the same time, or as parts of one run
  stompbench schema                  print the JSON Schema of result.json
  stompbench version                 show the version

Each of them has its own --help.

  stompbench -r 20k                                  latency at a steady 20,000 messages a second
  stompbench -r 1k..50k:60s                          the rate grows from 1,000 to 50,000 in a minute
  stompbench -u stomp://guest:guest@localhost -z 1m  as fast as a RabbitMQ on this machine takes them
  stompbench -t /topic/prices -y 10 -r 1k            ten subscribers, each gets everything
  stompbench -r 20k -z 1m --out base                 keep the result: result.json, a page with plots, and more
  stompbench run -u stomp://host -x 0 --run-id n7 -o r   receive what others send: as run n7, as they do; then merge
  stompbench compare base new --fail-if 'from_due.p99>+10%' --fail-if 'lost>0'
  stompbench -r 20k --repeat 5                       five runs, and how far they lie apart
  stompbench -r 20k --interleave a.yaml,b.yaml       two scenarios in turn, and the difference between them
`

const helpTail = `
Each flag of run, find, sweep, failover and churn can also be set by an environment variable: STOMPBENCH_CONSUME_FROM
for --consume-from, and so on.
STOMPBENCH_PASSCODE holds a password that the URI leaves out. NO_COLOR turns colours off.

The result goes to standard output, everything else to standard error.
Exit codes: 0 all is well; 1 could not run; 2 wrong flags; 3 a message was lost, duplicated or corrupt;
4 the generator could not keep the --rate, or was what find ended at; 99 --slo not met, or a condition of compare --fail-if came true; 130 ^C.
`

// helpWidth is the width of the help.
const helpWidth = 110

// help prints the flags that are used most.
func (c *command) help() int {
	f, _ := newFlags()
	common := pflag.NewFlagSet("", pflag.ContinueOnError)
	common.SortFlags = false
	f.VisitAll(func(flag *pflag.Flag) {
		if _, ok := flag.Annotations[commonKey]; ok {
			common.AddFlag(flag)
		}
	})
	return c.print(helpHead + "\nFlags of run that are used most; --help-all shows all of them:\n\n" + common.FlagUsagesWrapped(helpWidth) + helpTail)
}

// helpAll prints all flags, in groups.
func (c *command) helpAll() int {
	f, _ := newFlags()
	var order []string
	groups := make(map[string]*pflag.FlagSet)
	f.VisitAll(func(flag *pflag.Flag) {
		name := flag.Annotations[groupKey][0]
		if groups[name] == nil {
			groups[name] = pflag.NewFlagSet("", pflag.ContinueOnError)
			groups[name].SortFlags = false
			order = append(order, name)
		}
		groups[name].AddFlag(flag)
	})
	var b strings.Builder
	for _, name := range order {
		fmt.Fprintf(&b, "\n%s:\n\n%s", name, groups[name].FlagUsagesWrapped(helpWidth))
	}
	fmt.Fprintf(&b, "\nMetrics of --slo, where p99 may be any percentile, max or mean:\n\n%s", report.Wrap(metrics(), 2, helpWidth))
	return c.print(helpHead + b.String() + helpTail)
}

// metrics lists the metrics that --slo can use.
func metrics() string { return strings.Join(metric.Names(), ", ") }
