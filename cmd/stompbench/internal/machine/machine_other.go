//go:build !linux && !darwin

package machine

func (*Machine) ask() {}
