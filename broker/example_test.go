package broker_test

import (
	"bufio"
	"fmt"
	"net"

	"github.com/stompwire/stompwire/broker"
)

// A test starts a broker of its own on a free port, and stops it in the end.
func ExampleStart() {
	b, err := broker.Start(broker.Config{Users: map[string]string{"guest": "guest"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()

	nc, err := net.Dial("tcp", b.Addr().String()) // b.URI() is for STOMP clients
	if err != nil {
		fmt.Println(err)
		return
	}
	defer nc.Close()
	fmt.Fprint(nc, "CONNECT\naccept-version:1.2\nhost:test\nlogin:guest\npasscode:guest\n\n\x00")
	line, _ := bufio.NewReader(nc).ReadString('\n')
	fmt.Print(line)
	// Output: CONNECTED
}

// A broker without a port serves one end of a pipe: with testing/synctest, time
// itself can be made to jump.
func ExampleBroker_ServeConn() {
	b, err := broker.New(broker.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()

	near, far := net.Pipe()
	defer near.Close()
	b.ServeConn(far)
	fmt.Fprint(near, "STOMP\naccept-version:1.1\nhost:test\n\n\x00")
	r := bufio.NewReader(near)
	command, _ := r.ReadString('\n')
	version, _ := r.ReadString('\n')
	fmt.Print(command, version)
	// Output:
	// CONNECTED
	// version:1.1
}

// Stats tell what is going on, for example whether producers are slowed.
func ExampleBroker_Stats() {
	b, err := broker.Start(broker.Config{QueueBytes: 8 << 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	st := b.Stats()
	fmt.Println(st.Connections, st.StoredBytes, st.HeldProducers)
	// Output: 0 0 0
}
