// Package promstomp exports the counters of STOMP clients to Prometheus.
//
//	metrics := promstomp.NewCollector()
//	prometheus.MustRegister(metrics)
//	metrics.Add("orders", c)         // a *conn.Client
//	metrics.AddProducer("orders", p) // the outcomes of a *conn.Producer
//	metrics.AddConsumer("bills", s)  // what a *conn.Subscription of Consume has dropped
//
// It reads Stats on each scrape and costs the client nothing in between. The number of messages
// that a producer has sent is the sum of its outcomes and of what is pending.
//
// The package is a module of its own, so that stompwire does not depend on Prometheus.
package promstomp
