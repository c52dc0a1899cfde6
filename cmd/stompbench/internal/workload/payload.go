package workload

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Payload is the content of bodies. The zero value is random bytes: they cannot be compressed, so no
// broker or disk looks faster than it is.
type Payload struct {
	text  string   // as ParsePayload reads it
	zeros float64  // share of each body that is zeros, which compress to nothing
	Files [][]byte // what is sent unchanged, in turn; nil: bodies are made
}

// mixed is how often random bytes and zeros alternate, so that every part of a body has its share.
const mixed = 64

// maxFiles bounds the memory for bodies from files, in bytes.
const maxFiles = 256 << 20

// ParsePayload reads random; zeros; text, which is as compressible as prose; random:0.3 for a share of
// random bytes; or @PATH for a file or the files of a directory, which it loads.
func ParsePayload(s string) (p Payload, err error) {
	share, partly := strings.CutPrefix(s, "random:")
	path, files := strings.CutPrefix(s, "@")
	p.text = s
	switch {
	case partly:
		random, wrong := Within("SHARE", 0.0, 1)(share)
		if wrong != nil {
			err = errors.New("write the share of random bytes from 0 to 1, such as random:0.3")
		}
		p.text, p.zeros = fmt.Sprintf("random:%v", random), 1-random
	case files:
		p.Files, err = loadFiles(path)
	case s == "zeros":
		p.zeros = 1
	case s != "random" && s != "text":
		err = errors.New("choose random, random:SHARE, zeros, text, or @FILE or @DIRECTORY")
	}
	return p, err
}

// String writes the payload as ParsePayload reads it.
func (p Payload) String() string { return cmp.Or(p.text, "random") }

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

// fill makes the content of a body, which is zeros.
func (p Payload) fill(body []byte, random *rand.ChaCha8) {
	if p.text == "text" {
		for at := 0; at < len(body); {
			at += copy(body[at:], words[random.Uint64()%uint64(len(words))])
			if at < len(body) {
				body[at] = " \n"[min(1, random.Uint64()%12/11)]
				at++
			}
		}
		return
	}
	for at := 0; at < len(body); at += mixed {
		part := body[at:min(at+mixed, len(body))]
		_, _ = random.Read(part[int(p.zeros*float64(len(part))):]) // never fails
	}
}
