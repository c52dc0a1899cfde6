//go:build !linux

package link

import "errors"

func quickAck(uintptr) error { return errors.ErrUnsupported }
