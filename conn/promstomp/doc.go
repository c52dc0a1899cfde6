// Package promstomp shows the counters of STOMP connections to Prometheus.
//
//	metrics := promstomp.NewCollector()
//	prometheus.MustRegister(metrics)
//	metrics.Add("orders", c)
//
// It reads Stats when it is scraped and costs the connection nothing in between. It
// is a module of its own, so that stompwire does not depend on Prometheus.
package promstomp
