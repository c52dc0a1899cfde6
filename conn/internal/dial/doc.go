// Package dial reads the addresses of a client, puts them in order, and connects to
// one of them, up to the point where STOMP starts.
//
//   - [Parse] reads a URI, host:port or a failover list into a [Plan].
//   - [Plan.Targets] checks the addresses and marks those of this machine.
//     [Plan.Order] puts them in the order of the next round.
//   - [Options.Reach] makes one connection to one address: TCP or a Unix socket, then
//     TLS, then WebSocket.
//   - [Backoff.Pause] computes the pause between two rounds.
//
// The package does not decide when to dial, how often, or for how long to pause, and
// it knows no sessions. It has no random numbers: the caller passes them in.
//
// Addresses hold passcodes. Neither their printed form nor any error shows one.
//
// Imports: frame for the versions that a WebSocket offers; net and crypto/tls.
package dial
