# brender: each target does its own set-up; the first run takes a minute or two, the next ones no time.
#
#   make demo    a small scene, a server and two workers on this machine, 24 frames and a video
#   make run     the server; settings from brender.toml
#   make test    lint and the whole suite, under pytest and under trial, side by side
#   make test-api    Schemathesis against a real server: ten minutes of requests made from the OpenAPI document
#   make test-long   the rules through 200,000 random happenings: a quarter of an hour
#   make lint    ruff and mypy
#   make pictures   a farm with a day's work on it, and docs/pictures anew: five minutes
#   make bench   measures, and writes bench/results.json
#   make chaos   ten minutes of faults by a seed on a real farm, on SQLite and on PostgreSQL: is anything lost?
#   make soak    half an hour of 500 tasks a second: does the server stay as it was?
#   make fuzz    a million inputs by atheris at each parser that meets bytes from outside: an hour or two
#   make lock    other people's packages, by version and hash: requirements.lock and requirements-test.lock
#   make audit   whether anything is known against what the locks name
#   make man     the pages of the manual, into build/man/man1
#   make clean   removes what the targets made, downloads included
#
# ARGS is handed on:         make demo ARGS=--exit      make test ARGS=tests/farm
# PYTHON makes a new .venv:  make demo PYTHON=python3.12

ARGS ?=
PYTHON ?=
BIN := .venv/bin
setup = @PYTHON='$(PYTHON)' sh bootstrap/run.sh

.PHONY: help demo run test lint bench clean ready ready-for-tests

help:
	@sed -n '1,/^$$/{/^#/s/^# \{0,1\}//p;}' Makefile

ready:
	$(setup)

ready-for-tests:
	$(setup) --test

demo: ready
	@$(BIN)/brender demo $(ARGS)

run: ready
	@$(BIN)/brender server $(ARGS)

# Every part runs, whatever the ones before it found; the target fails if any of them did.
# pytest takes all of ARGS. trial takes the files and folders among them, as its options are others; it and lint run
# beside pytest and are shown after it. Without ARGS each runs everything, but for what starts real programs or goes through
# whole tables and so takes most of the time: PYTESTS are pytest's, TRIALS are trial's. Either can run them all.
PYTESTS = $(addprefix tests/,browser/ cli/ db/ deploy/ examples/ faces/ fuzz/ people/ planner/ simulate/ worker/blender/ worker/session/)
TRIALS = $(addprefix tests/,line farm/test_whole_life.py test_kill_points.py web/openapi/test_schemathesis.py)
PATHS = $(wildcard $(ARGS))
FOR_PYTEST = $(or $(ARGS),$(addprefix --ignore=,$(TRIALS)))
FOLDERS = $(filter-out $(PYTESTS) tests/worker/ %__pycache__/,$(wildcard tests/*/ tests/worker/*/))
FOR_TRIAL = $(or $(PATHS),$(FOLDERS) $(wildcard tests/test_*.py tests/worker/test_*.py))
test: ready-for-tests
	@failed=''; told=$$(mktemp -d); lint=''; trial=''; trap 'kill $$lint $$trial 2>/dev/null; rm -rf "$$told"' EXIT INT TERM; \
	$(MAKE) --no-print-directory lint-only >"$$told/lint" 2>&1 & lint=$$!; \
	if [ -z "$(strip $(ARGS))" ] || [ -n "$(PATHS)" ]; then \
	    $(BIN)/python -m twisted.trial --reporter=text $(FOR_TRIAL) >"$$told/trial" 2>&1 & trial=$$!; \
	fi; \
	echo "pytest"; $(BIN)/python -m pytest $(FOR_PYTEST) || failed="$$failed pytest"; \
	wait $$lint || failed="$$failed lint"; lint=''; cat "$$told/lint"; \
	if [ -n "$$trial" ]; then \
	    echo "trial"; wait $$trial || failed="$$failed trial"; trial=''; cat "$$told/trial"; \
	else \
	    echo "trial: left out, as ARGS names no file and no folder"; \
	fi; \
	if [ -n "$$failed" ]; then echo "make test: failed:$$failed"; exit 1; fi

.PHONY: test-long
test-long: ready-for-tests
	@BRENDER_LIFE_STEPS=200000 BRENDER_LIFE_SEED=$$(date +%s) $(BIN)/python -m pytest tests/farm/test_whole_life.py $(ARGS)

# ARGS: any of Schemathesis', as --seed=1
.PHONY: test-api
test-api: ready-for-tests
	@$(BIN)/python -m tests.web.openapi.api_run --seconds 600 $(ARGS)

lint: ready-for-tests lint-only

.PHONY: lint-only
lint-only:
	@failed=''; echo "ruff"; $(BIN)/ruff check . || failed=yes; \
	echo "mypy"; $(BIN)/mypy || failed=yes; \
	echo "tsc"; $(BIN)/python -m tests.web.typescript || failed=yes; \
	[ -z "$$failed" ]

bench: ready-for-tests
	@$(BIN)/python -m bench $(ARGS)

# ARGS: --keep leaves the farm running, --port takes the pictures of it again, --only farm
.PHONY: pictures
pictures: ready-for-tests
	@$(BIN)/python -m bench.pictures $(ARGS)

# ARGS: --seed N, --faults N, --minutes N, --aloud
.PHONY: chaos soak
chaos: ready-for-tests
	@failed=''; \
	$(BIN)/python -m bench.chaos $(ARGS) || failed=yes; \
	$(BIN)/python -m bench.chaos --postgresql $(ARGS) || failed=yes; \
	[ -z "$$failed" ]

soak: ready-for-tests
	@$(BIN)/python -m bench.soak $(ARGS)

# ARGS: names of targets, --runs N, --seconds N, --seed N, --fresh
.PHONY: fuzz lock audit
fuzz: ready-for-tests
	@$(BIN)/python -m tests.fuzz $(ARGS)

lock: ready
	@$(BIN)/python -m bootstrap.supply lock

audit: ready
	@$(BIN)/python -m bootstrap.supply audit

.PHONY: man
man: ready
	@$(BIN)/brender man --all build/man/man1

clean:
	rm -rf .venv .blender build dist demo-output *.egg-info _trial_temp* .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/browser/node_modules brender/web/static brender/web/dashboard/node_modules
