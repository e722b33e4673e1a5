# Two commands on a fresh machine with a Swift toolchain: `make run` and `make test`. `make help` lists the rest.

# Static: the binary needs no Swift runtime beside it and starts faster.
# Exclusivity: the run-time check of overlapping access costs about a microsecond a request. Debug and test builds keep
# it, and the compiler's static check holds everywhere. The flag stands here and not in Package.swift, because a
# package with unsafe flags in its manifest cannot be a dependency of another one.
FLAGS := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
RELEASE := $(FLAGS) --product gateway
BINARY := .build/release/gateway
# The guards measure a gateway and benchmarks of one build, which lets the benchmarks at what is internal. That adds
# symbols to the binary and leaves its instructions as they are.
GUARDED := --package-path benchmarks/micro $(FLAGS) -Xswiftc -enable-testing
CONFIG ?= gateway.toml
PREFIX ?= /usr/local

# What the C libraries behind TLS and compression need to build.
PACKAGES := libssl-dev libbrotli-dev zlib1g-dev pkg-config
SOAK_PACKAGES := nginx-light wrk python3
GUARD_PACKAGES := nginx-light valgrind binutils curl python3

# How long each target is fuzzed, and which; all where none is named.
SECONDS := 60
TARGET :=

.PHONY: help run install test test-sanitized browser-test fuzz examples docs bench bench-middlewares bench-guard bench-test
.PHONY: soak slowhttptest lint format setup build check readme clean

help:  ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 26

run: build  ## install what is missing, build, and serve gateway.toml (CONFIG=FILE for another)
	@echo 'The program is $(BINARY). "make install" puts it on the PATH.'
	@exec $(BINARY) run --config $(CONFIG)

install: $(if $(wildcard $(BINARY)),,build)  ## copy the program to PREFIX/bin (PREFIX=/usr/local; DESTDIR for packagers)
	@install -d '$(DESTDIR)$(PREFIX)/bin'
	@install -m 755 '$(BINARY)' '$(DESTDIR)$(PREFIX)/bin/gateway'
	@echo 'Installed $(DESTDIR)$(PREFIX)/bin/gateway'

# Swift Testing runs its tests in parallel on as many threads as there are cores. Nothing here uses XCTest: without
# it the last line is the count of all tests.
test: setup  ## run all tests
	swift test --disable-xctest

# Slow: each sanitizer has a build of its own. What they make differ is under GATEWAY_SANITIZED.
# What Foundation has not freed when the tests end is no finding. One test at a time: beside each other they are so slow
# that the gateway's own time limits pass.
test-sanitized: setup  ## run all tests under AddressSanitizer and ThreadSanitizer (FILTER=REGEX SANITIZERS=thread narrow it)
	@for sanitizer in $(or $(SANITIZERS),address thread); do \
		ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/tsan-suppressions" \
			swift test --no-parallel --disable-xctest --sanitize $$sanitizer --scratch-path .build-$$sanitizer \
			-Xswiftc -DGATEWAY_SANITIZED $(if $(FILTER),--filter '$(FILTER)') || exit 1; \
	done

fuzz: setup  ## fuzz all that parses what comes from outside (SECONDS=60 a target, TARGET=requests)
	@scripts/fuzz $(SECONDS) $(TARGET)

browser-test: setup  ## show pages through the gateway to a headless Chromium, and compare what it ran and reported
	@scripts/install-packages chromium openssl python3
	swift build --product gateway
	@scripts/browser-test

examples: setup  ## build the examples of embedding, and have each check itself
	@scripts/run-examples

# The plugin that builds them is a dependency of the documentation alone, so that nobody else has to fetch it.
docs: setup  ## build the library's documentation into .build/docs
	@scripts/build-docs

bench: build  ## compare with nginx, HAProxy, Varnish, Envoy, Caddy (narrow with SCENARIO=plain,chain PEERS=nginx ROUNDS=5 DURATION=5)
	@scripts/install-bench-peers $(PEERS)
	@python3 benchmarks/compare $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(PEERS),--peers $(PEERS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(DURATION),--duration $(DURATION)) \
		$(if $(URL),--url '$(URL)') $(if $(GATEWAY_CONFIG),--gateway-config '$(GATEWAY_CONFIG)') $(if $(RECORD),--record)

bench-middlewares: build  ## what each middleware costs (ROUNDS=5 DURATION=5)
	@scripts/install-bench-peers nginx
	@python3 benchmarks/compare --middlewares $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(DURATION),--duration $(DURATION))

bench-guard: setup  ## compare instructions and allocations with benchmarks/ceilings.json (UPDATE=1 writes it anew)
	@scripts/install-packages $(GUARD_PACKAGES)
	swift build $(GUARDED) --product gateway
	swift build $(GUARDED) --product GatewayBenchmarks
	@python3 benchmarks/guard benchmarks/micro/.build/release $(if $(UPDATE),--update)

soak: build  ## everything at once for MINUTES=10, checked byte by byte (SEED=N for the same once more)
	@scripts/install-packages $(SOAK_PACKAGES)
	@python3 benchmarks/soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

slowhttptest: build  ## slow heads, bodies, readers and ranges by slowhttptest: others are served meanwhile
	@scripts/install-packages slowhttptest curl
	@scripts/slowhttptest

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

readme:  ## run the commands of README.md, and compare its picture (BINARY=FILE, default: the debug build; UPDATE=1 draws it)
	@.ci/readme $(if $(filter command line,$(origin BINARY)),--binary $(BINARY))
	@scripts/start-screen $(if $(filter command line,$(origin BINARY)),--binary $(BINARY)) $(if $(UPDATE),--update)

clean:  ## remove what was built
	swift package clean
