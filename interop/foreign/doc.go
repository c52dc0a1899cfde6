// Package foreign runs other STOMP clients, unchanged, against the embedded broker. For each client
// there is a small program in programs (Python, Ruby, Perl, JavaScript) or internal (Go), written
// as its users would write it. The tests start it once for each version of the protocol that the
// client supports, with a new broker, and turn its output into subtests.
//
// The environment of a program:
//
//	STOMP_OVER              TCP, or WebSocket, with the path /ws
//	STOMP_HOST, STOMP_PORT  the broker; login guest, passcode guest
//	STOMP_TLS_PORT          the same broker behind TLS, STOMP_CA the file with its authority
//	STOMP_BEAT_PORT         the same broker once more, where heart-beats are counted
//	STOMP_BEAT              how often to send and to expect them, in milliseconds
//	STOMP_VERSION           1.0, 1.1 or 1.2: what to ask for
//	STOMP_FEATURES          what to try, with blanks between
//
// It prints one line for each feature:
//
//	ok NAME
//	fail NAME WHY
//	unsupported NAME WHY
//
// "unsupported" means that the client has no call for the feature. If the client does something
// wrong, the program prints fail; the table in clients_test.go lists the known failures of clients
// and their output.
//
// Programs are also checked from outside. Their output is compared byte by byte on our side, the
// messages that they receive come from there (partner_test.go), and heart-beats are counted on the
// wire (tap_test.go).
//
// install.sh installs the clients. The tests of a missing client are skipped, or fail if
// STOMPWIRE_REQUIRE_CLIENTS is set. docs/interop.md is generated from the results:
//
//	go test . -update
package foreign
