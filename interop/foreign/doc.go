// Package foreign runs other people's STOMP clients, unchanged, against the embedded
// broker. For each client there is a small program in programs (Python, Ruby, Perl,
// JavaScript) or internal (Go), written as its users would write it. The tests start
// it once for each version of the protocol that the client speaks, with a broker of
// its own, and turn what it prints into subtests.
//
// What a program is told stands in its environment:
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
// "unsupported" is for what the client has no call for. What it does wrong is not for
// the program to say: it prints fail, and the table in clients_test.go knows which
// failures are the client's own, and what they look like.
//
// Programs do not check themselves alone. What they send is compared byte by byte on
// our side, and what they are to receive comes from there (partner_test.go);
// heart-beats are counted on the wire (tap_test.go).
//
// install.sh installs the clients. One that is missing skips its tests, or fails them
// if STOMPWIRE_REQUIRE_CLIENTS is set. docs/interop.md is made of the results:
//
//	go test . -update
package foreign
