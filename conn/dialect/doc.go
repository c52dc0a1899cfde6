// Package dialect says what STOMP brokers do differently. STOMP leaves prefetch,
// durable subscriptions, persistence, expiry, the effect of NACK and much else to the
// broker; this package holds the answers of RabbitMQ, ActiveMQ, Artemis and the
// broker of this module as data. The client asks the table and contains no broker
// names of its own.
//
// A [Dialect] describes one broker. [Of] finds it by the server header of CONNECTED,
// and [Broker.Dialect] by name.
//
// A [Hint] asks for something that each broker writes with other headers. Hints are
// values: the client keeps them and makes the headers again for each connection, so
// the same hints serve a client that fails over from one broker to another.
//
// The package reads no clock, does no I/O and keeps no state. Imports: frame for
// headers and versions, parser for tolerances.
package dialect
