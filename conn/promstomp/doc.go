// Package promstomp shows the counters of STOMP connections to Prometheus.
//
//	metrics := promstomp.NewCollector()
//	prometheus.MustRegister(metrics)
//	metrics.Add("orders", c)         // a *conn.Conn or a *conn.Client
//	metrics.AddProducer("orders", p)  // what became of its sends
//	metrics.AddConsumer("bills", co)  // what was dropped
//
// It reads Stats when it is scraped and costs the connection nothing in between. It
// is a module of its own, so that stompwire does not depend on Prometheus.
package promstomp
