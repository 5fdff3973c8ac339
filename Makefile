# `make demo` and `make test` do everything; HACKING.md has the rest. Settings come from
# the command line or config.mak: BUILD=debug|release|asan|tsan|fuzz|fault, O=FOLDER (builds
# go to $(O)/$(BUILD)), V=1, CC, CFLAGS, PREFIX, DESTDIR, STATIC= (shared libraries only).
-include config.mak

BUILD ?= release
O ?= build
PREFIX ?= /usr/local
STATIC ?= 1
DEVELOPER ?= $(if $(wildcard .git),1)
FUZZ_TIME ?= 60
B := $(O)/$(BUILD)
JOBS := $(shell nproc 2>/dev/null || echo 2)
MAKEFLAGS += -rR --no-print-directory $(if $(MAKELEVEL:0=),,-j$(JOBS))
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(or $(if $(filter fuzz,$(BUILD)),clang),$(shell command -v gcc || command -v clang || echo cc))
endif
VERSION := $(or $(shell sed -n 's/^.define DRIFT_VERSION "\(.*\)"/\1/p' include/drift_version.h 2>/dev/null),0.1.0)
SONAME := libdrift.so.0

# The source: a folder is in the library or in the program.
LIB_SRC := $(wildcard base/*.c objects/*.c refs/*.c merge/*.c repo/*.c sync/*.c api/*.c)
PROGRAM_SRC := $(wildcard drift.c cli/*.c porcelain/*.c plumbing/*.c)
HEADERS := $(wildcard $(patsubst %,%/*.h,include base objects refs merge repo sync api cli porcelain plumbing t t/unit t/fuzz bench))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/obj/%.o)
PROGRAM_OBJ := $(PROGRAM_SRC:%.c=$(B)/obj/%.o)
SUPPORT_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(filter-out t/unit/test-%,$(wildcard t/unit/*.c)))
ARCHIVE := $(B)/internal.a
PROGRAM := $(if $(wildcard drift.c),$(B)/drift)
UNIT := $(patsubst t/unit/%.c,$(B)/unit/%,$(wildcard t/unit/test-*.c))
FUZZ := $(patsubst t/fuzz/%.c,$(B)/fuzz/%,$(wildcard t/fuzz/fuzz-*.c))
BENCH := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/bench-*.c))
BENCH_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(filter-out bench/bench-%,$(wildcard bench/*.c)))
TORTURE := $(wildcard t/torture/*.sh)
MAN := $(wildcard Documentation/drift*.adoc)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wswitch-enum -Wnull-dereference
SANITIZE := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
FLAGS_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
FLAGS_debug := -Og -g3 -DDRIFT_FAULT
FLAGS_fault := -O1 -g -DDRIFT_FAULT
FLAGS_asan := $(SANITIZE) -DDRIFT_FAULT -fsanitize=address,undefined
FLAGS_tsan := $(SANITIZE) -fsanitize=thread
FLAGS_fuzz := $(SANITIZE) -fsanitize=address,undefined,fuzzer-no-link
FLAGS := $(or $(FLAGS_$(BUILD)),$(error BUILD=$(BUILD) is not one of debug release asan tsan fuzz fault))
# Sanitizers' own code provokes warnings; the other builds have none.
WERROR := $(if $(DEVELOPER),$(if $(filter release debug fault,$(BUILD)),-Werror))
ALL_CFLAGS := -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(WERROR) $(FLAGS) -fPIC -fvisibility=hidden \
	-fstack-protector-strong -ffunction-sections -fdata-sections -pthread $(CPPFLAGS) $(CFLAGS)
LINK := $(CC) $(filter -O% -g% -f%,$(ALL_CFLAGS)) -pthread -Wl,-O1,--as-needed,--gc-sections,-z,relro,-z,now $(LDFLAGS)
SHARED_LIBS := -lzstd -lsodium -lcrypto -llua5.4 -lm
# The dynamic linker takes a tenth of the time in which `drift get` answers. Sanitizers need it.
STATIC_PROGRAM := $(if $(STATIC),$(if $(findstring sanitize,$(FLAGS)),,-static-pie))
LIBS := $(if $(STATIC),-l:libzstd.a -l:libsodium.a -l:libcrypto.a -l:liblua5.4.a -lm,$(SHARED_LIBS))
say = @$(if $(V)$(findstring s,$(firstword $(MAKEFLAGS))),:,printf '  %-6s %s\n' $(1) $(2))
Q := $(if $(V),,@)

.PHONY: all demo test check lint fuzz torture bench doc packages install uninstall clean library program headers FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: library program
library: $(B)/libdrift.a $(B)/libdrift.so
program: $(PROGRAM)

# A stamp changes only when what it holds does: the compiler and flags, the lists of objects.
stamp = @mkdir -p $(@D) && echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
$(B)/flags: FORCE ; $(call stamp,$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(STATIC_PROGRAM) $(LIBS))
$(B)/library-objects: FORCE ; $(call stamp,$(LIB_OBJ))
$(B)/program-objects: FORCE ; $(call stamp,$(PROGRAM_OBJ))
$(B)/has-fault: ; @touch $@

$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(ARCHIVE): $(LIB_OBJ) $(B)/library-objects
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(LIB_OBJ)

# What is installed has one object that shows the public names alone.
$(B)/libdrift.a: $(LIB_OBJ) $(B)/library-objects
	$(call say,AR,$@)
	$(Q)ld -r -o $(B)/libdrift.o $(LIB_OBJ) && objcopy --localize-hidden $(B)/libdrift.o
	$(Q)rm -f $@ && ar rcs $@ $(B)/libdrift.o

$(B)/libdrift.so: $(LIB_OBJ) $(B)/library-objects
	$(call say,LINK,$@)
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) $(if $(findstring sanitize,$(FLAGS)),,-Wl,-z,defs) -o $@ $(LIB_OBJ) $(SHARED_LIBS)

$(B)/drift: $(PROGRAM_OBJ) $(ARCHIVE) $(B)/program-objects $(if $(findstring FAULT,$(FLAGS)),$(B)/has-fault)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(STATIC_PROGRAM) -o $@ $(PROGRAM_OBJ) $(ARCHIVE) $(LIBS)

$(B)/unit/%: $(B)/obj/t/unit/%.o $(SUPPORT_OBJ) $(ARCHIVE)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(SUPPORT_OBJ) $(ARCHIVE) -lcmocka -lm $(LIBS)

$(B)/fuzz/%: $(B)/obj/t/fuzz/%.o $(if $(filter fuzz,$(BUILD)),,$(B)/obj/t/fuzz/replay.o) $(ARCHIVE)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $(if $(filter fuzz,$(BUILD)),-fsanitize=fuzzer) -o $@ $^ $(LIBS)

$(B)/bench/%: $(B)/obj/bench/%.o $(BENCH_OBJ) $(ARCHIVE)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(BENCH_LIBS)

# Each header compiles alone.
headers: $(HEADERS:%=$(B)/header/%.o)
$(B)/header/%.o: % $(B)/flags
	@mkdir -p $(@D)
	$(Q)printf '#include "%s"\nextern int compiled_alone;\n' $< | $(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d -MT $@ -x c -c -o $@ -

packages: ; @scripts/install-packages test
demo: ; @scripts/install-packages build && $(MAKE) program && PATH="$(abspath $(B)):$$PATH" sh $(or $(wildcard scripts/demo.sh),$(error there is no scripts/demo.sh))
test: ; @scripts/install-packages test && $(MAKE) check

PROVE := DRIFT_BUILD='$(abspath $(B))' CC='$(CC)' prove -j$(JOBS) --exec 'sh t/run'
CHECKS := $(sort $(wildcard t/lint/check-*.sh t/t[0-9]*.sh)) $(UNIT) $(FUZZ)
TESTS ?= $(if $(filter tsan,$(BUILD)),$(filter $(B)/unit/test-thread%,$(UNIT)),$(CHECKS))
check: $(if $(filter tsan,$(BUILD)),,all headers $(FUZZ) $(if $(shell command -v asciidoctor),doc)) $(UNIT)
	@$(if $(PROGRAM),$(if $(findstring FAULT,$(FLAGS)),:,$(MAKE) BUILD=fault program))
	@$(if $(filter tsan,$(BUILD)),:,$(MAKE) -s install DESTDIR='$(abspath $(B))/stage' PREFIX=/usr)
	@$(if $(TESTS),$(PROVE) $(TESTS),echo 'there are no tests for BUILD=$(BUILD)')

lint: ; @scripts/install-packages lint && CFLAGS='-std=c11 -D_GNU_SOURCE -I. $(WARNINGS)' sh t/lint/lint.sh
fuzz: ; @scripts/install-packages fuzz && $(MAKE) BUILD=fuzz run-fuzz
.PHONY: run-fuzz $(FUZZ:%=run-%)
run-fuzz: $(FUZZ:%=run-%)
$(FUZZ:%=run-%): run-$(B)/fuzz/fuzz-%: $(B)/fuzz/fuzz-%
	@mkdir -p $(B)/corpus/$*
	$< -max_total_time=$(FUZZ_TIME) -artifact_prefix=$(B)/crash-$*- $(B)/corpus/$* $(wildcard t/fuzz/corpus/$*)
torture:
	@scripts/install-packages test && $(MAKE) BUILD=fault program
	@$(if $(TORTURE),TEST_TIMEOUT=7200 DRIFT_BUILD='$(abspath $(O))/fault' prove -j$(JOBS) --exec 'sh t/run' $(TORTURE),echo 'there is no t/torture/*.sh')
bench: ; @scripts/install-packages bench && $(MAKE) run-bench BENCH_LIBS='-lsqlite3 -llmdb'
.PHONY: run-bench
run-bench: all $(BENCH)
	@$(if $(wildcard bench/run.sh),DRIFT_BUILD='$(abspath $(B))' sh bench/run.sh,echo 'there is no bench/run.sh')

doc: $(if $(MAN),$(O)/man/stamp)
$(O)/man/stamp: $(MAN)
	$(call say,DOC,$(O)/man)
	@mkdir -p $(@D)
	$(Q)asciidoctor -b manpage --failure-level=WARN -a manmanual='drift manual' -a mansource='drift $(VERSION)' -D $(@D) $? && touch $@

D := $(DESTDIR)$(PREFIX)
INSTALLED := bin/drift lib/libdrift.a lib/$(SONAME) lib/libdrift.so include/drift.h include/drift_error.h include/drift_version.h lib/pkgconfig/drift.pc \
	share/bash-completion/completions/drift share/zsh/site-functions/_drift share/fish/vendor_completions.d/drift.fish
install: all $(if $(shell command -v asciidoctor),doc)
	$(call say,INST,$(D))
	@PREFIX='$(PREFIX)' VERSION=$(VERSION) SONAME=$(SONAME) MAN='$(O)/man' sh scripts/install $(B) '$(D)'
uninstall: ; test ! -d '$(D)' || { cd '$(D)' && rm -f $(INSTALLED) $(foreach s,1 5 7,share/man/man$(s)/drift*.$(s)); }
clean: ; rm -rf $(O)

-include $(wildcard $(B)/obj/*.d $(B)/obj/*/*.d $(B)/obj/*/*/*.d $(B)/header/*/*.d $(B)/header/*/*/*.d)
