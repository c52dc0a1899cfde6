//go:build !linux

package load

func threadTimes() map[int]threadTime { return nil }

func readMachine() machineTime { return machineTime{} }
