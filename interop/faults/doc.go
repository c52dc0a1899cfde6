// Package faults breaks connections and kills brokers under the client, and records the outcome of
// every message. It contains only tests. docs/faults.md lists the faults and the counts.
//
//	go test ./...              the matrix of faults, and a storm of cuts
//	STOMPWIRE_KILLS=2 go test  also SIGKILL: each broker is killed so often, under load
//	make faults                all of it, briefly, with the race detector
//
// Connections go through toxiproxy, and through a proxy of this package for what toxiproxy cannot
// do: see cable. Protocol faults come from a scripted broker, see peer, or from the fault injection
// of the embedded broker. The brokers that are killed are separate instances, started by
// interop/brokers.sh on other ports.
//
// Whatever the fault: nothing that was confirmed is lost, repeated messages are marked, each call
// returns by its deadline, each connection and each client ends once and says why, and goroutines,
// pooled buffers and memory return to their initial level.
//
// It is a module of its own, because toxiproxy has many dependencies.
package faults
