package dialect

import "github.com/stompwire/stompwire/frame"

// added is how many header lines a broker may add to a message: destination,
// subscription, message-id, ack, content-length, redelivered, timestamp and so on.
const added = 32

// Limits returns limits within which every message fits that a broker in the table
// delivers by default. A client with smaller limits can be sent a message that it
// cannot take, again and again.
//
// They exceed [Dialect.Delivers] by what happens to a message on its way: brokers add
// header lines, and escaping can double the length of a line ("::" is sent as `\c\c`).
func Limits() frame.Limits {
	most := frame.Limits{}.WithDefaults()
	for i := range table {
		d := &table[i].Delivers
		most.Headers = max(most.Headers, d.Headers)
		most.HeaderLine = max(most.HeaderLine, d.HeaderLine)
		most.HeaderBlock = max(most.HeaderBlock, d.HeaderBlock)
		most.Body = max(most.Body, d.Body)
	}
	most.Headers += added
	most.HeaderLine *= 2
	most.HeaderBlock *= 2
	return most
}
