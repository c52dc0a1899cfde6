package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// envPrefix begins the names of the environment variables that stand in for flags:
// STOMPBENCH_CONSUME_FROM for --consume-from.
const envPrefix = "STOMPBENCH_"

// passcodeEnv holds a password that should not be seen in a list of processes.
const passcodeEnv = envPrefix + "PASSCODE"

// onlyTyped are the flags that ask for something else than a run.
var onlyTyped = map[string]bool{"help": true, "help-all": true, "version": true}

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets flags that the command line leaves out.
func fromEnvironment(f *pflag.FlagSet) (err error) {
	if err := checkEnvironment(); err != nil {
		return err
	}
	f.VisitAll(func(flag *pflag.Flag) {
		name := envName(flag.Name)
		text := os.Getenv(name)
		if flag.Changed || text == "" || err != nil || onlyTyped[flag.Name] {
			return
		}
		if e := f.Set(flag.Name, text); e != nil {
			err = usage("environment variable %s: %v", name, reason(e))
		}
	})
	return err
}

// ofService matches what Kubernetes tells every container of a service that is
// called stompbench, or stompbench-something.
var ofService = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// checkEnvironment refuses a variable that stands for no flag of any verb: a run
// that left it out in silence would measure something else than was meant.
func checkEnvironment() error {
	known := map[string]bool{passcodeEnv: true}
	for _, v := range verbs() {
		if v.flags != nil {
			v.flags().VisitAll(func(flag *pflag.Flag) { known[envName(flag.Name)] = true })
		}
	}
	var unknown []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, envPrefix) && !known[name] && !ofService.MatchString(name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return usage("environment variable %s stands for no flag: unset it, or see stompbench --help-all for the names", unknown[0])
}
