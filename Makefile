# On a fresh machine with a Swift toolchain: `make run` and `make test`. `make help` lists the rest.

# Static: the binary needs no Swift runtime on the machine and starts faster.
# Exclusivity: the run-time check of overlapping access costs about a microsecond per request. Debug and test builds keep
# it, and the static check of the compiler always applies. The flag is here and not in Package.swift, because a
# package with unsafe flags in its manifest cannot be a dependency.
# The linker keeps only what is used: nothing is exported, identical functions are merged, and relocations are packed (glibc 2.36).
# Cross-module optimization: without it a request through the default chain takes 15 % more instructions.
FLAGS := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked -Xswiftc -cross-module-optimization \
	-Xswiftc -use-ld=lld -Xlinker --no-export-dynamic -Xlinker --icf=safe -Xlinker -z -Xlinker pack-relative-relocs -Xlinker -z -Xlinker now \
	--disable-local-rpath
RELEASE := $(FLAGS) --product gateway
BINARY := .build/release/gateway
# The guards measure a gateway and benchmarks of one build with testing enabled, so that the benchmarks can use internal
# declarations. That adds symbols to the binary and does not change its instructions.
GUARDED := --package-path benchmarks/micro $(FLAGS) -Xswiftc -enable-testing
CONFIG ?= gateway.toml
PREFIX ?= /usr/local

# The C libraries that the build needs.
PACKAGES := libssl-dev libbrotli-dev zlib1g-dev libc-ares-dev libcrypt-dev libsqlite3-dev pkg-config
# The servers that the tests start. Without one of them its tests are skipped.
TEST_PACKAGES := redis-server
SOAK_PACKAGES := nginx-light wrk openssl gcc libc6-dev python3
DEB_PACKAGES := debhelper fakeroot binutils python3
GUARD_PACKAGES := nginx-light valgrind binutils curl python3

# More options of debug builds. Different ones build everything again.
export BUILD_FLAGS ?=

# How long each target is fuzzed, in seconds, and which target; all by default.
SECONDS := 60
TARGET :=

.PHONY: help run install uninstall deb package-test sbom test test-thorough test-sanitized browser-test dashboard-test fuzz examples docs bench bench-middlewares bench-guard bench-guard-build bench-test
.PHONY: deploy-test tracing-test check-all soak slowhttptest h2spec cache-tests autobahn testssl lint format setup test-setup build check readme clean

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1	\2/' | expand -t 26

run: build  ## install what is missing, build, and serve gateway.toml (CONFIG=FILE serves another)
	@echo 'The program is $(BINARY). "make install" puts it on the PATH.'
	@exec $(BINARY) run --config $(CONFIG)

install: $(if $(wildcard $(BINARY)),,build)  ## copy the program, manual pages and completions to PREFIX (PREFIX=/usr/local; DESTDIR for packagers)
	@scripts/install-packages python3 binutils
	@install -d '$(DESTDIR)$(PREFIX)/bin'
	@install -m 755 --strip '$(BINARY)' '$(DESTDIR)$(PREFIX)/bin/gateway'
	@scripts/man-pages '$(DESTDIR)$(PREFIX)/share/man'
	@scripts/completions '$(BINARY)' '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
		'$(DESTDIR)$(PREFIX)/share/zsh/site-functions' '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d'
	@echo 'Installed $(DESTDIR)$(PREFIX)/bin/gateway'

uninstall:  ## remove what `make install` copied
	@cd '$(DESTDIR)$(PREFIX)' && rm -f bin/gateway share/man/man1/gateway.1 share/man/man5/gateway.toml.5 \
		share/bash-completion/completions/gateway share/zsh/site-functions/_gateway share/fish/vendor_completions.d/gateway.fish

deb: build  ## make dist/gateway_VERSION_ARCH.deb and the package of its debug symbols
	@scripts/install-packages $(DEB_PACKAGES)
	@scripts/build-deb $(BINARY)

# It installs, updates and purges the package in a Debian system of its own, so it needs root.
package-test: build  ## check the Debian package: lintian, manual pages, install, run, update under load, purge (needs root)
	@scripts/install-packages $(DEB_PACKAGES) lintian mandoc man-db debootstrap systemd bubblewrap python3-seccomp
	@scripts/package-test $(BINARY)

sbom: build  ## write dist/gateway.cdx.json, a list of all that is linked, and validate it (CycloneDX)
	@scripts/install-packages python3 python3-venv
	@test -x .build/sbom/bin/python || (python3 -m venv .build/sbom && .build/sbom/bin/pip install -q 'cyclonedx-python-lib[json-validation]')
	@.build/sbom/bin/python scripts/sbom $(BINARY)

