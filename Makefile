# What there is to do with Fanfare; `make` alone lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Every build uses the versions in Cargo.lock. The toolchain's version is in rust-toolchain.toml.
CARGO := cargo
export CARGO_TARGET_DIR ?= $(CURDIR)/target

# Where install puts what the machine lacks; .ci/run keeps it outside the clone.
export FANFARE_TOOLS_DIR ?= $(CURDIR)/.dev/tools

# The dashboard, and what it is built from. Its build is embedded in the binary.
WEB := crates/dashboard/web
WEB_INPUTS := $(shell find $(WEB) -type f -not -path '*/node_modules/*' -not -path '*/dist/*')
NPM := npm --prefix $(WEB) --no-audit --no-fund --no-update-notifier
# Whether this machine can build it.
NODE_VERSION := 20.19
HAS_NODE := command -v npm >/dev/null && printf '%s\n' $(NODE_VERSION) "$$(node --version | tr -d v)" | sort -VC

.PHONY: help run test lint dashboard bench micro up down openapi compiler

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 10

run: compiler dashboard ## Build and start everything in one process, with a receiver and one event to look at
	$(CARGO) build --release --locked -p fanfare-server
	exec "$(CARGO_TARGET_DIR)/release/fanfare" standalone --demo

test: compiler dashboard ## Run every test, against real backends; fetches those that the machine lacks
	deploy/servers/install
	$(NPM) test
	$(NPM) run size
	source "$(FANFARE_TOOLS_DIR)/env.sh"
	# A test that finds no server fails rather than passing unseen.
	export FANFARE_REQUIRE_SERVERS=1
	# End-to-end tests start the binary as processes of its own.
	export FANFARE_BIN="$(CARGO_TARGET_DIR)/debug/fanfare"
	$(CARGO) build --workspace --bins --tests --locked
	if $(CARGO) nextest --version >/dev/null 2>&1; then
		$(CARGO) nextest run --workspace --locked
		$(CARGO) test --workspace --doc --locked
	else
		echo "cargo-nextest is not installed: using cargo test, which is slower and has no time limits"
		$(CARGO) test --workspace --locked
	fi

lint: compiler ## Check the format, Clippy's and ESLint's lints, types, and which crate depends on which
	if $(HAS_NODE); then
		$(MAKE) --no-print-directory $(WEB)/node_modules/.package-lock.json
		$(NPM) run lint
		$(NPM) run typecheck
		$(NPM) run generate -- --check
	else
		echo "Node $(NODE_VERSION) or later is not installed: the dashboard is not checked"
	fi
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	deploy/check-boundaries

dashboard: ## Build the dashboard's pages, which the binary embeds; without Node it is left out
	@if $(HAS_NODE); then
		$(MAKE) --no-print-directory $(WEB)/dist/index.html
	else
		echo "Node $(NODE_VERSION) or later is not installed: the dashboard is left out, or stays as it was built before"
	fi

bench: compiler ## Measure the whole system under load; tests/load/README.md says what CASES, BACKEND, JSON and SCALE choose
	deploy/servers/install
	source "$(FANFARE_TOOLS_DIR)/env.sh"
	# Built by itself, so that nothing the benchmark needs is in the binary that is measured.
	$(CARGO) build --release --locked -p fanfare-server
	$(CARGO) build --release --locked -p fanfare-load
	export FANFARE_BIN="$(CARGO_TARGET_DIR)/release/fanfare"
	exec "$(CARGO_TARGET_DIR)/release/fanfare-load"

micro: compiler ## Measure single functions: matching, envelopes, signatures, records, packs, figures, spans that nobody wants
	$(CARGO) bench --locked -p fanfare-domain -p fanfare-ports -p fanfare-proto -p fanfare-spans -p fanfare-telemetry

up: compiler dashboard ## Start the distributed system on this machine, one process a service, data under .dev/
	deploy/servers/install
	$(CARGO) build --release --locked -p fanfare-server
	deploy/local/up

down: ## Stop what `make up` started; its data stay
	deploy/local/down

openapi: compiler ## Write the REST description anew from the code, and the dashboard's types from it
	$(CARGO) run --quiet --locked -p fanfare-server -- openapi >crates/api/openapi.json.new
	mv crates/api/openapi.json.new crates/api/openapi.json
	if $(HAS_NODE); then
		$(MAKE) --no-print-directory $(WEB)/node_modules/.package-lock.json
		$(NPM) run generate
	fi

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json $(WEB_INPUTS)
	$(NPM) run build

# What npm notes there is as old as what it installed.
$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json
	$(NPM) ci
	touch $@

# Rust and a C compiler (for SQLite and the cryptography) are all that a build needs.
compiler:
	@missing=
	command -v $(CARGO) >/dev/null || missing+=$$'\n  - Rust: rustup installs it (https://rustup.rs), in the version that rust-toolchain.toml names'
	command -v cc >/dev/null || missing+=$$'\n  - a C compiler (Debian: apt-get install build-essential)'
	if [[ -n $$missing ]]; then
		echo "missing on this machine:$$missing" >&2
		exit 1
	fi

# One shell for a whole recipe, so that variables and `if` reach over its lines.
.ONESHELL:
