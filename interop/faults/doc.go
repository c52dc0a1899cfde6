// Package faults breaks connections and kills brokers under the client, and keeps books of what becomes of the messages. It
// has no code of its own. docs/faults.md lists the faults and what was counted.
//
//	go test ./...              the matrix of faults, and a storm of cuts
//	STOMPWIRE_KILLS=2 go test  also SIGKILL: each broker is killed so often, under load
//	make faults                all of it, briefly, with the race detector
//
// Connections go through toxiproxy, and through a proxy of this package for what that cannot do: see cable. Faults of STOMP
// itself come from a broker played by hand, see peer, or from the faults that the embedded broker can be told to make. The
// brokers that are killed are instances of their own, started by interop/brokers.sh on other ports.
//
// Whatever the fault: nothing that was confirmed is lost, what comes twice is marked, each call returns by its deadline, each
// connection and each client ends once and says why, and goroutines, pooled buffers and memory are back to where they were.
//
// It is a module of its own, because toxiproxy has many dependencies.
package faults
