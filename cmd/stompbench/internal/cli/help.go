package cli

import "fmt"

const helpHead = `stompbench sends load to a STOMP broker and tells what became of every message.

  stompbench [run] [flags]           send, receive, report; with no flags, against a broker of its own
  stompbench broker [--listen ADDR]  run that broker alone, until ^C
  stompbench version                 show the version

  stompbench -r 20k                                  latency at a steady 20,000 messages a second
  stompbench -u stomp://guest:guest@localhost -z 1m  as fast as a RabbitMQ on this machine takes them
  stompbench -t /topic/prices -y 10 -r 1k            ten subscribers, each gets everything

Flags of run:
`

const helpTail = `
Each flag can also be set by an environment variable: STOMPBENCH_CONSUME_FROM for --consume-from, and so on.
STOMPBENCH_PASSCODE holds a password that the URI leaves out. NO_COLOR turns colours off.

The result goes to standard output, everything else to standard error.
Exit codes: 0 all is well; 1 could not run; 2 wrong flags; 3 a message was lost, duplicated or corrupt; 130 ^C.
`

func (c *command) help() int {
	f, _ := newFlags()
	fmt.Fprint(c.stdout, helpHead, f.FlagUsagesWrapped(110), helpTail)
	return ExitOK
}
