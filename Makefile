# Thin on purpose: the work is in scripts/. `make help` lists the targets.
PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8000
export VENV

RUN   = $(VENV)/bin/python
SETUP = $(PYTHON) scripts/setup_env.py $(if $(SCHEDULER),--cluster)

.DEFAULT_GOAL := help
.PHONY: help site serve test figures data train clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18

site: ## everything that is needed, then the site in site/
	@$(SETUP)
	@$(RUN) scripts/build.py site

serve: ## the site at http://127.0.0.1:8000 (PORT=...), rebuilt as you save
	@$(SETUP)
	@$(RUN) scripts/serve.py --port $(PORT)

test: ## every check and test (REQUIRE_BROWSER=1: fail where there is no browser)
	@$(SETUP) --all
	@$(RUN) scripts/run_tests.py $(ARGS)

figures: ## the figures only; ONLY="vae/swap ..." for some of them, SCHEDULER=tcp://host:8786 for many machines
	@$(SETUP)
	@$(RUN) scripts/build.py figures $(ONLY)

data: ## the emoji sets as arrays and captions, in data/
	@$(SETUP) --all
	@$(RUN) scripts/build.py data

train: ## retrain the weights (hours; resumes); ONLY="vae ..." for some of them
	@$(SETUP) --all
	@$(RUN) scripts/build.py weights $(ONLY)

clean: ## remove what the build made; keeps .venv, node_modules, data, runs
	@rm -rf site build pytask.lock pytask.lock.journal .pytask docs/assets/figures docs/assets/vendor docs/notebooks/*.ipynb

.PHONY: doctor
doctor: ## is all here that the build needs? one line each, with what to do
	@$(PYTHON) scripts/doctor.py

.PHONY: check
check: ## is what is published what this code gives? renders aside and compares; ONLY="vae/swap ...", CHECK=--tenth
	@$(SETUP)
	@$(RUN) scripts/check_drift.py $(CHECK) $(ONLY)

.PHONY: sbom
sbom: ## everything this is made with, with versions, hashes and licences: build/sbom.json (CycloneDX)
	@$(SETUP)
	@$(RUN) scripts/supply.py sbom

# make figures PROFILE=sd15: the same figures on a real checkpoint (sd15, sd21, sdxl, flux), in a folder of their own.
ifdef PROFILE
export DENOISED_PROFILE := $(PROFILE)
endif
