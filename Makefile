# sweepd: `make run` and `make test` do everything on a bare Debian 12; `make help` lists the rest.

MODE ?= release
B    := build/$(MODE)

BUILD_PACKAGES := gcc libc6-dev pkg-config libmicrohttpd-dev libjansson-dev libsqlite3-dev \
                  libopenblas-dev nettle-dev zlib1g-dev ca-certificates
TEST_PACKAGES  := libcmocka-dev curl jq gzip chromium fonts-dejavu-core nginx-light openssl python3
CHECK_PACKAGES := clang clang-format clang-tidy cppcheck libclang-rt-14-dev valgrind wrk \
                  universal-ctags
BENCH_PACKAGES := python3-optuna

WARN := -std=c17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
        -Wdouble-promotion -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings \
        -Wundef -Wvla -Wformat=2 -Wswitch-enum -Wnull-dereference -fno-common
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
OPT_release  := -O3 -fno-math-errno -fno-trapping-math $(HARDEN)
OPT_asan     := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_tsan     := -O1 -fno-omit-frame-pointer -fsanitize=thread
OPT_coverage := -O0 --coverage
OPT_clang    := -O1 -Werror
OPT_fuzz     := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
OPT_werror   := $(OPT_release) -Werror
LINK_release := -pie -Wl,-z,relro,-z,now
LINK_werror  := $(LINK_release)
LINK_asan    := -fsanitize=address,undefined
LINK_tsan    := -fsanitize=thread
LINK_coverage := --coverage
LINK_fuzz    := -fsanitize=fuzzer,address,undefined
CC_clang     := clang
CC_fuzz      := clang
ifneq ($(CC_$(MODE)),)
CC := $(CC_$(MODE))
else
CC := gcc
endif

# Never -ffast-math: isfinite() must work; contraction would make bits depend on the machine.
CFLAGS := $(WARN) $(OPT_$(MODE)) -g -D_GNU_SOURCE -ffp-contract=off -Iinclude -pthread -MMD -MP $(EXTRA_CFLAGS)
LDFLAGS := $(LINK_$(MODE)) -pthread

COMMON_LIBS := -ljansson -lnettle -lz -lm
SERVER_LIBS := -lmicrohttpd -lsqlite3 $(COMMON_LIBS)
WORKER_LIBS := -lopenblas $(COMMON_LIBS)

