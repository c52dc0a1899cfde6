package foreign

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/stompwire/stompwire/interop/foreign/internal/gostomp"
	"github.com/stompwire/stompwire/interop/foreign/internal/program"
	"github.com/stompwire/stompwire/interop/foreign/internal/stompngo"
)

// programVariable makes this test binary one of the programs that are written in Go.
const programVariable = "STOMPWIRE_FOREIGN_PROGRAM"

var goPrograms = map[string]func(program.Env) program.Client{
	"go-stomp": gostomp.New,
	"stompngo": stompngo.New,
}

var (
	update     = flag.Bool("update", false, "write docs/interop.md")
	onlyClient = flag.String("client", "", "run no other client than this")
)

func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		newClient, ok := goPrograms[name]
		if !ok {
			fmt.Fprintf(os.Stderr, "there is no program %q\n", name)
			os.Exit(2)
		}
		program.Run(newClient)
		return
	}
	// gnet starts these two when it is imported and never ends them.
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}
