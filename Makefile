# What can be done here; `make` alone lists it. Needs npm with any Node that it runs on (tested: 20), and make. What is done
# runs on the Node that is pinned in package.json, or on another: make test NODE=/path/to/node

# The pinned Node and the tools come from npm packages. Programs are named by path: not every make looks them up in a PATH set here.
BIN := node_modules/.bin
SYSTEM_PATH := $(PATH)
PINNED_NODE := $(CURDIR)/$(BIN)/node

# npm's scripts have npm's own Node in NODE, which nobody chose, and a make within make has this one's.
CHOSEN_NODE := $(filter-out $(npm_node_execpath) $(PINNED_NODE),$(NODE))
ifneq ($(CHOSEN_NODE),)
NODE_FAULT := $(shell bash tools/chosen-node.sh '$(CHOSEN_NODE)' 2>&1 >/dev/null)
ifneq ($(NODE_FAULT),)
$(error $(NODE_FAULT))
endif
override NODE := $(shell bash tools/chosen-node.sh '$(CHOSEN_NODE)' 2>/dev/null)
else
override NODE := $(PINNED_NODE)
endif
export NODE
export PATH := $(dir $(NODE)):$(CURDIR)/$(BIN):$(PATH)

# Roles and tests are many processes of the same code: all but the first find it compiled.
COMPILE_CACHE := NODE_COMPILE_CACHE="$(CURDIR)/.cache/compiled"

# npm writes this file last.
PACKAGES := node_modules/.package-lock.json

# The pages of web/, which the gateway shows.
WEB := dist/web/index.html.gz
WEB_SOURCES := $(shell find web gen/shop/gateway gen/mesh gen/google gen/grpc src/rpc/rest src/rpc/status-name.ts tools/build/web.ts -type f)

