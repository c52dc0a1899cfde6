// Package wsconn makes a net.Conn of a WebSocket (RFC 6455), for the client in conn/ws and the
// server in broker/ws.
//
// STOMP does not depend on message boundaries: each Write becomes one message.
//
// Imports: github.com/coder/websocket, and nothing of this module.
package wsconn
