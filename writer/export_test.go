package writer

// The two ways to write plain lines, to hold them against each other.
var (
	PutPlainLines         = putPlainLines
	PutPlainLinesPortable = putPlainLinesPortable
)
