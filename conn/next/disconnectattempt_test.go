package conn_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stompwire/stompwire/conn/next"
)

// A client that is still dialling can be disconnected.
func TestDisconnectDuringAnAttempt(t *testing.T) {
	dialling := make(chan struct{}, 8)
	cl, err := conn.New("127.0.0.1:1", &conn.Config{DialFunc: func(ctx context.Context, _, _ string) (net.Conn, error) {
		dialling <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := cl.Connect(now); !errors.Is(err, conn.ErrNotConnected) {
		t.Errorf("Connect: %v", err)
	}
	<-dialling
	if err := cl.Disconnect(context.Background()); err != nil {
		t.Errorf("Disconnect: %v", err)
	}
	<-cl.Done()
}
