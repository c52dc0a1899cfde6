# The steps of CI. .ci/run calls these targets and adds only headers and times.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

FUZZTIME ?= 5s
LOADTIME ?= 3s
KILLS ?= 1

GO ?= go
ROOT := $(CURDIR)
MODULES := $(sort $(dir $(shell find . -name go.mod -not -path '*/testdata/*')))
NESTED := $(filter-out ./ ./.ci/tools/,$(MODULES))
STATICCHECK := $(GO) tool -modfile=$(ROOT)/.ci/tools/go.mod staticcheck
BROKERS := interop/brokers.sh
KILLED := kills-of-rabbitmq kills-of-activemq kills-of-artemis

# go vet is a target of its own and checks more: go test would check every dependency again for each set of flags.
TEST := test -vet=off

# Where neither code nor tests start a goroutine, the race detector has nothing to find, and here it takes minutes.
SEQUENTIAL := parser conn/internal/session cmd/stompbench/internal/ledger

# packages_with lists the packages whose tests have a function with such a name: others need not be linked.
packages_with = $$(grep -lE '^func $(1)' $$($(GO) list -f '{{range .TestGoFiles}}{{$$.Dir}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$.Dir}}/{{.}} {{end}}' ./...) | xargs dirname | sort -u)

.PHONY: help
help: ## List the targets.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: fmt
fmt: ## Fail where gofmt would change something, and show it.
	gofmt -d .

.PHONY: tidy
tidy: ## Fail where go.mod or go.sum is not what go mod tidy makes.
	@for dir in $(MODULES); do echo "go mod tidy: $$dir"; $(GO) -C "$$dir" mod tidy -diff; done

.PHONY: vet
vet: ## go vet.
	$(GO) vet ./...

.PHONY: lint
lint: ## staticcheck, at the version .ci/tools/go.mod pins.
	$(STATICCHECK) ./...

.PHONY: cross
cross: ## Build and vet for the other systems that are supported.
	@for target in linux/arm64 linux/386 darwin/arm64 windows/amd64; do \
		echo "build and vet: $$target"; \
		export GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0; \
		$(GO) build ./...; \
		$(GO) vet ./...; \
	done

.PHONY: test
test: ## All tests.
	$(GO) $(TEST) ./...

.PHONY: race
race: ## All tests of what has goroutines under the race detector, in random order.
	@! grep -rnE '^[[:space:]]*go |\.Go\(|\.Parallel\(' --include='*.go' $(SEQUENTIAL)
	$(GO) $(TEST) -race -shuffle=on -timeout 20m $$($(GO) list ./... | grep -vE '/($(subst $() ,|,$(SEQUENTIAL)))$$')

.PHONY: tags
tags: ## The tests that matter with released buffers overwritten (pooldebug) and without assembly (purego).
	$(GO) vet -tags pooldebug,purego ./parser ./writer ./pool
	$(GO) $(TEST) -count=1 -tags pooldebug,purego ./parser ./writer ./pool ./fuzz/... ./engine/... ./conn ./broker

.PHONY: alloc
alloc: ## The allocation gates, which the race detector would falsify.
	$(GO) $(TEST) -count=1 -run Alloc $(call packages_with,Test[A-Za-z0-9_]*Alloc)

.PHONY: fuzz-smoke
fuzz-smoke: ## Every fuzz target for FUZZTIME (5s).
	.ci/fuzz $(FUZZTIME)

.PHONY: bench-smoke
bench-smoke: ## Every benchmark once, to see that it still runs.
	$(GO) $(TEST) -run '^$$' -bench . -benchtime=1x $(call packages_with,Benchmark)

.PHONY: modules
modules: ## The nested modules: build, vet, lint, test, every benchmark once. The tests of interop are the targets foreign and faults.
	@for dir in $(NESTED); do \
		echo "module $$dir"; \
		cd "$(ROOT)/$$dir"; \
		$(GO) build ./...; \
		$(GO) vet ./...; \
		$(STATICCHECK) ./...; \
		if [[ $$dir != ./interop/* ]]; then $(GO) $(TEST) -timeout 60m -bench . -benchtime=1x ./...; fi; \
	done

.PHONY: browser
browser: ## The page of stompbench in a headless Chromium: wide, as on a phone, light, dark.
	STOMPWIRE_BROWSER=1 $(GO) $(TEST) -count=1 -v -run Browser ./cmd/stompbench/internal/page

.PHONY: brokers
brokers: ## Install and start RabbitMQ, ActiveMQ and Artemis on 127.0.0.1, with empty stores.
	$(BROKERS) install
	$(BROKERS) reset

.PHONY: interop
interop: ## The tests against the brokers that are up.
	@brokers=$$($(BROKERS) env); eval "$$brokers"; $(GO) $(TEST) -count=1 -v -timeout 60m ./interop/...

.PHONY: clients
clients: ## Install other people's STOMP clients: Python, Ruby, Perl, JavaScript.
	interop/foreign/install.sh

.PHONY: foreign
foreign: ## The tests of the embedded broker with those of them that are there.
	$(GO) -C interop/foreign $(TEST) -count=1 -timeout 60m ./...

.PHONY: faults
faults: ## Break connections, and kill brokers of its own KILLS (1) times each: nothing confirmed may be lost.
	@$(MAKE) -j -Otarget cuts $(KILLED) # side by side: they wait most of the time

.PHONY: cuts
cuts:
	brokers=$$($(BROKERS) env); eval "$$brokers"; $(GO) -C interop/faults $(TEST) -race -count=1 -v -timeout 60m .

.PHONY: $(KILLED)
$(KILLED): kills-of-%:
	STOMPWIRE_KILLS=$(KILLS) $(GO) -C interop/faults $(TEST) -count=1 -v -run 'Kills/$*' -timeout 120m .

.PHONY: load
load: ## stompbench against each broker that is up, for LOADTIME (3s): nothing may be lost, however long a broker stands still.
	$(GO) build -o bin/stompbench ./cmd/stompbench
	@brokers=$$($(BROKERS) env); eval "$${brokers:?no broker is up}"; \
	for uri in $${STOMPWIRE_RABBITMQ_URI-} $${STOMPWIRE_ACTIVEMQ_URI-} $${STOMPWIRE_ARTEMIS_URI-}; do \
		echo "stompbench run --uri $$uri -z $(LOADTIME)"; \
		bin/stompbench run --uri "$$uri" -z $(LOADTIME) --drain-timeout 3m --connect-timeout 3m --heart-beat 1m; \
	done

.PHONY: clean
clean: ## Remove what the other targets built.
	rm -rf bin
	find . -name '*.test' -o -name '*.prof' | xargs -r rm --