# What needs Go, for kustomize, compose-go, the schemas in Go modules and grpcurl, or git is apart: `make test` needs nothing that npm does not
# bring.
GO_TESTS = 'test/manifests/**/*.test.ts' test/e2e/grpcurl.test.ts test/tools/check-contracts.test.ts
TESTS = 'test/!(manifests)/**/!(grpcurl|check-contracts).test.ts'
COLLECTOR_TESTS = $(patsubst %,test/collector/%.ts,order pods sampling objectives dashboards)
FAULT_TESTS = $(patsubst %,test/faults/%.slow.ts,histories kills-sqlite kills-postgresql availability poisoned names)
# What measures time or processors runs by itself.
TIMED_FAULT_TESTS = $(filter-out $(FAULT_TESTS),$(wildcard test/faults/*.slow.ts))
# What is freed when is a matter of the pinned Node.
OLDEST_NODE_TESTS = 'test/{settings,saga,telemetry}/*.test.ts' 'test/contract/!(rest-fuzz|server-leak|garbage).test.ts' test/e2e/telemetry.test.ts
ARGS =

.PHONY: help
help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: $(PACKAGES) ## Install the packages, the pinned Node among them; every other target does so when needed

$(WEB): $(PACKAGES) $(WEB_SOURCES)
	@$(NODE) tools/build/web.ts

.PHONY: web
web: $(PACKAGES) ## Serve the pages from their source, for work at them: beside make run-all, or GATEWAY_URL=http://...
	@$(NODE) tools/build/web.ts --serve

.PHONY: run-all
run-all: $(PACKAGES) $(WEB) ## Run the whole shop here: four roles and a dashboard for traces, logs and metrics
	@$(COMPILE_CACHE) $(NODE) tools/run-all.ts

.PHONY: demo
demo: $(PACKAGES) $(WEB) ## Send the shop orders and break it meanwhile, to see what becomes of them; it starts one if none runs
	@$(COMPILE_CACHE) $(NODE) tools/demo.ts $(ARGS)

.PHONY: run
run: $(PACKAGES) $(WEB) ## Run one role: make run ROLE=order
	@$(NODE) src/main.ts

.PHONY: test
test: $(PACKAGES) $(WEB) ## Test all against a PostgreSQL and a Redis of its own; make test TESTS=test/saga/saga.test.ts for less
	@$(COMPILE_CACHE) $(NODE) tools/test-servers.ts -- $(NODE) $(BIN)/mocha --parallel --jobs 2 $(TESTS) $(ARGS)

.PHONY: test-run-all
test-run-all: $(PACKAGES) $(WEB) ## Run the shop as make run-all does, stop and break it, and call all of it with clients that are not ours
	@$(COMPILE_CACHE) $(NODE) $(BIN)/mocha 'test/{run-all,e2e}/*.slow.ts' $(ARGS)

.PHONY: test-screens
test-screens: $(PACKAGES) $(WEB) ## Run the demo, and ask the dashboard in a headless Chromium what a newcomer asks; Debian's is fetched if there is none
	@$(COMPILE_CACHE) $(NODE) $(BIN)/mocha 'test/screens/*.slow.ts' $(ARGS)

.PHONY: test-web
test-web: $(PACKAGES) $(WEB) ## Use the shop's page and the console in a headless Chromium; Debian's is fetched if there is none
	@$(COMPILE_CACHE) $(NODE) $(BIN)/mocha 'test/web/*.slow.ts' $(ARGS)

.PHONY: test-go
test-go: $(PACKAGES) ## Test the manifests with kustomize, the shop with grpcurl; needs git and Go, which pip fetches if missing
	@go=$$($(NODE) tools/go-toolchain.ts) && $(COMPILE_CACHE) PATH="$$PATH:$$go" $(NODE) $(BIN)/mocha $(GO_TESTS) $(ARGS)

.PHONY: conformance
conformance: $(PACKAGES) ## Run the official gRPC and Connect conformance suite against our server and client
	@$(NODE) test/conformance/run.ts server
	@$(NODE) test/conformance/run.ts client

.PHONY: fuzz
fuzz: $(PACKAGES) ## Send what no client should to each door of each role for a minute; make fuzz ARGS="--seed 123 --door http2"
	@$(NODE) test/fuzz/run.ts $(ARGS)

.PHONY: test-node
test-node: $(PACKAGES) ## Run the shop and the tests that matter most on the oldest Node that is supported; installs it once
	@older=$$($(NODE) tools/oldest-node.cjs) && $(MAKE) --no-print-directory test NODE="$$older" TESTS="$(OLDEST_NODE_TESTS)"

.PHONY: test-h2spec
test-h2spec: $(PACKAGES) ## Run h2spec, for HTTP/2, against our server; builds it once with Go
	@$(NODE) $(BIN)/mocha --timeout 300000 test/h2spec/h2spec.slow.ts

.PHONY: go-tools
go-tools: $(PACKAGES) ## Build the test tools that are written in Go
	@$(NODE) tools/go-tools.ts

.PHONY: test-mesh
test-mesh: $(PACKAGES) $(WEB) ## Run the shop in a real Istio on this machine: Linux, root, Go, Python; the first time takes 15 minutes
	@bash test/mesh/run.sh $(ARGS)

.PHONY: test-collector
test-collector: $(PACKAGES) ## Send orders through the real OpenTelemetry Collector to a real Prometheus; builds it once with Go, some minutes
	@$(NODE) tools/test-servers.ts -- $(NODE) $(BIN)/mocha --timeout 900000 $(COLLECTOR_TESTS)

.PHONY: build
build: $(PACKAGES) ## Build dist/: the program as one file, and as one executable
	@$(NODE) tools/build.ts

.PHONY: sbom
sbom: build ## Tell what the program is built of, in CycloneDX: dist/sbom.cdx.json, which the image has too
	@echo dist/sbom.cdx.json

.PHONY: audit
audit: $(PACKAGES) ## Ask npm's registry for known faults in the packages that are shipped
	@PATH="$(SYSTEM_PATH)" npm audit --omit=dev

.PHONY: image
image: $(PACKAGES) ## Make the image without a Docker engine: dist/tracemesh-image.tar; Debian, root
	@$(NODE) tools/build/image.ts

.PHONY: test-build
test-build: $(PACKAGES) $(WEB) ## Test what `make build` makes, and how soon it is ready
	@$(NODE) tools/test-servers.ts -- $(NODE) $(BIN)/mocha --timeout 240000 'test/build/*.slow.ts'

.PHONY: test-image
test-image: $(PACKAGES) ## Run the image under a read-only root, without rights, in 128 MiB; Debian, root
	@$(NODE) $(BIN)/mocha --timeout 240000 test/image/image.slow.ts

.PHONY: test-attacks
test-attacks: $(PACKAGES) ## Attack the program as built, in the memory of its Pod, while others use it; scan its TLS; Linux, root, apt
	@$(NODE) $(BIN)/mocha --timeout 240000 'test/{attack,tls}/*.slow.ts'

.PHONY: test-faults
test-faults: $(PACKAGES) $(WEB) ## Break what can break, and see that nothing is lost; SEED=7 FAULTS_SECONDS=600 make test-faults; Linux, Go
	@$(NODE) tools/test-servers.ts -- $(NODE) $(BIN)/mocha --timeout 180000 --parallel --jobs 2 $(FAULT_TESTS) $(ARGS)
	$(if $(TIMED_FAULT_TESTS),@$(NODE) tools/test-servers.ts -- $(NODE) $(BIN)/mocha --timeout 180000 $(TIMED_FAULT_TESTS) $(ARGS))

.PHONY: test-load
test-load: $(PACKAGES) $(WEB) ## Ask the shop as built for up to ten times of what it can; Linux, two processors
	@$(NODE) tools/test-servers.ts -- $(NODE) $(BIN)/mocha --timeout 170000 'test/load/*.slow.ts'

.PHONY: test-new
test-new: third_party ## Add a fifth service in a copy of the tree, and call it from the saga, as the tutorial has it
	@$(NODE) tools/test-servers.ts -- $(NODE) $(BIN)/mocha --bail test/new-service/new-service.slow.ts

.PHONY: test-new-mesh
test-new-mesh: third_party ## The same in a real Istio: what the mesh does for each service, it does for the fifth
	@$(NODE) $(BIN)/mocha test/new-service/in-mesh.slow.ts

.PHONY: bench
bench: $(PACKAGES) ## Measure what calls cost beside other frameworks, half an hour; make bench ARGS=--quick takes four
	@$(NODE) bench/run.ts $(ARGS)

.PHONY: bench-docs
bench-docs: $(PACKAGES) ## Draw the figures and pictures of the documents from the latest results in bench/results/
	@$(NODE) bench/report/documents.ts

.PHONY: guard
guard: $(PACKAGES) ## Count what a call does on the hottest paths, and compare; make guard ARGS=--record after a change that is meant
	@$(NODE) bench/guard/run.ts $(ARGS)

.PHONY: test-guard
test-guard: $(PACKAGES) ## Test that the guard notices a planted loss
	@$(NODE) $(BIN)/mocha --timeout 120000 test/guard/guard.slow.ts

.PHONY: lint
lint: $(PACKAGES) ## Lint the code and check its format
	@$(NODE) $(BIN)/biome check

.PHONY: format
format: $(PACKAGES) ## Format the code and repair what lint can repair
	@$(NODE) $(BIN)/biome check --write

.PHONY: types
types: $(PACKAGES) ## Check the types
	@$(NODE) $(BIN)/tsc
	@$(NODE) $(BIN)/tsc -p web

.PHONY: new
new: third_party ## Add a service: make new SERVICE=stock
	@$(NODE) tools/new-service.ts "$$SERVICE"
	@$(MAKE) --no-print-directory generate
	@echo "Next: make run-all, and docs/adding-a-service.md"

.PHONY: generate
generate: third_party ## Generate gen/ from the contracts and the roles
	@$(NODE) $(BIN)/buf generate
	@$(NODE) $(BIN)/buf generate --template test/buf.gen.yaml
	@$(NODE) tools/generate-manifests.ts

.PHONY: contracts
contracts: third_party ## Lint the contracts, look for breaking changes, and check that gen/ is up to date
	@$(NODE) tools/check-contracts.ts

.PHONY: check
check: lint types contracts ## Check all that needs no running: lint, types, contracts

.PHONY: ci
ci: ## Do what continuous integration does
	@bash .ci/run

.PHONY: clean
clean: ## Remove what was installed and built; the shop's data in data/ stays
	rm -rf node_modules third_party .cache dist

# npm runs under the system's Node: the pinned one is among what it replaces, and may not start on this machine.
$(PACKAGES): package-lock.json
	@echo "Installing packages, the pinned Node among them: half a minute, about 700 MB. This happens once."
	@PATH="$(SYSTEM_PATH)" npm ci --ignore-scripts --no-progress --loglevel=error || { echo "npm could not install the packages. Does its registry answer? \`npm ping\` tells." >&2; exit 1; }
	@PATH="$(SYSTEM_PATH)" bash tools/pinned-node.sh
	@touch $@

# Half of an installation is none.
.DELETE_ON_ERROR:

third_party: $(PACKAGES) tools/third-party-protos.ts
	@$(NODE) tools/third-party-protos.ts
	@touch $@
