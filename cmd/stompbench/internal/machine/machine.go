// Package machine describes the machine that a run was made on.
//
// Imports: procfs and, on macOS, golang.org/x/sys, for what the kernel says of itself.
package machine

import (
	"os"
	"runtime"
)

// Machine describes where this process runs. Values that the system does not report are empty or 0.
type Machine struct {
	Host       string  `json:"host"`
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Kernel     string  `json:"kernel"`
	CPU        string  `json:"cpu"`  // the model
	CPUs       int     `json:"cpus"` // that this process may use
	MaxProcs   int     `json:"gomaxprocs"`
	Memory     uint64  `json:"memory_bytes"`
	LimitCPUs  float64 `json:"limit_cpus"`         // set by a cgroup; 0 is none
	LimitBytes uint64  `json:"limit_memory_bytes"` // set by a cgroup; 0 is none
	Go         string  `json:"go"`
}

// Describe describes this machine.
func Describe() Machine {
	host, _ := os.Hostname()
	m := Machine{
		Host: host, OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(),
		CPUs: runtime.NumCPU(), MaxProcs: runtime.GOMAXPROCS(0),
	}
	m.ask()
	return m
}
