// Package interop tests the client with real brokers: one suite of tests, run against the broker of
// this module, RabbitMQ, ActiveMQ and Artemis, over each driver. It contains only tests.
//
//	interop/brokers.sh start
//	make interop
//
// The embedded broker is always available. The others are found by the environment variables
// STOMPWIRE_RABBITMQ_URI, STOMPWIRE_ACTIVEMQ_URI and STOMPWIRE_ARTEMIS_URI; tests skip a broker
// whose variable is not set. With STOMPWIRE_REQUIRE_BROKERS=1 a missing RabbitMQ or ActiveMQ is a
// failure.
//
// Differences between brokers are in one table, dialects: tests ask the table, never the name.
// Every test has its own destinations and receives what it has sent, so runs may overlap and
// repeat. The empty queues stay until interop/brokers.sh reset.
//
// Tests import: conn, conn/dialect, broker, frame, writer, engine/link, engine/pump and
// internal/leaktest.
package interop
