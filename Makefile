# What can be done here; `make` alone lists it. Needs Node 20 or newer with npm, and make; the tests need Go, PostgreSQL and Redis too.

# The pinned Node and the tools come from npm packages. Programs are named by path: not every make looks them up in a PATH set here.
BIN := node_modules/.bin
SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)

# npm writes this file last.
PACKAGES := node_modules/.package-lock.json

TESTS = 'test/**/*.test.ts'
ARGS =

.PHONY: help
help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: $(PACKAGES) ## Install the packages, the pinned Node among them; every other target does so when needed

.PHONY: run-all
run-all: $(PACKAGES) ## Run the whole shop here: four roles and a dashboard for traces, logs and metrics
	@$(BIN)/node tools/run-all.ts

.PHONY: run
run: $(PACKAGES) ## Run one role: make run ROLE=gateway|user|order|payment
	@$(BIN)/node src/main.ts

.PHONY: test
test: $(PACKAGES) ## Test all against a PostgreSQL and a Redis of its own; make test TESTS=test/saga/saga.test.ts for less
	@$(BIN)/node tools/test-servers.ts -- $(BIN)/mocha $(TESTS) $(ARGS)

.PHONY: conformance
conformance: $(PACKAGES) ## Run the official gRPC and Connect conformance suite against our server and client
	@$(BIN)/node test/conformance/run.ts server
	@$(BIN)/node test/conformance/run.ts client

.PHONY: test-mesh
test-mesh: $(PACKAGES) ## Run the shop in a real Istio on this machine: Linux, root, Go, Python; the first time takes 15 minutes
	@bash test/mesh/run.sh $(ARGS)

.PHONY: test-collector
test-collector: $(PACKAGES) ## Send an order through the real OpenTelemetry Collector; builds it once with Go, some minutes
	@$(BIN)/mocha --timeout 900000 test/collector/order.ts test/collector/pods.ts

.PHONY: build
build: $(PACKAGES) ## Build dist/: the program as one file, and as one executable
	@$(BIN)/node tools/build.ts

.PHONY: image
image: $(PACKAGES) ## Make the image without a Docker engine: dist/tracemesh-image.tar; Debian, root
	@$(BIN)/node tools/build/image.ts

.PHONY: test-build
test-build: $(PACKAGES) ## Test what `make build` makes, and how soon it is ready
	@$(BIN)/node tools/test-servers.ts -- $(BIN)/mocha --timeout 240000 'test/build/*.slow.ts'

.PHONY: test-image
test-image: $(PACKAGES) ## Run the image under a read-only root, without rights, in 128 MiB; Debian, root
	@$(BIN)/mocha --timeout 240000 test/image/image.slow.ts

.PHONY: bench
bench: $(PACKAGES) ## Measure calls a second beside bare grpc-js, 15 minutes; make bench ARGS=--quick takes one
	@$(BIN)/node bench/run.ts $(ARGS)

.PHONY: lint
lint: $(PACKAGES) ## Lint the code and check its format
	@$(BIN)/biome check

.PHONY: format
format: $(PACKAGES) ## Format the code and repair what lint can repair
	@$(BIN)/biome check --write

.PHONY: types
types: $(PACKAGES) ## Check the types
	@$(BIN)/tsc

.PHONY: generate
generate: third_party ## Generate gen/ from the contracts
	@$(BIN)/buf generate

.PHONY: contracts
contracts: third_party ## Lint the contracts, look for breaking changes, and check that gen/ is up to date
	@$(BIN)/node tools/check-contracts.ts

.PHONY: check
check: lint types contracts ## Check all that needs no running: lint, types, contracts

.PHONY: ci
ci: ## Do what continuous integration does
	@bash .ci/run

.PHONY: clean
clean: ## Remove what was installed and built; the shop's data in data/ stays
	rm -rf node_modules third_party .cache dist

# npm runs under the system's Node: the pinned one is among what it replaces.
$(PACKAGES): package-lock.json
	@echo "Installing packages, the pinned Node among them: half a minute, about 650 MB."
	@PATH="$(SYSTEM_PATH)" npm ci --no-progress --loglevel=error
	@touch $@

third_party: $(PACKAGES) tools/third-party-protos.ts
	@$(BIN)/node tools/third-party-protos.ts
	@touch $@
