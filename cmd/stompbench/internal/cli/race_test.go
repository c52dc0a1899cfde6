//go:build race

package cli_test

// raceDetector is for what takes it minutes: one of several alike is enough to find races.
const raceDetector = true