objects = $(patsubst %,$(B)/%.o,$(basename $(1)))
COMMON_SOURCES  := $(wildcard common/*.c common/*/*.c)
SERVER_SOURCES  := $(filter-out server/main.c,$(wildcard server/*.c server/*/*.c server/*/*/*.c))
WORKER_SOURCES  := $(filter-out worker/main.c,$(wildcard worker/*.c worker/*/*.c worker/*/*/*.c))
# Compiled once more with double for its numbers (worker/math/real.h).
EXACT_SOURCES   := $(wildcard worker/stepper.c worker/metrics.c worker/math/*.c worker/optimizers/*.c worker/dynamics/*.c \
                     worker/objectives/problem*.c worker/objectives/problems/*.c)
SUPPORT_SOURCES := $(wildcard tests/support/*.c)
TEST_SOURCES    := $(wildcard tests/common/test_*.c tests/common/*/test_*.c tests/server/test_*.c tests/server/*/test_*.c tests/server/*/*/test_*.c \
                     tests/worker/test_*.c tests/worker/*/test_*.c tests/e2e/test_*.c)
BENCH_SOURCES   := $(wildcard tests/bench/bench_*.c)
FUZZ_SOURCES    := $(wildcard tests/fuzz/fuzz_*.c)
REPRODUCE_SOURCES := $(wildcard tests/reproduce/*.c)
TESTS           := $(patsubst tests/%.c,$(B)/tests/%,$(TEST_SOURCES))
FUZZERS         := $(patsubst tests/%.c,$(B)/tests/%,$(FUZZ_SOURCES))
BENCHES         := $(patsubst tests/%.c,$(B)/tests/%,$(BENCH_SOURCES))

.PHONY: all
all: setup-build
	@$(MAKE) --no-print-directory -j$(shell nproc) built

.PHONY: built
built: build/sweepd build/sweepd-worker
	@:
build/sweepd build/sweepd-worker: build/%: build/release/%
	@ln -f $< $@

$(B)/sweepd: $(B)/server/main.o $(B)/libserver.a $(B)/libcommon.a
	$(call SAY,link)$(CC) $(LDFLAGS) -o $@ $^ $(SERVER_LIBS)

$(B)/sweepd-worker: $(B)/worker/main.o $(B)/libworker.a $(B)/libcommon.a
	$(call SAY,link)$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)

$(B)/libcommon.a: $(call objects,$(COMMON_SOURCES))
$(B)/libserver.a: $(call objects,$(SERVER_SOURCES))
$(B)/libworker.a: $(call objects,$(WORKER_SOURCES))
$(B)/libexact.a: $(patsubst %.c,$(B)/exact/%.o,$(EXACT_SOURCES))
$(B)/libsupport.a: $(call objects,$(SUPPORT_SOURCES))
$(B)/%.a:
	@rm -f $@
	@ar rcs $@ $^

$(B)/server/%.o: CFLAGS += -Iserver
$(B)/worker/%.o: CFLAGS += -Iworker
$(B)/exact/%.o: CFLAGS += -Iworker -DREAL_IS_DOUBLE -Wno-double-promotion
$(B)/tests/worker/exact/%.o: CFLAGS += -DREAL_IS_DOUBLE -Wno-double-promotion
$(B)/tests/server/%.o: CFLAGS += -Iserver -Itests
$(B)/tests/worker/%.o: CFLAGS += -Iworker -Itests
$(B)/tests/common/%.o $(B)/tests/support/%.o $(B)/tests/e2e/%.o $(B)/tests/bench/%.o $(B)/tests/reproduce/%.o: CFLAGS += -Itests
$(B)/tests/bench/bench_server%.o: CFLAGS += -Iserver
$(B)/tests/bench/bench_worker%.o: CFLAGS += -Iworker
$(B)/tests/bench/quality_search.o: CFLAGS += -Iserver

# V=1 shows whole commands.
SAY = $(if $(V),,@echo "  $(1) $@";)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,cc)$(CC) $(CFLAGS) -c -o $@ $<

$(B)/exact/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,cc)$(CC) $(CFLAGS) -c -o $@ $<

# A test links only the side it tests, so that neither program leans on the other.
TEST_LINK = $(call SAY,link)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %libsupport.a,$^) $(filter-out %libsupport.a %libcommon.a,$(filter %.a,$^)) $(B)/libcommon.a
$(B)/tests/common/%: $(B)/tests/common/%.o $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(COMMON_LIBS)
$(B)/tests/server/%: $(B)/tests/server/%.o $(B)/libserver.a $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(SERVER_LIBS)
$(B)/tests/worker/exact/%: $(B)/tests/worker/exact/%.o $(B)/libexact.a $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(WORKER_LIBS)
$(B)/tests/worker/%: $(B)/tests/worker/%.o $(B)/libworker.a $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(WORKER_LIBS)
$(B)/tests/e2e/test_%: $(B)/tests/e2e/test_%.o $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(COMMON_LIBS)
$(B)/tests/bench/bench_worker%: $(B)/tests/bench/bench_worker%.o $(B)/libworker.a $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(WORKER_LIBS)
$(B)/tests/bench/bench_server%: $(B)/tests/bench/bench_server%.o $(B)/libserver.a $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(SERVER_LIBS)
$(B)/tests/bench/bench_service $(B)/tests/bench/bench_service_asks: %: %.o $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(COMMON_LIBS)
$(B)/tests/bench/quality_search: $(B)/tests/bench/quality_search.o $(B)/tests/bench/objectives.o $(B)/libserver.a $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) $(SERVER_LIBS)
$(B)/tests/bench/objectives.so: tests/bench/objectives.c
	$(call SAY,link)$(CC) $(CFLAGS) -Itests -fPIC -shared -o $@ $< -lm
$(B)/tests/reproduce/reproduce: $(call objects,$(REPRODUCE_SOURCES)) $(B)/libcommon.a $(B)/libsupport.a
	$(TEST_LINK) -lcmocka $(COMMON_LIBS)
$(B)/tests/e2e/test_reproduce: | $(B)/tests/reproduce/reproduce
# A fuzz target's first line names its side.
fuzzers_of = $(patsubst tests/%.c,$(B)/tests/%,$(shell grep -l '^/\* side: $(1) \*/' tests/fuzz/fuzz_*.c))
$(B)/tests/fuzz/%.o: CFLAGS += -Iserver -Iworker -Itests
$(call fuzzers_of,common): %: %.o $(B)/libcommon.a
	$(TEST_LINK) $(COMMON_LIBS)
$(call fuzzers_of,server): %: %.o $(B)/libserver.a $(B)/libcommon.a
	$(TEST_LINK) $(SERVER_LIBS)
$(call fuzzers_of,worker): %: %.o $(B)/libworker.a $(B)/libcommon.a
	$(TEST_LINK) $(WORKER_LIBS)
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# --- setting up: touches apt only where something is missing -------------------------------------

missing = $(shell for p in $(1); do dpkg-query -W -f='$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || echo $$p; done)
define install_missing
	@missing="$(call missing,$(1))"; \
	if [ -n "$$missing" ]; then \
	    echo "installing: $$missing"; \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    $$sudo sh tests/support/install.sh $$missing; \
	fi
endef
node_package = $(if $(shell command -v node 2>/dev/null),,nodejs) $(if $(shell command -v npm 2>/dev/null),,npm)

.PHONY: setup-build setup-test setup-check setup-bench
setup-build:
	$(call install_missing,$(BUILD_PACKAGES) $(node_package))
setup-test: setup-build
	$(call install_missing,$(TEST_PACKAGES))
setup-check: setup-test
	$(call install_missing,$(CHECK_PACKAGES))
setup-bench: setup-check
	$(call install_missing,$(BENCH_PACKAGES))

# --- the page: bundled by esbuild, embedded into the server ---------------------------------------

PAGE := web/dist/index.html
PAGE_SOURCES := $(shell find web/src web/*.json web/*.mjs web/*.html -type f 2>/dev/null)
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	$(call SAY,npm)cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
$(PAGE): $(PAGE_SOURCES) web/node_modules/.package-lock.json
	$(call SAY,page)cd web && npm run --silent build
	@touch $@
$(B)/server/api/page.o: $(PAGE) $(wildcard web/dist/*)
$(B)/server/api/catalog.o: schema/openapi.json
$(B)/server/store/migrations.o: $(wildcard schema/*.sql)
.PHONY: page
page: $(PAGE)

# --- running and testing ----------------------------------------------------------------------------

.PHONY: run test check bench fuzz analyze layers format coverage headers clean help
run: all  ## install what is missing, build, serve on 127.0.0.1:8080 with data under var/, queue a demo
	@exec build/sweepd --data var --demo --progress $(ARGS)

test: setup-test all  ## install what tests need and run them all
	@$(MAKE) --no-print-directory -j$(shell nproc) programs tests
	@$(MAKE) --no-print-directory run-tests

.PHONY: run-tests programs tests fuzzers
fuzzers: $(FUZZERS)
tests: $(TESTS)
programs: $(B)/sweepd $(B)/sweepd-worker
run-tests: programs $(TESTS)
	@$(if $(SWEEPD_WORKER),SWEEPD_WORKER="$(SWEEPD_WORKER)") tests/support/run-tests.sh $(B) $(TESTS)

check: setup-check  ## what a commit must pass: format, layers, headers, both compilers, tests, sanitizers
	$(MAKE) --no-print-directory format-check layers headers
	$(MAKE) --no-print-directory MODE=werror -j$(shell nproc) programs tests
	$(MAKE) --no-print-directory MODE=clang -j$(shell nproc) programs tests
	$(MAKE) --no-print-directory test
	$(MAKE) --no-print-directory asan
	$(MAKE) --no-print-directory tsan
	$(MAKE) --no-print-directory valgrind

# The long run on MNIST is left to `make test`.
SHORT_TESTS := $(filter-out tests/e2e/test_mnist.c,$(TEST_SOURCES))
.PHONY: asan tsan valgrind format-check
ASAN_MAKE := $(MAKE) --no-print-directory MODE=asan TEST_SOURCES="$(SHORT_TESTS)"
asan: setup-check  ## the tests, with both programs, under AddressSanitizer and UBSan
	@$(ASAN_MAKE) -j$(shell nproc) programs tests
	@$(ASAN_MAKE) run-tests

# The worker there is the release build's: its threads are OpenBLAS's, and it would be slow. The test
# of floods measures how long people wait: ten times as long there. Algorithms of searches know no
# threads, and their tests would take half an hour there.
THREADED := $(filter-out tests/e2e/test_flood.c tests/server/search/%,$(filter tests/server/% tests/e2e/%,$(SHORT_TESTS)))
TSAN_MAKE := $(MAKE) --no-print-directory MODE=tsan TEST_SOURCES="$(THREADED)" SWEEPD_WORKER="$(CURDIR)/build/release/sweepd-worker"
tsan: setup-check all  ## the server's tests, and the server under the tests from outside, under ThreadSanitizer
	@$(TSAN_MAKE) -j$(shell nproc) programs tests
	@$(TSAN_MAKE) run-tests

valgrind: setup-check all  ## the worker and some of its tests: nothing undefined read, nothing lost
	@$(MAKE) --no-print-directory -j$(shell nproc) tests
	tests/support/valgrind.sh build/release

ALL_C := $(shell git ls-files '*.c' '*.h')
format:  ## bring every C file into shape
	clang-format -i $(ALL_C)
format-check:
	@clang-format --dry-run -Werror $(ALL_C) && echo "format: as it should be"
layers:  ## who may use whom
	tests/support/layers.sh
headers:  ## every header compiles alone
	@for h in $$(git ls-files 'include/*.h' 'server/*.h' 'worker/*.h'); do \
	    case $$h in server/*) i=-Iserver;; worker/*) i=-Iworker;; *) i=;; esac; \
	    printf "#include \"%s\"\nextern int alone;\n" "$${h#*/}" | $(CC) $(WARN) -Werror -D_GNU_SOURCE -Iinclude $$i -fsyntax-only -x c - || exit 1; \
	done

# A stamp says that a file was found clean: a second run looks only at what has changed since.
ANALYZED := $(patsubst %,build/analyze/%.clean,$(COMMON_SOURCES) $(SERVER_SOURCES) server/main.c $(WORKER_SOURCES) worker/main.c)
ANALYZE_FLAGS := -std=c17 -D_GNU_SOURCE -Iinclude -Wno-unused-value -include tests/support/analyze.h
build/analyze/common/error.c.clean: ANALYZE_FLAGS := -std=c17 -D_GNU_SOURCE -Iinclude
build/analyze/server/%.clean: ANALYZE_FLAGS += -Iserver
build/analyze/worker/%.clean: ANALYZE_FLAGS += -Iworker
build/analyze/%.c.clean: %.c .clang-tidy
	@mkdir -p $(@D)
	@gcc $(ANALYZE_FLAGS) -O1 -fanalyzer -Wall -Wextra -Werror -MMD -MP -MF $(@:.clean=.d) -MT $@ -c -o /dev/null $<
	@clang-tidy --quiet $< -- $(ANALYZE_FLAGS) 2>$(@:.clean=.log) || { cat $(@:.clean=.log); exit 1; }
	@touch $@
-include $(shell find build/analyze -name '*.d' 2>/dev/null)

.PHONY: analyzed cppcheck
analyzed: $(ANALYZED) cppcheck
	@echo "analyze: $(words $(ANALYZED)) files, nothing found"
cppcheck:
	@mkdir -p build/analyze/cppcheck
	@cppcheck -j$(shell nproc) --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --error-exitcode=1 --cppcheck-build-dir=build/analyze/cppcheck \
	    --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	    -D_GNU_SOURCE -Iinclude -Iserver -Iworker common server worker

analyze: setup-check  ## gcc -fanalyzer, cppcheck, clang-tidy: any finding fails
	@$(MAKE) --no-print-directory -j$(shell nproc) --keep-going --output-sync=target analyzed

FUZZ_SECONDS ?= 60
fuzz: setup-check  ## every libFuzzer target, or those of FUZZ="csv npy", FUZZ_SECONDS each (60)
	@$(MAKE) --no-print-directory MODE=fuzz -j$(shell nproc) fuzzers
	@tests/support/fuzz.sh build/fuzz $(FUZZ_SECONDS) $(FUZZ)

SEARCH_BENCH := $(B)/tests/bench/quality_search $(B)/tests/bench/objectives.so
bench: setup-bench all $(BENCHES) $(SEARCH_BENCH)  ## the tables of speed, ratios within one run; 15 minutes
	tests/support/bench.sh $(B)

SEARCH ?=
.PHONY: bench-search
bench-search: setup-bench  ## how good searches are, beside Optuna: an hour (SEARCH="seeds=5 only=branin" for less)
	@$(MAKE) --no-print-directory -j$(shell nproc) $(SEARCH_BENCH)
	@$(B)/tests/bench/quality_search optuna=tests/bench/optuna_search.py library=$(B)/tests/bench/objectives.so $(SEARCH)

PARTS ?=
.PHONY: reproduce
reproduce: setup-test all  ## published results through the service: a table and build/reproduce.html, 15 minutes
	@$(MAKE) --no-print-directory -j$(shell nproc) programs $(B)/tests/reproduce/reproduce
	@SWEEPD_PROGRAM=$(CURDIR)/$(B)/sweepd SWEEPD_WORKER=$(CURDIR)/$(B)/sweepd-worker \
	    SWEEPD_TEST_DATA=$${SWEEPD_TEST_DATA:-$(CURDIR)/../shared/data} \
	    $(B)/tests/reproduce/reproduce build/reproduce.html $(PARTS)

COVERAGE_MAKE := $(MAKE) --no-print-directory MODE=coverage TEST_SOURCES="$(SHORT_TESTS)"
coverage: setup-test  ## lines that the tests reach, for every folder
	@$(COVERAGE_MAKE) -j$(shell nproc) programs tests
	@find build/coverage -name '*.gcda' -delete
	@$(COVERAGE_MAKE) run-tests
	tests/support/coverage.sh build/coverage

clean:  ## remove what was built (var/ stays)
	rm -rf build web/dist

help:  ## this table
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "  MODE=release|asan|tsan|clang|coverage chooses the build; ARGS='--slots 1' goes to sweepd in make run."
