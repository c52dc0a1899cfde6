package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// runStompbench runs one row with stompbench. Lost messages are a result and not an error.
func runStompbench(bench string, l load) (result, error) {
	args := []string{"run", "--json", "--quiet", "--uri", l.URI,
		"-z", l.Duration.String(), "-s", strconv.Itoa(l.Size), "-c", strconv.Itoa(l.Window), "--ack", l.Ack,
		"--coalesce-reads", l.Coalesce.String()}
	if l.Pairs > 1 {
		pairs := strconv.Itoa(l.Pairs)
		args = append(args, "-x", pairs, "-y", pairs, "-t", l.Queue+"-%d")
	} else {
		args = append(args, "-t", l.Queue)
	}
	if l.Persistent {
		args = append(args, "--persistent")
	}
	const lost = 3
	return run(lost, l.Procs, nil, bench, args...)
}

// runPeer runs one row with a peer, in a process of its own.
func runPeer(name string, l load) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	in, err := json.Marshal(l)
	if err != nil {
		return result{}, err
	}
	r, err := run(0, l.Procs, in, self, name)
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func run(fine, procs int, in []byte, name string, args ...string) (result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = bytes.NewReader(in)
	if procs > 0 {
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(procs))
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == fine) {
		return result{}, fmt.Errorf("%w: %s", err, complaint.Bytes())
	}
	return decode(out)
}
