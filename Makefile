# brender: each target does its own set-up; the first run takes a minute or two, the next ones no time.
#
#   make demo    a small scene, a server and two workers on this machine, 24 frames and a video
#   make run     the server; settings from brender.toml
#   make test    lint, then the whole suite under pytest and under trial
#   make test-long   the rules through 200,000 random happenings: a quarter of an hour
#   make lint    ruff and mypy
#   make bench   measures, and writes bench/results.json
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
# pytest takes all of ARGS. trial takes the files and folders among them, as its options are others.
PATHS = $(wildcard $(ARGS))
test: ready-for-tests
	@failed=''; \
	$(MAKE) --no-print-directory lint-only || failed="$$failed lint"; \
	echo "pytest"; $(BIN)/python -m pytest $(ARGS) || failed="$$failed pytest"; \
	if [ -n "$(strip $(ARGS))" ] && [ -z "$(PATHS)" ]; then \
	    echo "trial: left out, as ARGS names no file and no folder"; \
	else \
	    echo "trial"; $(BIN)/python -m twisted.trial --reporter=text $(or $(PATHS),tests) || failed="$$failed trial"; \
	fi; \
	if [ -n "$$failed" ]; then echo "make test: failed:$$failed"; exit 1; fi

.PHONY: test-long
test-long: ready-for-tests
	@BRENDER_LIFE_STEPS=200000 $(BIN)/python -m pytest tests/farm/test_whole_life.py $(ARGS)

lint: ready-for-tests lint-only

.PHONY: lint-only
lint-only:
	@failed=''; echo "ruff"; $(BIN)/ruff check . || failed=yes; \
	echo "mypy"; $(BIN)/mypy || failed=yes; \
	[ -z "$$failed" ]

bench: ready-for-tests
	@$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf .venv .blender build dist demo-output *.egg-info _trial_temp* .pytest_cache .mypy_cache .ruff_cache .hypothesis
