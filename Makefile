# The only entry: people and the continuous integration in `.ci/run` call the same targets.
# What is built or downloaded goes to target/. tools/needs.sh installs the rest (system packages,
# rustup's target, cargo-deny); with PORTCULLIS_NO_INSTALL=1 it names what is missing instead.

DEFAULT_ENVOY      := 1.40.0
# Which Envoy is installed and used: a file in envoy/versions.
ENVOY_VERSION      ?= $(DEFAULT_ENVOY)
CARGO_DENY_VERSION := 0.20.2
WASM_TARGET        := wasm32-wasip1

DEMO_PORT    ?= 8443
DEMO_SESSION ?= 10m
# Anything: the demo has an OpenID provider, too.
PROVIDER     ?=
# End-to-end tests mostly wait for the network, so more of them run at once than there are cores.
E2E_THREADS  ?= 8
# Which fuzz target `make fuzz` runs: a name from fuzz/fuzz_targets.
FUZZ         ?= token
# More arguments for the end-to-end tests, such as the name of one.
E2E          ?=
# How many random runs `make chaos` makes; SEED repeats one of them.
N            ?= 20
SEED         ?=

# Where `make install` installs; DESTDIR comes before it, for packages.
PREFIX  ?= /usr/local
DESTDIR ?=

CARGO  := cargo
# Built together even where one is wanted: cargo chooses the features of shared dependencies by
# what is built together, and would compile them again for each choice.
PROGRAMS := --package portcullis-control --package portcullis-demo
# All of tests/*.rs but `module`, which reads the built module.
CORE_TESTS := $(patsubst tests/%.rs,--test %,$(filter-out tests/module.rs,$(wildcard tests/*.rs)))
BENCH    := --package portcullis-control --package portcullis-bench
# Other versions have an environment of their own beside it.
VENV   := target/venv$(if $(filter-out $(DEFAULT_ENVOY),$(ENVOY_VERSION)),-$(ENVOY_VERSION))
ENVOY  := $(VENV)/bin/envoy
MODULE := target/portcullis.wasm
RELEASE := target/release/portcullis-control
LINKED := target/$(WASM_TARGET)/wasm/portcullis.wasm
FINISH := target/module
# The libraries with which docs/APPLICATIONS.md verifies tokens, jose and PyJWT, and openapi-spec-validator.
VERIFIERS := target/verifiers
# The OpenID providers of the tests: from npm, which the demo has as well, and from PyPI.
PROVIDERS := target/providers
# Page frameworks from npm, for Chromium.
FRAMEWORKS := target/frameworks
NEEDS  := tools/needs.sh

.DEFAULT_GOAL := help

##@ Try it

.PHONY: demo
demo: programs $(if $(PROVIDER),$(PROVIDERS)/package-lock.json) ## Start everything with a demo application; Ctrl-C ends it (DEMO_PORT, DEMO_SESSION, PROVIDER=1: with an OpenID provider)
	@DEMO_PORT='$(DEMO_PORT)' DEMO_SESSION='$(DEMO_SESSION)' DEMO_PROVIDER='$(PROVIDER)' exec target/debug/demo

.PHONY: demo-check
demo-check: programs ## Start the demo on free ports, use it with an HTTP client, end it
	target/debug/demo --check

##@ Build

.PHONY: wasm
wasm: wasm-target ## The filter: target/portcullis.wasm
	$(CARGO) build --locked --package portcullis --lib --target $(WASM_TARGET) --profile wasm
	@$(MAKE) --no-print-directory $(MODULE)

# In a directory of its own: the probe builds the filter without its entry point, which would
# otherwise replace the filter.
.PHONY: probe
probe: wasm-target ## The filter's signature checks alone, for tests: target/probe.wasm
	$(CARGO) build --locked --package portcullis-probe --target $(WASM_TARGET) --target-dir target/probe
	cp target/probe/$(WASM_TARGET)/debug/portcullis_probe.wasm target/probe.wasm

.PHONY: control
control: ## The control service: target/debug/portcullis-control
	$(CARGO) build --locked $(PROGRAMS) --bin portcullis-control

.PHONY: release
release: wasm ## Both for real use: target/release/portcullis-control, target/portcullis.wasm
	$(CARGO) build --locked --release --package portcullis-control --bin portcullis-control

# Where there is no cargo, as under sudo, it installs what was built.
.PHONY: install
install: ## Install both, documents, man page and completions (PREFIX=/usr/local, DESTDIR)
	@if command -v $(CARGO) >/dev/null; then $(MAKE) --no-print-directory release; fi
	@tools/install.sh '$(RELEASE)' $(MODULE) '$(DESTDIR)$(PREFIX)'

.PHONY: envoy
envoy: $(ENVOY) ## Envoy, in a Python virtual environment: target/venv/bin/envoy (ENVOY_VERSION=<a file in envoy/versions>)

.PHONY: chromium
chromium: ## Chromium and certutil for the browser tests, by apt-get (PORTCULLIS_CHROMIUM=<another Chromium>)
	@$(NEEDS) chromium certutil

.PHONY: verifiers
verifiers: $(VERIFIERS)/package-lock.json $(VERIFIERS)/venv/requirements.txt ## What tests verify tokens and docs/openapi.json with, from npm and PyPI: target/verifiers

.PHONY: providers
providers: $(PROVIDERS)/package-lock.json $(PROVIDERS)/venv/requirements.txt ## OpenID providers for tests and demo, oidc-provider (npm) and django-oauth-toolkit (PyPI): target/providers

.PHONY: frameworks
frameworks: $(FRAMEWORKS)/inertia.js ## htmx, Inertia and Turbo for the browser tests, from npm: target/frameworks

.PHONY: wrk
wrk: ## The load generator for `make bench`, by apt-get
	@$(NEEDS) wrk

.PHONY: postgres
postgres: ## PostgreSQL for `make test-postgres`, by apt-get
	@$(NEEDS) postgres

##@ Check

.PHONY: check
check: fmt tools structure papers clippy deny ## Everything but tests: formatting, lints, structure, documents, dependencies

.PHONY: test
test: ## All tests; says first what it installs (PORTCULLIS_NO_INSTALL=1: names what is missing instead)
	@$(NEEDS) cargo cc python3 venv node npm rust-target@$(WASM_TARGET) chromium certutil postgres
	@$(MAKE) --no-print-directory unit fuzz-smoke e2e chaos

.PHONY: unit-core
unit-core: ## The filter's core alone: native, without the module, Node.js or Envoy
	$(CARGO) test --locked --package portcullis --lib $(CORE_TESTS)

.PHONY: unit-control
unit-control: postgres ## The control service alone, on SQLite, several on PostgreSQL: without the module, Node.js or Envoy
	$(CARGO) test --locked --package portcullis-control

.PHONY: unit
unit: wasm postgres ## Core, module and control service (PORTCULLIS_WALK_SEEDS=<more> random walks)
	$(CARGO) test --locked --workspace --exclude portcullis-e2e --exclude portcullis-oracles

# With the same features as the workspace's tests, so that nothing is compiled again.
.PHONY: test-postgres
test-postgres: postgres ## The control service's tests, on PostgreSQL
	control/tests/with-postgres.sh $(CARGO) test --locked --workspace --exclude portcullis-e2e \
	  --exclude portcullis-oracles --test service

.PHONY: fuzz-smoke
fuzz-smoke: ## Each fuzz target briefly, without a fuzzer (PORTCULLIS_FUZZ_INPUTS=<more>)
	$(CARGO) test --locked --package portcullis-oracles

.PHONY: fuzz
fuzz: ## Fuzzing until Ctrl-C, with nightly Rust and cargo-fuzz (FUZZ=<target>)
	mkdir -p fuzz/corpus/$(FUZZ)
	cd fuzz && $(CARGO) +nightly fuzz run $(FUZZ) corpus/$(FUZZ) seeds/$(FUZZ) regressions/$(FUZZ)

.PHONY: screenshots
screenshots: wasm probe envoy chromium postgres frameworks verifiers providers ## Pictures of the pages, as axe-core judges them: target/screenshots/all.html
	$(CARGO) test --locked --package portcullis-e2e --test e2e -- accessible
	rm -rf target/screenshots && mkdir target/screenshots
	cp "$$(ls -td target/e2e/*/chromium/screenshots | head -1)"/page-*.png target/screenshots/
	cd target/screenshots && for one in page-*.png; do \
	  echo "<figure><a href=$$one><img src=$$one width=320 alt=''></a><figcaption>$$one</figcaption></figure>"; done > all.html

.PHONY: e2e
e2e: wasm probe envoy chromium postgres frameworks verifiers providers ## End-to-end tests with real Envoy and Chromium (E2E=<name> for one, ENVOY_VERSION=<another one>)
	PORTCULLIS_ENVOY='$(or $(PORTCULLIS_ENVOY),$(abspath $(ENVOY)))' $(CARGO) test --locked --package portcullis-e2e --test e2e -- --test-threads=$(E2E_THREADS) $(E2E)

.PHONY: chaos
chaos: wasm envoy ## Kills programs and corrupts the feed at random (N=<runs>, SEED=<repeat one>)
	$(CARGO) build --locked --package portcullis-e2e --package portcullis-chaos --bins
	PORTCULLIS_ENVOY='$(or $(PORTCULLIS_ENVOY),$(abspath $(ENVOY)))' SEED=$(SEED) target/debug/chaos $(N)

.PHONY: bench
bench: wasm envoy wrk ## Cost of a request beside alternatives, speed of revocation, sign-ins and dashboard: target/bench/report.json
	$(CARGO) build --locked --release $(BENCH) --bin portcullis-control --bin bench
	@exec target/release/bench

.PHONY: bench-picture
bench-picture: ## Draw the last report: docs/bench.svg
	$(CARGO) build --locked --release $(BENCH) --bin portcullis-control --bin bench
	target/release/bench --draw docs/bench.svg

.PHONY: structure
structure: ## Length of Rust files and functions, and circles of `use` between files
	@tools/structure.py

.PHONY: papers
papers: ## Documents: paths that they name, and docs/FEATURES.md against the tests
	@tools/papers.py

.PHONY: features
features: ## Write the lists of tests into docs/FEATURES.md
	@tools/papers.py --write

.PHONY: openapi
openapi: control ## Write the description of the admin API: docs/openapi.json
	target/debug/portcullis-control openapi > docs/openapi.json

.PHONY: tools
tools: ## Tests of the scripts in tools/
	@tools/needs-test.sh

.PHONY: fmt
fmt: ## Formatting
	$(CARGO) fmt --all --check

.PHONY: clippy
clippy: wasm-target ## Lints, warnings denied
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings
	$(CARGO) clippy --locked --package portcullis --lib --target $(WASM_TARGET) -- --deny warnings
	$(CARGO) clippy --locked --package portcullis-probe --target $(WASM_TARGET) -- --deny warnings

.PHONY: deny
deny: ## Licences, versions and sources of dependencies
	@$(NEEDS) cargo-deny@$(CARGO_DENY_VERSION)
	$(CARGO) deny --locked check bans licenses sources

##@ Help

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# What the targets above need.

.PHONY: programs
programs: wasm envoy
	$(CARGO) build --locked $(PROGRAMS) --bins

.PHONY: wasm-target
wasm-target:
	@$(NEEDS) cargo rust-target@$(WASM_TARGET)

# Runs only when the linked module has changed, since it takes some seconds.
$(MODULE): $(LINKED) envoy/module/exports.txt envoy/module/finish.mjs | $(FINISH)/package-lock.json
	cp envoy/module/finish.mjs $(FINISH)/
	node $(FINISH)/finish.mjs $(LINKED) envoy/module/exports.txt $@

$(FINISH)/package-lock.json: envoy/module/package-lock.json envoy/module/package.json
	@$(NEEDS) node npm
	mkdir -p $(FINISH)
	cp envoy/module/package.json envoy/module/package-lock.json $(FINISH)/
	cd $(FINISH) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# Each as one script, which a page loads without a module.
$(FRAMEWORKS)/inertia.js: tests/e2e/frameworks/inertia.mjs $(FRAMEWORKS)/package-lock.json
	cd $(FRAMEWORKS) && cp node_modules/htmx-2/dist/htmx.min.js htmx-2.js
	cd $(FRAMEWORKS) && cp node_modules/htmx-4/dist/htmx.min.js htmx-4.js
	cd $(FRAMEWORKS) && cp node_modules/@hotwired/turbo/dist/turbo.es2017-umd.js turbo.js
	cp $< $(FRAMEWORKS)/
	cd $(FRAMEWORKS) && node_modules/.bin/esbuild inertia.mjs --bundle --log-level=warning --outfile=inertia.js

$(FRAMEWORKS)/package-lock.json: tests/e2e/frameworks/package-lock.json tests/e2e/frameworks/package.json
	@$(NEEDS) node npm
	mkdir -p $(FRAMEWORKS)
	cp tests/e2e/frameworks/package.json tests/e2e/frameworks/package-lock.json $(FRAMEWORKS)/
	cd $(FRAMEWORKS) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# The script is run where its packages are.
$(PROVIDERS)/package-lock.json: examples/demo/provider/package-lock.json examples/demo/provider/package.json
	@$(NEEDS) node npm
	mkdir -p $(PROVIDERS)
	cp examples/demo/provider/package.json examples/demo/provider/package-lock.json $(PROVIDERS)/
	@echo 'from npm: oidc-provider and what it needs'
	cd $(PROVIDERS) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(PROVIDERS)/venv/requirements.txt: tests/e2e/providers/django/requirements.txt
	@$(NEEDS) python3 venv
	python3 -m venv $(PROVIDERS)/venv
	@echo "from PyPI: $$(sed -n 's/^\([a-z0-9-]*\)==\([^ ]*\).*/\1 \2/p' $< | paste -sd, | sed 's/,/, /g')"
	$(PROVIDERS)/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	cp $< $@

$(VERIFIERS)/package-lock.json: tests/e2e/verifiers/package-lock.json tests/e2e/verifiers/package.json
	@$(NEEDS) node npm
	mkdir -p $(VERIFIERS)
	cp tests/e2e/verifiers/package.json tests/e2e/verifiers/package-lock.json $(VERIFIERS)/
	cd $(VERIFIERS) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(VERIFIERS)/venv/requirements.txt: tests/e2e/verifiers/requirements.txt
	@$(NEEDS) python3 venv
	python3 -m venv $(VERIFIERS)/venv
	$(VERIFIERS)/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	cp $< $@

envoy/versions/%.txt:
	@echo 'Envoy $* is not among the pinned versions: $(notdir $(basename $(wildcard envoy/versions/*.txt)))'; exit 1

$(ENVOY): envoy/versions/$(ENVOY_VERSION).txt
	@$(NEEDS) python3 venv
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
