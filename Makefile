# The environment lives in .venv and is filled from requirements-dev.lock. Once filled, no
# target but `lock` touches the network, until a lock or pyproject.toml changes.

PYTHON ?= python3
WORKERS ?= 3 # one of them mostly waits for a homeserver's rate limits, so it goes first
# What takes long goes first, so that nobody is left with it at the end. pytest keeps the order of
# files, but not of files and a folder that holds them.
FIRST := tests/homeserver/test_default_limits.py tests/interop/test_fiche.py \
	tests/interop/test_whole_meeting.py tests/interop/test_lost_key.py tests/test_oracle.py \
	tests/test_promises.py tests/test_refusals.py tests/test_ballots.py

# What the tests write need not wait for a disk, where there is memory to spare, and none of their
# many processes needs to compile everything anew.
SHM := $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR > 1 && $$4 > 2000 {print "TMPDIR=/dev/shm"}')
PYTEST = PYTHONDONTWRITEBYTECODE= $(SHM) $(PY) -m pytest -n $(WORKERS) --dist loadfile

# What repeats in many more ways what other tests show: run by `make thorough`.
LONG := tests/homeserver/test_backlog.py tests/homeserver/test_identity_commands.py \
	tests/homeserver/test_interrupted_start.py tests/homeserver/test_interrupted_changes.py \
	tests/homeserver/test_fiche.py tests/homeserver/test_whole_meeting.py
FORM := tests/interop/test_fiche.py::test_
MODES := $(FORM)it_is_read_agreed_to_and_erased_by_its_roster_only[private] \
	$(FORM)on_a_screen_no_word_of_it_is_said
TWO := tests/test_exactly_once.py::test_two_meetings_with_many_deaths_end_as_if_there_had_been_none
DEATHS := $(TWO)[151] $(TWO)[263] tests/test_oracle.py::test_so_it_is_in_many_more_ways \
	tests/test_ballots.py::test_killed_at_any_point_a_private_poll_goes_on_as_if_it_had_not_been[30] \
	tests/test_exactly_once.py::test_a_step_of_a_meeting_killed_at_any_point_ends_as_if_it_had_not_been[24] \
	tests/test_side_rooms.py::test_killed_at_any_point_it_is_made_once_and_emptied_once[36]

ALL := $(sort $(shell find tests -name 'test_*.py' -not -path '*/node_modules/*'))
ORDINARY := $(filter-out $(LONG),$(FIRST) $(filter-out $(FIRST),$(filter tests/interop/%,$(ALL)) \
	$(filter-out tests/interop/%,$(ALL))))

VENV := .venv
PY := $(VENV)/bin/python
CLIENT := tests/interop
PACKAGES := bot handlers locales storage

# The stamps: what was installed last is as new as what asks for it.
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
CLIENT_INSTALLED := $(CLIENT)/node_modules/.installed
HAVE_NODE := $(shell command -v node >/dev/null && command -v npm >/dev/null && echo yes)

PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(PY) -m pip install --quiet --no-input
LOCK := $(PY) -m uv pip compile --quiet --no-config --system-certs --universal \
	--python-version 3.11 --generate-hashes --only-binary :all: --no-emit-index-url \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help demo test thorough check security-mutants strings bench docs lock clean install client

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install ## hold a whole meeting on a real homeserver (STAY=1: stay up and take a seat)
	@$(PY) -m demo $(if $(STAY),--stay)

test: install client check ## check, then run every test (ARGS="-k ballot" for some)
	$(PYTEST) --no-loadscope-reorder $(ORDINARY) \
		$(addprefix --deselect=,$(DEATHS) $(MODES)) $(ARGS)

thorough: install client ## the long tests too: deaths, backlogs and interruptions in many more ways
	$(PYTEST) $(DEATHS) $(MODES) $(LONG) $(ARGS)

check: install ## format, lint, types, layers
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

strings: install ## collect the texts and merge them into the catalogues
	@$(PY) -m babel.messages.frontend -q extract -k N_ -k NP_:1c,2 --add-comments=Translators: \
		--no-location --sort-output --omit-header -o locales/messages.pot $(PACKAGES)
	@for language in nl fr de en; do \
		$(PY) -m babel.messages.frontend -q update --init-missing --no-fuzzy-matching \
			--ignore-pot-creation-date -i locales/messages.pot -d locales -l $$language || exit; \
	done
	@$(PY) -m locales

security-mutants: install client ## take each defence away in turn: its test must fail (ARGS="word")
	@$(PY) -m tests.mutants $(ARGS)

bench: install ## measure what must stay fast
	@$(PY) -m bench

docs: install ## write the pages that are made from the code
	@$(PY) -m docs

lock: | $(PY) ## renew the locks after a change of pyproject.toml (UPGRADE=1: newest versions)
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --all-extras --group build -c requirements.lock -o requirements-dev.lock

clean: ## remove what the tools left behind (ALL=1: the environment too)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* \
		build dist *.egg-info $(if $(ALL),$(VENV) $(CLIENT)/node_modules)
	@find . -name __pycache__ -not -path './$(VENV)/*' -not -path '*/node_modules/*' \
		-prune -exec rm -rf {} +

install: $(INSTALLED)

$(LOCKED): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed, for instance: make PYTHON=python3.12 …' >&2; exit 1; }
	@echo 'installing into $(VENV) …'
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV)
	@$(PIP) --only-binary :all: --require-hashes -r requirements-dev.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(PY):
	@$(MAKE) --no-print-directory install

# The client that plays the members in the interop tests. Nothing of it runs while it installs.
ifeq ($(HAVE_NODE),yes)
client: $(CLIENT_INSTALLED)

$(CLIENT_INSTALLED): $(CLIENT)/package.json $(CLIENT)/package-lock.json
	@echo 'installing into $(CLIENT)/node_modules …'
	@cd $(CLIENT) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@
else
client:
	@echo '*** node and npm are not here: the interop tests are SKIPPED ***' >&2
	@test "$(CI)" != true
endif
