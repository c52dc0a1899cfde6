package foreign

import "slices"

// feature is one thing that every program tries, named as in its output.
type feature struct {
	name  string
	since string // version of the protocol
	what  string // for the table
}

var features = []feature{
	{"connect", "1.0", "connect with login; CONNECTED has the version asked for"},
	{"refused-login", "1.0", "a wrong passcode: ERROR, and the client says so"},
	{"text", "1.0", "send and receive text"},
	{"utf8", "1.0", "text beyond ASCII"},
	{"binary", "1.0", "every octet, NUL included, with content-length"},
	{"large", "1.0", "a body of 1 MiB"},
	{"headers", "1.0", "header values with colon, backslash, line breaks (LF since 1.1, CR in 1.2)"},
	{"backslash", "1.0", "header values with a backslash before n, r or c"},
	{"receipt", "1.0", "receipts of SUBSCRIBE and SEND"},
	{"topic", "1.0", "two subscriptions of a topic get a copy each"},
	{"ack-auto", "1.0", "mode auto: nothing comes again"},
	{"ack-client", "1.0", "mode client: an ACK covers what came before it"},
	{"ack-individual", "1.1", "mode client-individual: an ACK covers one message"},
	{"nack", "1.1", "NACK in modes client, for what came before it too, and client-individual: it comes again, marked"},
	{"commit", "1.0", "SEND in a transaction, COMMIT"},
	{"abort", "1.0", "SEND in a transaction, ABORT"},
	{"ack-transaction", "1.0", "ACK in a transaction, ABORT and COMMIT"},
	{"redelivery", "1.0", "the connection dies unacknowledged: it comes again, marked"},
	{"unsubscribe", "1.0", "after UNSUBSCRIBE nothing comes"},
	{"reply-to", "1.0", "a request answered over a temporary queue"},
	{"error", "1.0", "SEND without destination: ERROR, then the connection closes"},
	{"disconnect", "1.0", "DISCONNECT with receipt"},
	{"tls", "1.0", "TLS, certificate verified"},
	{"heart-beat", "1.1", "heart-beats both ways, counted on the wire"},
}

// beats is apart: it takes seconds of waiting, so it has a process of its own.
const beats = "heart-beat"

// featuresOf returns the names of what there is to try in a version.
func featuresOf(version string) (names []string) {
	for _, f := range features {
		if f.since <= version {
			names = append(names, f.name)
		}
	}
	return names
}

func isFeature(name string) bool {
	return slices.ContainsFunc(features, func(f feature) bool { return f.name == name })
}