# Swift Testing runs tests in parallel, one thread per core. Nothing uses XCTest; without it the last line is the number of tests.
test: test-setup  ## run all tests
	swift test --disable-xctest $(BUILD_FLAGS)

test-thorough: test-setup  ## run the tests over sockets and the model of the cache with all cases that `make test` samples
	GATEWAY_THOROUGH=1 swift test --disable-xctest --filter 'GatewayEndToEndTests|CacheModelTests'

# Slow: each sanitizer needs a separate build. GATEWAY_SANITIZED marks the differences in the tests. Leaks are not checked,
# because Foundation keeps memory until the end. Files need not import the module of the lock that only these builds
# have, so members are visible without an import. One test at a time: in parallel they are so slow that the time limits
# of the gateway expire.
test-sanitized: test-setup  ## run all tests under AddressSanitizer and ThreadSanitizer (narrow with FILTER=REGEX SANITIZERS=thread)
	@for sanitizer in $(or $(SANITIZERS),address thread); do \
		ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/tsan-suppressions" \
			swift test --no-parallel --disable-xctest --sanitize $$sanitizer --scratch-path .build-$$sanitizer \
			-Xswiftc -DGATEWAY_SANITIZED -Xswiftc -disable-upcoming-feature -Xswiftc MemberImportVisibility \
			$(if $(FILTER),--filter '$(FILTER)') || exit 1; \
	done

fuzz: setup  ## fuzz all parsers of outside input (SECONDS=60 per target, TARGET=requests)
	@scripts/fuzz $(SECONDS) $(TARGET)

browser-test: test-setup  ## load pages through the gateway in headless Chromium, and check what ran and what was reported
	@scripts/install-packages chromium openssl python3
	swift build --product gateway $(BUILD_FLAGS)
	@scripts/browser-test
	@scripts/browser-test-cors

dashboard-test: setup  ## use the dashboard in headless Chromium, in front of a gateway under load
	@scripts/install-packages chromium python3
	swift build --product gateway
	@scripts/dashboard-test

examples: setup  ## build and test the examples
	@scripts/run-examples

# The DocC plugin is a dependency of this target only, so that other builds do not fetch it.
docs: setup  ## build the API reference into .build/docs
	@scripts/build-docs

bench: build  ## compare with nginx, HAProxy, Varnish, Envoy, Caddy (narrow with SCENARIO=plain,chain PEERS=nginx ROUNDS=5 DURATION=5)
	@scripts/install-bench-peers $(PEERS)
	@python3 benchmarks/compare $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(PEERS),--peers $(PEERS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(DURATION),--duration $(DURATION)) \
		$(if $(URL),--url '$(URL)') $(if $(GATEWAY_CONFIG),--gateway-config '$(GATEWAY_CONFIG)') $(if $(RECORD),--record)

bench-middlewares: build  ## measure the cost of each middleware (ROUNDS=5 DURATION=5)
	@scripts/install-bench-peers nginx
	@python3 benchmarks/compare --middlewares $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(DURATION),--duration $(DURATION))

bench-guard: bench-guard-build  ## compare instructions and allocations with benchmarks/ceilings.json (UPDATE=1 rewrites it)
	@scripts/install-packages $(GUARD_PACKAGES)
	@python3 benchmarks/guard benchmarks/micro/.build/release $(if $(UPDATE),--update)

bench-guard-build: setup
	swift build $(GUARDED) --product gateway
	swift build $(GUARDED) --product GatewayBenchmarks

soak: build  ## send everything at once for MINUTES=10, verified byte by byte (SEED=N repeats a run)
	@scripts/install-packages $(SOAK_PACKAGES)
	@python3 benchmarks/soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

autobahn: build  ## run the WebSocket cases of the Autobahn test suite through the gateway, and compare with a direct run
	@test -x .build/autobahn/bin/kosoku || (python3 -m venv .build/autobahn && .build/autobahn/bin/pip install -q kosoku websockets)
	@PATH="$(CURDIR)/.build/autobahn/bin:$$PATH" .build/autobahn/bin/python scripts/autobahn

h2spec: build  ## check HTTP/2 from clients against RFC 9113, over TLS and without
	@scripts/h2spec

cache-tests: build  ## check the cache against the tests of cache-tests.fyi (a checkout in CACHE_TESTS)
	@scripts/cache-tests

