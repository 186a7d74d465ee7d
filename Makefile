# Everything that a person or a CI does here. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check fmt fmt-check vet lint race examples nested fuzz cover tidy shape matrix api api-accept outdated release-check bench bench-footprint module clean

GO ?= go
MODULE := $(shell $(GO) list -m)
NESTED := $(filter-out tools,$(patsubst %/go.mod,%,$(wildcard */go.mod */*/go.mod)))
LINT := .tools/golangci-lint
FUZZTIME ?= 3s

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1|/' | column -t -s '|'

demo: ## run the main job end to end: fetch a task's material and show it
	@$(GO) run ./examples/quickstart

test: ## run the tests
	$(GO) test ./...

check: fmt-check tidy vet lint test race cover shape examples nested fuzz ## everything that must hold before a change lands

fmt: ## format the code
	gofmt -w $$(git ls-files '*.go')

fmt-check:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$bad" || { echo "not formatted (make fmt):"; echo "$$bad"; exit 1; }

tidy: ## see that every go.mod is tidy
	$(GO) mod tidy -diff
	@for m in $(NESTED); do echo "tidy $$m"; $(GO) -C $$m mod tidy -diff; done

vet: ## vet for this system, Windows and macOS
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	GOOS=darwin $(GO) vet ./...

lint: $(LINT) ## run the linters of .golangci.yml
	$(LINT) run ./...

$(LINT): tools/go.mod tools/go.sum
	$(GO) -C tools build -o ../$(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

race: ## run the tests under the race detector
	$(GO) test -race ./...

cover: ## see that the tests reach 90 % of the library's statements
	@mkdir -p .tools
	@$(GO) test -coverpkg=.,./internal/... -coverprofile=.tools/cover.out . ./internal/... > .tools/cover.log || { cat .tools/cover.log; exit 1; }
	@$(GO) tool cover -func=.tools/cover.out | awk '/^total:/ { sub("%", "", $$3); print "statement coverage " $$3 " %"; exit !($$3 >= 90) }'

shape: ## see that the public API and the dependencies are what they should be
	@! $(GO) doc -all . | grep -n resty || { echo "resty shows in the public API"; exit 1; }
	@deps=$$($(GO) list -deps ./internal/footprint); \
	 if grep -xE 'testing|text/template|$(MODULE)/smstest' <<< "$$deps"; then echo "must not be linked into a user's program"; exit 1; fi
	@modules=$$($(GO) list -deps -f '{{with .Module}}{{.Path}}{{end}}' ./internal/footprint | sort -u | grep -vx '$(MODULE)'); \
	 echo "third-party modules:" $$modules; test $$(wc -l <<< "$$modules") -le 6
	@if git grep -nIE '(^|[^[:alnum:]_])/(work|root|home/[a-z]+)/' -- . ':!Makefile'; then echo "paths of a machine"; exit 1; fi

examples: ## run every example that ends by itself; the emulator has tests
	@out=$$(mktemp -d); trap 'rm -rf '$$out EXIT; \
	 for d in $$($(GO) list ./examples/... | grep -v /emulator); do \
	   case $$d in */savepem) args="-demo -out $$out/task";; *) args="";; esac; \
	   echo "run $$d $$args"; timeout 120 $(GO) run $$d $$args > /dev/null; \
	 done; \
	 echo "run examples/otel"; $(GO) -C examples/otel run . > /dev/null

matrix: ## print every fault, and what the caller then sees
	@$(GO) test -run '^TestMatrix$$' -matrix .

nested: ## vet and test the modules that are not the library's
	@for m in $(NESTED); do echo "test $$m"; $(GO) -C $$m vet ./... && $(GO) -C $$m test ./...; done

fuzz: ## run every fuzz target for FUZZTIME (3s)
	@mkdir -p .tools
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "fuzz $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p > .tools/fuzz.log || { cat .tools/fuzz.log; exit 1; }; \
	  done; \
	done

api: ## compare the API with the last release's
	@tag=$$(git describe --tags --abbrev=0 --match 'v*' 2> /dev/null || true); \
	 if [ -z "$$tag" ]; then echo "no release yet: testdata/api.txt holds the API, and a test compares it"; exit 0; fi; \
	 $(GO) -C tools build -o ../.tools/apidiff golang.org/x/exp/cmd/apidiff; \
	 old=$$(mktemp -d); trap 'git worktree remove --force '$$old/src EXIT; git worktree add -q "$$old/src" "$$tag"; \
	 (cd "$$old/src" && $(CURDIR)/.tools/apidiff -m -w "$$old/export" $(MODULE) 2> /dev/null); \
	 lost=$$(.tools/apidiff -m -incompatible "$$old/export" $(MODULE) 2> /dev/null); \
	 if [ -n "$$lost" ]; then echo "since $$tag, incompatible:"; echo "$$lost"; exit 1; fi; \
	 echo "compatible with $$tag"

api-accept: ## accept the exported API as it now is (testdata/api.txt)
	$(GO) test -run '^TestTheAPIIsAsItWasAccepted$$' . -update-api

outdated: ## list direct dependencies that have a newer version
	@newer() { if [ -n "$$2" ]; then $(GO) -C $$1 list -m -u -f "{{if .Update}}$$1: {{.Path}} {{.Version}} -> {{.Update.Version}}{{end}}" $$2; fi; }; \
	 for m in . $(NESTED); do \
	   newer $$m "$$($(GO) -C $$m list -m -f '{{if not (or .Main .Indirect .Replace)}}{{.Path}}{{end}}' all)"; \
	 done; \
	 newer tools "$$($(GO) -C tools list -f '{{.Module.Path}}' tool | sort -u)"

release-check: ## see that VERSION=v1.2.3 can be released
	@VERSION=$(VERSION) MODULE=$(MODULE) bash tools/release-check

bench: ## print the comparison with the official SDK and with bare net/http
	@$(GO) -C interop run ./cmd/bench speed

bench-footprint: ## print what the three weigh: binaries, modules, connections, memory
	@$(GO) -C interop run ./cmd/bench footprint

module: ## set the module path everywhere: make module TO=example.org/sms
	@test -n "$(TO)" || { echo "usage: make module TO=example.org/sms"; exit 1; }
	@git ls-files -z | xargs -0 grep -lIZ '$(MODULE)' | xargs -0 sed -i 's#$(MODULE)#$(TO)#g'
	@gofmt -w $$(git ls-files '*.go')

clean: ## remove what was built
	rm -rf .tools
