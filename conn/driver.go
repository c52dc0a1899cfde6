package conn

import (
	"errors"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
)

// Driver reads links: *engine.Engine, engine.Own and pump.Driver are drivers.
type Driver interface {
	Start(l *link.Link) error
}

var (
	_ Driver = (*engine.Engine)(nil)
	_ Driver = engine.Own{}
	_ Driver = pump.Driver{}
)

// start has l read: a kernel socket by the engine, anything else by the pump.
func (cfg *Config) start(l *link.Link) error {
	driver := cfg.Driver
	if driver == nil {
		driver = engine.Own{Logger: cfg.Logger}
	}
	err := driver.Start(l)
	if errors.Is(err, engine.ErrUnsupportedConn) {
		err = pump.Driver{}.Start(l)
	}
	return err
}
