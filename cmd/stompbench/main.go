// Command stompbench sends load to a STOMP broker and reports the outcome of every message. Without
// a broker to send to it starts one:
//
//	go run ./cmd/stompbench
//
// See stompbench --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

func main() {
	// The first ^C ends the run in an orderly way. After it we stop catching it, so the second one
	// ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
