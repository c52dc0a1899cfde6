package transport_test

import (
	"testing"

	"github.com/stompwire/stompwire/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
