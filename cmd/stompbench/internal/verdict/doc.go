// Package verdict determines what limited a run, by fixed rules, from measurements of the run: the
// broker, the network, the consumers, the generator itself, or the schedule. The first rule that
// applies decides:
//
//  1. Nothing was sent, or for less than 100 ms: unknown.
//  2. A rate was asked for, and kept: all messages that were due were sent except for the tolerance, at
//     least those due in 100 ms; with a count, in no more than that over the time that it takes at
//     that rate. Then the schedule was the limit. If messages still arrived long after the last was
//     sent (10 % of the time and half a second), or the backlog grew by 2 % of the rate or more, the
//     broker was; or the consumers, if their configured latency was 80 % or more of the time of the
//     busiest of their connections.
//  3. Flat out, messages still arrived long after the last was sent, and consumers were that slow:
//     the consumers, however fast the producers were.
//
// With a rate, the rules below do not look at the whole run, but at what explains the messages that
// are missing: the time for which producers were behind their schedule when they ended, since they
// were last on time. A broker may be fast for most of a run, and stop at its end.
//
//  4. This process did not run for half of that time, because it or its machine was stopped: the
//     generator. So it was if this process used 85 % or more of its processors, including the time
//     for which its threads were ready to run and had none because of other programs; but not for
//     want of those if a broker of its own held producers up for 90 % of the time. With an embedded
//     broker, client and broker share the process, and the verdict names both.
//  5. Producers were held up for half of their time or more, by a full receipt window or by a
//     connection that takes nothing more. If the window was full, and half of the receipts took at most
//     three times as long as the fastest, and that was a millisecond or more, the limit is the round
//     trip: the network; with a rate, only if the windows hold too few messages for it, since a broker
//     that stops leaves the receipts before that as they were. If consumers were as slow as in rule 3, it is the consumers. Otherwise it is
//     the broker.
//  6. One thread of this process used 90 % of the time or more: the generator.
//  7. Producers spent half of their time or more making messages: the generator.
//  8. A rate was asked for, and producers overslept half of the time or more: the generator, whose
//     timers are too coarse.
//  9. Otherwise the larger share decides: the broker, if window and connection held the producers up
//     for longer than making messages took; else the generator.
//
// A run is invalid when one of these rules blames the generator for a rate that was asked for and
// not kept.
//
// A network that is too narrow cannot be distinguished from a broker that reads too slowly, since
// both leave the connection full.
//
// Imports: the histo, load and workload packages of stompbench.
package verdict
