// Package verdict says what limited a run, by fixed rules, from what was measured
// while it ran: the broker, the way to it, the consumers, the generator itself, or the
// schedule that it was asked to keep. The first rule that applies decides:
//
//  1. Nothing was sent, or for less than 100 ms: nobody can tell.
//  2. A rate was asked for, and kept: all that was due was sent but for 1 %, and what
//     was due in the last 100 ms; with a count, in no more than 1 % and 100 ms over
//     the time that it takes at that rate. Then the schedule was the limit. If
//     messages were still coming in for long after the last was sent (10 % of the time
//     and half a second), the broker was; or the consumers, if what they were told to
//     take for each message was 80 % or more of the time of the busiest of their
//     connections.
//  3. Flat out, messages came in for long after the last was sent, to such consumers:
//     the consumers, for however fast the producers were.
//  4. This process used 85 % or more of the processors that it may use, counting the
//     time for which its threads were ready to run and had none because other
//     programs did: the generator. With an embedded broker, client and broker share
//     the process, and the verdict names both.
//  5. Producers were held up for half of their time or more, by a full receipt
//     window or by a connection that takes nothing more. With a full window, and
//     receipts of which half take no more than three times of what the quickest took,
//     and that a millisecond or more, the limit is the round trip: the network. If
//     consumers were as slow as in rule 3, it is them.
//     Otherwise it is the broker.
//  6. One thread of this process used 90 % of the time or more: the generator.
//  7. Producers spent half of their time or more making messages: the generator.
//  8. A rate was asked for, and the producers waited for their schedule for half of
//     the time or more: the generator, whose sleeps took too long.
//  9. Otherwise whoever held the producers up for longer: the broker, if window and
//     connection did for more of the time than making messages took; else the
//     generator.
//
// A run is invalid when one of these rules blames the generator for a rate that
// was asked for and not kept, and the run was to last for two seconds or more:
// shorter ones end before a hiccup of the machine averages out.
//
// What the rules cannot see: a network that is too narrow looks like a broker that
// reads too slowly, since both leave the connection full.
//
// Imports: the load and workload packages of stompbench.
package verdict
