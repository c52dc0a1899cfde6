//go:build !linux

package link

import "errors"

func acknowledgeNow(uintptr) error { return errors.ErrUnsupported }
