# Two commands on a fresh machine with a Swift toolchain: `make run` and `make test`. `make help` lists the rest.

# Static: the binary needs no Swift runtime beside it and starts faster.
# Exclusivity: the run-time check of overlapping access costs about a microsecond a request. Debug and test builds keep
# it, and the compiler's static check holds everywhere. The flag stands here and not in Package.swift, because a
# package with unsafe flags in its manifest cannot be a dependency of another one.
RELEASE := -c release --product gateway --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
BINARY := .build/release/gateway
CONFIG ?= gateway.toml

# What the C libraries behind TLS and compression need to build.
PACKAGES := libssl-dev libbrotli-dev zlib1g-dev pkg-config
# The peers and the load generator of the comparison.
BENCH_PACKAGES := nginx-light haproxy wrk python3

.PHONY: help run test examples docs bench bench-test lint format setup build check readme clean

help:  ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 20

run: build  ## install what is missing, build, and serve gateway.toml (CONFIG=FILE for another)
	@exec $(BINARY) run --config $(CONFIG)

# Swift Testing runs its tests in parallel on as many threads as there are cores. Nothing here uses XCTest: without
# it the last line is the count of all tests.
test: setup  ## run all tests
	swift test --disable-xctest

examples: setup  ## build the examples of embedding, and have each check itself
	@scripts/run-examples

# The plugin that builds them is a dependency of the documentation alone, so that nobody else has to fetch it.
docs: setup  ## build the library's documentation into .build/docs
	@scripts/build-docs

bench: build  ## compare with nginx and HAProxy (SCENARIO=plain PEERS=nginx ROUNDS=5 DURATION=5 narrow it)
	@scripts/install-packages $(BENCH_PACKAGES)
	@python3 benchmarks/compare $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(PEERS),--peers $(PEERS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(DURATION),--duration $(DURATION))

bench-test:  ## test the comparison program itself
	@python3 -m unittest discover -s benchmarks/tests

lint:  ## check format, file sizes and folder names
	@scripts/lint

format:  ## put all Swift files into the house format
	@scripts/swift-files | xargs -0 swift format --in-place --parallel

setup:  ## install the Debian packages the build needs
	@scripts/install-packages $(PACKAGES)

build: setup  ## build the release binary, .build/release/gateway
	swift build $(RELEASE)

check: setup lint  ## everything a change has to pass: lint, build without warnings, README, tests, examples, documentation
	@scripts/build-strictly
	@$(MAKE) --no-print-directory bench-test readme test examples docs

readme:  ## run the commands of README.md against a gateway (BINARY=FILE; default: the debug build)
	@.ci/readme $(if $(filter command line,$(origin BINARY)),--binary $(BINARY))

clean:  ## remove what was built
	swift package clean
