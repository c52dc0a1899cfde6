package conn

import (
	"errors"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
)

// start starts reading l: a kernel socket with the engine, any other connection with the pump.
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
