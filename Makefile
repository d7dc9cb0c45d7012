# Everything here sets itself up: a Rust toolchain, a C compiler and (for tests) Debian are enough.
.DEFAULT_GOAL := help
.PHONY: help demo test bench fmt lint

# Passed on by `test` (to cargo test) and `bench` (to the benchmark).
ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The dev profile: the dependencies are optimised in it, and the tests share the build.
demo: ## the journey from agreement to alert on an example county; KEEP=1 leaves it running
	@cargo run --locked --bin yuqiao -- demo $(if $(KEEP),--keep)

test: ## every test on SQLite and PostgreSQL; ARGS=NAME chooses a part
	@scripts/test $(ARGS)

bench: ## what the gateway costs, each figure beside its limit
	@cargo bench --locked --bench gateway --no-run
	@scripts/with-postgres cargo bench --locked --bench gateway -- $(ARGS)

fmt: ## format the sources
	@cargo fmt

lint: ## format, lints and, where cargo-deny is installed, dependencies
	@scripts/lint
