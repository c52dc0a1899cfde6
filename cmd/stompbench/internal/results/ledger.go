package results

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
)

// Ledger is this process's side of the books: which messages it sent, which of them were confirmed,
// and which ones it received. It is for Merge.
type Ledger struct {
	Version int `json:"version"` // of the form of Book, see package ledger
	// Book is nil, and TooLarge is set, if it has too many pieces.
	Book     []byte `json:"book,omitempty"`
	TooLarge bool   `json:"too_large,omitempty"`
}

func newLedger(b *ledger.Book) *Ledger {
	packed, err := b.Pack()
	return &Ledger{Version: ledger.FormatVersion, Book: packed, TooLarge: err != nil}
}

// book reads the ledger of result number n. The error is a [*MergeError].
func (r *Result) book(n int) (*ledger.Book, error) {
	switch l := r.Ledger; {
	case l == nil:
		return nil, cannot("result %d has no ledger: run it again with this stompbench", n)
	case l.Version != ledger.FormatVersion:
		return nil, cannot("the ledger of result %d is of version %d, and this stompbench reads %d: use the one that wrote it", n, l.Version, ledger.FormatVersion)
	case l.TooLarge:
		return nil, cannot("the messages of result %d were too scattered for a ledger, so what was lost cannot be told: send fewer, or have more destinations", n)
	}
	b, err := ledger.Unpack(r.Ledger.Book)
	if err != nil {
		return nil, cannot("result %d: %v: give the file that stompbench wrote", n, err)
	}
	return b, nil
}
