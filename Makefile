# Front door to the CMake build. `make help` explains the targets; README.md shows the rest.

PRESET ?= release
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
SITE   ?= sites/hall.maml.md
ARGS   ?=

BUILD     := build/$(PRESET)
CONFIGURE := cmake --preset $(PRESET) -DCMAKE_INSTALL_PREFIX=$(PREFIX) --log-level=NOTICE
NINJA     := cmake --build $(BUILD) --parallel $(JOBS)

.PHONY: help run build check bench install deps fmt lint interop canary coverage clean
.DEFAULT_GOAL := help

help:
	@echo 'make run      run the example site and serve its dashboard on http://127.0.0.1:8048'
	@echo '              (ARGS="--for 30s" adds options, SITE=... takes another site)'
	@echo 'make build    the program, as $(BUILD)/symgrid, and the library'
	@echo 'make check    build everything and run every test'
	@echo 'make bench    build and run the benchmarks'
	@echo 'make install  install below PREFIX=$(PREFIX) (DESTDIR=... stages a package)'
	@echo 'make deps     install missing Debian packages for the build (the other targets do it too)'
	@echo 'make fmt      format the C sources'
	@echo 'make lint     formatting, layers and clang-tidy'
	@echo 'make interop  drive the program with independent clients (needs the network once)'
	@echo 'make canary   put each known mistake of tests/canary into a copy: all must be noticed'
	@echo 'make coverage run the tests with counters and print line and branch coverage'
	@echo 'make clean    remove build/'

deps:
	@tools/deps.sh build

build: deps
	@$(CONFIGURE)
	@$(NINJA) --target product

run: build
	$(BUILD)/symgrid run $(SITE) $(ARGS)

check:
	@tools/deps.sh check
	@$(CONFIGURE)
	@$(NINJA)
	@ctest --preset $(PRESET) --parallel $(JOBS) --output-junit junit.xml $(ARGS)

bench: build
	@$(NINJA) --target benchmarks
	@tools/bench.sh $(BUILD) $(ARGS)

install: build
	@cmake --install $(BUILD)

interop: build
	@tools/interop.sh $(BUILD)/symgrid || { status=$$?; [ $$status -eq 77 ] || exit $$status; }

canary:
	@tools/deps.sh check
	@tools/canary.sh $(ARGS)

fmt:
	@tools/deps.sh lint
	@tools/lint.sh --fix

lint:
	@tools/deps.sh lint
	@tools/lint.sh

coverage:
	@tools/deps.sh coverage
	@tools/coverage.sh $(JOBS)

clean:
	rm -rf build
