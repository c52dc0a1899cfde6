package pool

import "unsafe"

// An array of sizedPool keeps the counters of each aligned, also where the size of a
// pointer is no help: this does not compile if it does not.
var _ [0]struct{} = [unsafe.Sizeof(sizedPool{}) % 8]struct{}{}
