// Package listen tells named listeners what happens to a client, as stomp.py does. A listener is
// any value with one or more of the methods of [Listener]. The set of listeners goes into
// conn.Config.Trace:
//
//	var listeners listen.Set
//	listeners.Set("print", listen.NewPrintingListener(os.Stdout))
//	c, err := conn.Dial(ctx, "broker:61613", &conn.Config{Trace: listeners.Trace})
//
// Ready-made listeners print ([PrintingListener]), count ([StatsListener]) and wait
// ([WaitingListener]).
//
// # Order
//
// The listeners of a set are told one after the other, in the order of their names. The events of
// one connection come in this order, where what does not happen is left out:
//
//	OnConnecting → OnSend (CONNECT) → OnConnected → everything else →
//	OnDisconnecting → OnSend (DISCONNECT) → OnReceipt →
//	OnHeartBeatTimeout → OnReceiverLoopCompleted → OnDisconnected
//
// # Concurrency
//
// A client has several connections, each read by its own goroutine, so a listener must be safe for
// concurrent use. OnSend runs on the goroutine of the sender, OnConnecting and OnDisconnecting on
// goroutines of the client. The other methods run on the goroutine that reads the connection, and
// block it for as long as they take. A listener may call the client, with the context that it gets
// if it gets one: calls that would wait for the same goroutine return conn.ErrWouldBlock.
//
// A listener that panics does not keep the others from being told, nor the client from going on. The
// client logs the panic to conn.Config.Logger, and the set tells it to each [EventListener]. If there
// is none, the set logs it to slog.Default().
//
// Imports: conn for events, frame for frames, and engine/link to tell a heart-beat timeout from
// other ends of a connection.
package listen
