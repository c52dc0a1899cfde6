// Package coding compresses message bodies with gzip, zstd or s2 and names the coding in a
// content-encoding header. It is separate from conn, so that only programs that import it compile
// the libraries.
//
//	enc, err := coding.NewEncoder(coding.EncoderConfig{Coding: coding.Zstd})
//	err = enc.Send(ctx, c, "/queue/orders", body)
//
//	h := coding.Handler(handle, undecodable, 4<<20)
//	sub, err := c.Subscribe(ctx, "/queue/orders", h, conn.SubscribeOptions{})
//
// STOMP has no content-encoding: both ends have to agree on it. A receiver that does not know a
// coding gets the body as it came, with the header that names the coding.
//
// # Decompression bombs
//
// A few bytes can inflate to gigabytes. So [Decode] takes a limit and stops at it while it
// inflates; it does not trust the size that a body claims. The same limit holds between the codings
// of a chain. Besides its output, each call of Decode takes up to 8 MiB for s2, whose blocks are up
// to 4 MiB large, and less than 1 MiB for the others.
//
// # Memory
//
// Encoders, decoders and intermediate buffers are pooled. In steady state [Decode] into a slice
// with enough capacity, [Encoder.Send] and a [Handler] do not allocate for bodies of up to 1 MiB.
//
// Imports: conn, frame and pool, and github.com/klauspost/compress, which no other package may
// import.
package coding
