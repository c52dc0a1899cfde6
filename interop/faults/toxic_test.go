package faults_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// toxics is a toxiproxy in front of one address. What is added to it takes effect on connections that are there and on new
// ones.
type toxics struct {
	t testing.TB
	p *toxiproxy.Proxy
}

// Directions, as toxiproxy calls them: from the client, and to it.
const (
	up   = "upstream"
	down = "downstream"
)

type attributes map[string]int

func startToxics(t testing.TB, target string) *toxics {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", target)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return &toxics{t, p}
}

func (p *toxics) addr() string { return p.p.Listen }

// add adds a toxic.
func (p *toxics) add(kind, direction string, a attributes) {
	p.t.Helper()
	text, err := json.Marshal(map[string]any{"name": kind + direction, "type": kind, "stream": direction, "attributes": a})
	if err == nil {
		_, err = p.p.Toxics.AddToxicJson(bytes.NewReader(text))
	}
	if err != nil {
		p.t.Errorf("toxic %s: %v", kind, err)
	}
}

// stop closes all connections and takes no more.
//
// There is no way to take a toxic off again: toxiproxy 2.12 waits for ever, with its lock held, for a toxic that has
// something to write to a connection that has just broken. For the same reason, add only while connections are well.
func (p *toxics) stop() { p.p.Stop() }