slowhttptest: build  ## attack with slow heads, bodies, readers and ranges, and check that others are served
	@scripts/install-packages slowhttptest curl
	@scripts/slowhttptest

testssl: build  ## scan TLS with testssl.sh, and check that it finds nothing wrong (takes three minutes)
	@scripts/install-packages testssl.sh python3
	@scripts/testssl

grpc-test: build  ## run gRPC clients and servers of grpcio through the gateway
	@scripts/install-packages python3 python3-venv openssl
	@test -x .build/grpc/bin/python || (python3 -m venv .build/grpc && .build/grpc/bin/pip install -q grpcio grpcio-health-checking)
	@.build/grpc/bin/python scripts/grpc-test --binary $(BINARY)

deploy-test: build  ## check the files in deploy/, as far as that is possible without Docker
	@scripts/install-packages prometheus python3-yaml python3-venv
	@scripts/install-cluster-tools .build/cluster
	@PATH="$(CURDIR)/.build/cluster/bin:$$PATH" /usr/bin/python3 scripts/deploy-test $(BINARY)

prometheus-test: build  ## check metrics, rules and dashboards with promtool and two real Prometheus servers
	@scripts/install-packages prometheus redis-server openssl python3
	@test -x .build/prometheus/bin/python || (python3 -m venv .build/prometheus && .build/prometheus/bin/pip install -q prometheus_client)
	@.build/prometheus/bin/python scripts/prometheus-test --binary $(BINARY)

tracing-test:  ## check the spans of two gateways and a service with the libraries of OpenTelemetry (BINARY=FILE, default: the debug build)
	@scripts/install-packages python3 python3-venv
	@test -x .build/tracing/bin/python || (python3 -m venv .build/tracing && .build/tracing/bin/pip install -q opentelemetry-proto opentelemetry-sdk opentelemetry-exporter-otlp-proto-http)
	$(if $(filter command line,$(origin BINARY)),,swift build --product gateway)
	@.build/tracing/bin/python scripts/tracing-test $(if $(filter command line,$(origin BINARY)),--binary $(BINARY))

openapi-test: build  ## check the description of the admin API against the API, with openapi-spec-validator and schemathesis
	@scripts/install-packages python3 python3-venv
	@test -x .build/openapi/bin/schemathesis || (python3 -m venv .build/openapi && .build/openapi/bin/pip install -q openapi-spec-validator jsonschema schemathesis)
	@.build/openapi/bin/python scripts/openapi-test --binary $(BINARY)

bench-test:  ## test the comparison program
	@python3 -m unittest discover -s benchmarks/tests

lint:  ## check format, file sizes, folder names and documents
	@scripts/lint

format:  ## format all Swift files
	@scripts/swift-files | xargs -0 swift format --in-place --parallel

setup:  ## install the Debian packages that the build needs
	@scripts/install-packages $(PACKAGES)

test-setup: setup
	@scripts/install-packages $(TEST_PACKAGES)

build: setup  ## build the release binary, .build/release/gateway
	swift build $(RELEASE)

check: setup lint  ## everything a change must pass: lint, build without warnings, README, tests, examples, API reference
	@scripts/build-strictly
	@$(MAKE) --no-print-directory bench-test readme test examples docs

# h2spec and cache-tests are separate downloads, so check-all leaves them out where they are missing.
H2SPEC_IF_INSTALLED := $(if $(shell command -v $${H2SPEC:-h2spec}),h2spec)

CACHE_TESTS_IF_PRESENT := $(if $(wildcard $(or $(CACHE_TESTS),.build/cache-tests)/test-engine),cache-tests)

check-all: check  ## also everything slow: ceilings, browser, sanitizers, fuzz, slowhttptest, h2spec, cache-tests, grpcio, OpenTelemetry, schemathesis, testssl, Autobahn, soak, peers
	@$(MAKE) --no-print-directory bench-guard browser-test dashboard-test test-thorough test-sanitized fuzz slowhttptest $(H2SPEC_IF_INSTALLED) $(CACHE_TESTS_IF_PRESENT) testssl grpc-test tracing-test openapi-test prometheus-test deploy-test package-test sbom autobahn soak bench

readme:  ## run the commands of README.md, and compare its picture (BINARY=FILE, default: the debug build; UPDATE=1 draws it)
	@.ci/readme $(if $(filter command line,$(origin BINARY)),--binary $(BINARY))
	@scripts/start-screen $(if $(filter command line,$(origin BINARY)),--binary $(BINARY)) $(if $(UPDATE),--update)

clean:  ## remove build products
	swift package clean
