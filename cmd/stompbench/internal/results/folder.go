package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Name is the file that contains everything.
const Name = "result.json"

// cannotWrite says why a result cannot be written to a folder.
func cannotWrite(dir string, err error) error {
	return fmt.Errorf("cannot write results to %s: %w: name a folder that can be written", dir, reason(err))
}

// reason removes what a path error repeats.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Prepare makes the folder and checks that a result can be written to it and that it contains none, nor
// any of the named files. Without dir it does nothing.
func Prepare(dir string, files ...string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return cannotWrite(dir, err)
	}
	for _, name := range append(files, Name) {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return workload.Refuse("%s holds a %s already: name another folder, or remove it from there", dir, name)
		}
	}
	probe, err := os.CreateTemp(dir, ".stompbench-*")
	if err != nil {
		return cannotWrite(dir, err)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// File is a file to be written, with its writer.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Write writes all files of the result, and more files, to a folder. result.json is written last: if
// it exists, all files do.
func (r *Result) Write(dir string, more ...File) error {
	files := []File{{"series.csv", r.WriteCSV}}
	for _, kind := range metric.Latencies() {
		_, measured := r.Histograms[kind]
		if measured || r.Series.Has(kind) {
			files = append(files, File{string(kind) + ".hlog", func(w io.Writer) error { return r.WriteLog(w, kind) }})
		}
		if measured { // five lines for each halving of the distance to 100 %
			files = append(files, File{string(kind) + ".hgrm", func(w io.Writer) error { return r.Histogram(kind).WritePercentiles(w, 5) }})
		}
	}
	files = append(files, more...)
	return WriteFiles(dir, append(files, File{Name, func(w io.Writer) error { return report.WriteObject(w, r) }})...)
}

// WriteFiles writes files to a folder, one after the other. Each is complete or absent.
func WriteFiles(dir string, files ...File) error {
	for _, f := range files {
		if err := WriteFile(filepath.Join(dir, f.Name), f.Write); err != nil {
			return cannotWrite(dir, err)
		}
	}
	return nil
}

// WriteFile writes a file that is complete or absent.
func WriteFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".stompbench-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name()) // there is none after the renaming
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

const (
	// maxSize bounds a result.json, in bytes. A run takes up to 25 kB for each interval, of which there
	// are at most [series.MaxIntervals].
	maxSize  = 256 << 20
	maxParts = 1000 // bounds the machines and the runs of a result
)

// Read reads a result from result.json or from its folder.
func Read(path string) (*Result, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, Name)
	}
	r := new(Result)
	if err := ReadObject(path, "stompbench", Schema, maxSize, r, r.check); err != nil {
		return nil, err
	}
	return r, nil
}

// ReadObject reads the JSON object that a verb wrote to a file of at most that many bytes. check then
// tells whether it makes sense. Its error names the file.
func ReadObject(path, tool string, schema int, most int64, into any, check func() error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", path, reason(err))
		}
	}()
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return err
	}
	var head struct {
		Tool   string
		Schema int
	}
	switch err := json.Unmarshal(text, &head); {
	case int64(len(text)) > most:
		return fmt.Errorf("more than %d MiB are no result", most>>20)
	case err != nil:
		return fmt.Errorf("not a result of %s: %w", tool, err)
	case head.Tool != tool:
		return fmt.Errorf("not a result of %s", tool)
	case head.Schema != schema:
		return fmt.Errorf("its schema is %d and this stompbench reads %d: use the one that wrote it", head.Schema, schema)
	}
	if err = json.Unmarshal(text, into); err == nil {
		err = check()
	}
	if err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	return nil
}

// check returns an error if an assumption of the rest of the program does not hold.
func (r *Result) check() error {
	p := &r.Plan
	switch n := max(len(r.Machines), len(r.RunIDs)); {
	case r.Series.Step == 0:
		return errors.New("it has no series: what --json writes is a summary, and --out writes the result")
	case n > maxParts:
		return fmt.Errorf("it is of %d machines or runs, at most %d are possible", n, maxParts)
	case p.Producers < 0 || p.Consumers < 0 || !(p.WarmupSec >= 0 && p.WarmupSec < 1e9) || p.RatePerSec < 0 || p.SizeBytes < 0:
		return errors.New("its plan has numbers below 0, or a warm-up without end")
	case len(r.Machines) == 0 || r.StartedAt.IsZero():
		return errors.New("it does not say where and when")
	}
	for kind, h := range r.Histograms {
		if !kind.Valid() || h.HDR.Empty() {
			return fmt.Errorf("histograms.%.40q is unknown or empty", kind)
		}
	}
	return nil
}
