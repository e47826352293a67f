# Every target sets up what it needs: Python 3.11 or later and a package index. What is installed is locked:
# an environment for each dependency group, from the group's file in requirements/.
PYTHON ?= python3
VENV = .venv
REQUIREMENTS = requirements
BENCHES = bench-fake bench-streams bench-rules bench-cassette bench-plugin bench-tokens bench-recorders
AUTOGEN_BENCHES = bench-messages bench-client

.PHONY: demo test coverage contract examples lint wheel docs bench $(BENCHES) $(AUTOGEN_BENCHES) lock newest clean

demo: $(VENV)-core/ready
	$(VENV)-core/bin/fakellm demo

test: $(VENV)-test/ready
	$(VENV)-test/bin/python -m pytest $(or $(ARGS),-n 2)

coverage: $(VENV)-test/ready
	$(VENV)-test/bin/coverage run -m pytest -q
	$(VENV)-test/bin/coverage report --skip-covered

contract: $(VENV)-contract-openai3/ready $(VENV)-contract-openai2/ready $(VENV)-contract-openai1/ready
	$(VENV)-contract-openai3/bin/python -m pytest -q tests/contract $(ARGS)
	$(VENV)-contract-openai2/bin/python -m pytest -q tests/contract $(ARGS)
	$(VENV)-contract-openai1/bin/python -m pytest -q tests/contract $(ARGS)

# Projects of their own: each finds its settings in its own folder.
examples: $(VENV)-contract-openai3/ready $(VENV)-contract-openai1/ready
	$(VENV)-contract-openai3/bin/python -m pytest -q tests/examples/openai_order_desk $(ARGS)
	$(VENV)-contract-openai3/bin/python -m pytest -q tests/examples/langgraph_assistant $(ARGS)
	$(VENV)-contract-openai3/bin/python -m pytest -q tests/examples/pydantic_ai_guide $(ARGS)
	$(VENV)-contract-openai1/bin/python -m pytest -q tests/examples/autogen_team $(ARGS)

lint: $(VENV)-lint/ready node_modules/.package-lock.json
	$(VENV)-lint/bin/ruff check .
	$(VENV)-lint/bin/ruff format --check .
	$(VENV)-lint/bin/mypy
	$(VENV)-lint/bin/mypy tests/typing
	$(VENV)-lint/bin/node node_modules/pyright/index.js --pythonpath $(VENV)-lint/bin/python

wheel:
	sh tests/smoke/run.sh $(PYTHON)

docs: $(VENV)-docs/ready
	$(VENV)-docs/bin/mkdocs build --strict

# Every one runs, though one misses a goal; then it fails. One after the other: they measure.
bench: $(VENV)-bench/ready $(VENV)-contract-openai1/ready
	$(MAKE) -k -j 1 $(BENCHES) $(AUTOGEN_BENCHES)

$(BENCHES): bench-%: $(VENV)-bench/ready
	$(VENV)-bench/bin/python benchmarks/bench_$*.py

$(AUTOGEN_BENCHES): bench-%: $(VENV)-contract-openai1/ready
	$(VENV)-contract-openai1/bin/python benchmarks/bench_$*.py

# UPDATE=--upgrade moves every version to the newest allowed, UPDATE="--upgrade-package NAME" that of one package.
lock: $(VENV)-lock/ready
	$(VENV)-lock/bin/python tools/lock.py requirements $(UPDATE)
	$(VENV)-lock/bin/npm $(if $(UPDATE),update,install) --package-lock-only --no-audit --no-fund
	@$(MAKE) newest || { echo "The lock is written, but the newest versions fail (see above, and CONTRIBUTING.md)."; exit 1; }

# A lock of today, not kept: it lies in build/newest, its environments in .venv-newest-GROUP.
newest: $(VENV)-lock/ready
	rm -rf build/newest
	$(VENV)-lock/bin/python tools/lock.py build/newest
	$(MAKE) -k test contract examples VENV=.venv-newest REQUIREMENTS=build/newest

clean:
	rm -rf .venv .venv-* build dist node_modules site

# The lock holds what builds the package, too, so that nothing is fetched unlocked.
$(VENV)-%/ready: $(REQUIREMENTS)/%.txt pyproject.toml
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install -q --require-hashes -r $<
	$(@D)/bin/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

node_modules/.package-lock.json: package-lock.json package.json $(VENV)-lint/ready
	$(VENV)-lint/bin/npm ci --no-audit --no-fund
	touch $@
