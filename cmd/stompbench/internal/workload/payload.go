package workload

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Payload is the content of bodies.
type Payload struct {
	Kind  PayloadKind
	Share float64 // of Mixed: how much of it is random
	Path  string  // of Files
	Files [][]byte
}

// PayloadKind is the source of bodies.
type PayloadKind uint8

const (
	// Random bytes cannot be compressed, so no broker or disk looks faster than it is.
	Random PayloadKind = iota
	// Zeros compress to nothing.
	Zeros
	// Text is words in lines, as compressible as prose.
	Text
	// Mixed is random bytes for a share of each body, zeros for the rest.
	Mixed
	// Files are sent unchanged, in turn.
	Files
)

// mixed is how often random bytes and zeros alternate, so that every part of a body has its share.
const mixed = 64

// maxFiles bounds the memory for bodies from files, in bytes.
const maxFiles = 256 << 20

// names are those of the kinds that have nothing but a name.
var names = []string{"random", "zeros", "text"}

// ParsePayload reads random, zeros, text, random:0.3 for a share of random bytes,
// or @PATH for a file or the files of a directory, which it loads.
func ParsePayload(s string) (p Payload, err error) {
	if i := slices.Index(names, s); i >= 0 {
		return Payload{Kind: PayloadKind(i)}, nil
	}
	if path, ok := strings.CutPrefix(s, "@"); ok {
		files, err := loadFiles(path)
		return Payload{Kind: Files, Path: path, Files: files}, err
	}
	text, ok := strings.CutPrefix(s, "random:")
	if !ok {
		return p, errors.New("choose random, random:SHARE, zeros, text, or @FILE or @DIRECTORY")
	}
	share, err := ParseShare(text)
	if err != nil {
		return p, errors.New("write the share of random bytes from 0 to 1, such as random:0.3")
	}
	return Payload{Kind: Mixed, Share: share}, nil
}

// String writes the payload as ParsePayload reads it.
func (p Payload) String() string {
	switch p.Kind {
	case Mixed:
		return fmt.Sprintf("random:%v", p.Share)
	case Files:
		return "@" + p.Path
	}
	return names[p.Kind]
}

// loadFiles reads a file, or the regular files of a directory.
func loadFiles(path string) (files [][]byte, err error) {
	paths := []string{path}
	if entries, err := os.ReadDir(path); err == nil {
		paths = nil
		for _, e := range entries {
			if e.Type().IsRegular() {
				paths = append(paths, filepath.Join(path, e.Name()))
			}
		}
	}
	left := maxFiles
	for _, name := range paths {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read it: %w: name a file or a directory that exists", err)
		}
		data, err := io.ReadAll(io.LimitReader(f, int64(left)+1)) // a device may have no end
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("cannot read it: %w: name another", err)
		}
		if left -= len(data); left < 0 {
			return nil, fmt.Errorf("the files have more than %d MiB: choose fewer or smaller ones", maxFiles>>20)
		}
		files = append(files, data)
	}
	if files == nil {
		return nil, errors.New("there is no file in it: name another directory, or a file")
	}
	return files, nil
}

var words = strings.Fields(`the a of and to in is that for it as was with be by on not he this are or his from at
	which but have an had they you were their one all we can her has there been if more when will would who so no
	order price queue broker customer total item shipped pending reference invoice account status update`)

// fill makes the content of a body.
func (p Payload) fill(body []byte, random *rand.ChaCha8) {
	switch p.Kind {
	case Random:
		_, _ = random.Read(body) // never fails
	case Mixed:
		for at := 0; at < len(body); at += mixed {
			part := body[at:min(at+mixed, len(body))]
			_, _ = random.Read(part[:int(p.Share*float64(len(part)))])
		}
	case Text:
		for at := 0; at < len(body); {
			at += copy(body[at:], words[random.Uint64()%uint64(len(words))])
			if at < len(body) {
				body[at] = " \n"[min(1, random.Uint64()%12/11)]
				at++
			}
		}
	}
}
