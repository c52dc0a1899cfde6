// Package interop holds the client to real brokers: one suite of tests, run against the broker of this module, RabbitMQ,
// ActiveMQ and Artemis, over each driver. It has no code of its own.
//
//	interop/brokers.sh start
//	make interop
//
// The embedded broker is always there. The others are found by the environment variables STOMPWIRE_RABBITMQ_URI,
// STOMPWIRE_ACTIVEMQ_URI and STOMPWIRE_ARTEMIS_URI, and their tests skip where the variable is not set. With
// STOMPWIRE_REQUIRE_BROKERS=1 a missing RabbitMQ or ActiveMQ is a failure.
//
// What a broker does in its own way stands in one table, dialects, and nowhere else: a test asks the table, never the name.
// Every test has destinations of its own and takes from queues what it has put there, so runs may overlap and repeat. The
// empty queues stay until interop/brokers.sh reset.
//
// Tests imports: conn, conn/dialect, broker, frame, writer, engine/link, engine/pump and internal/leaktest.
package interop
