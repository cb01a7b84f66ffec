# make            format, lint and test: what has to pass before a commit
# make demo       the quickstart: a small API under load, and its table every five seconds (ARGS="-duration 20s")
# make bench      what the library costs beside its peers; bench-quick is the short form

# Each module is built and tested alone, so that none lives on what another one requires.
MODULES := . bench examples tests

# Pinned: a newer linter finds other faults, and that is a change of its own.
LINT_VERSION := v2.15.0
LINT := $(CURDIR)/.bin/golangci-lint-$(LINT_VERSION)

# Go's race detector needs a C compiler. Without one: make test RACE=
RACE := -race

.PHONY: all fmt lint test prerequisites compiler demo bench bench-check bench-quick

all: fmt lint test

fmt: $(LINT)
	$(LINT) fmt

lint: $(LINT)
	@set -e; for module in $(MODULES); do \
		echo "== lint $$module"; \
		(cd $$module && $(LINT) run --config $(CURDIR)/.golangci.yml ./...); \
	done

test: prerequisites $(if $(RACE),compiler)
	@set -e; for module in $(MODULES); do \
		echo "== test $$module"; \
		(cd $$module && go test $(RACE) -shuffle=on ./...); \
	done
ifneq ($(RACE),)
	@echo "== test memory and processor time, without the race detector"
	@go test -run '^(TestMemory|TestLoad)$$' ./internal/rollup ./console
endif

# What the tests run against. Only as root on Debian; elsewhere it says what is missing, and the tests what they skip.
prerequisites:
	@tests/install.sh

compiler: prerequisites
	@command -v $(firstword $(shell go env CC)) >/dev/null || { \
		echo "make test: the race detector needs a C compiler, and there is no $(firstword $(shell go env CC))." >&2; \
		echo "On Debian: apt-get install gcc libc6-dev. To test without the race detector: make test RACE=" >&2; \
		exit 1; \
	}

demo:
	@cd examples && OTEL_SERVICE_NAME="$${OTEL_SERVICE_NAME:-fan-community}" go run ./quickstart $(ARGS)

bench:
	@cd bench && go run ./cmd/bench

# A minute or two. Exits 1 if in two tries an allocation budget is missed, or a CPU budget twice over; where one is
# missed already (docs/performance.md), if it is missed by much more.
bench-check:
	@cd bench && go run ./cmd/bench -check

bench-quick:
	@cd bench && go run ./cmd/bench -quick

# Built once from source, a few minutes; the module proxy's checksums guard it.
$(LINT):
	@echo "== build golangci-lint $(LINT_VERSION)"
	GOBIN=$(CURDIR)/.bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv .bin/golangci-lint $@
