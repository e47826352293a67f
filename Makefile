# Every target sets up what it needs; `make demo` and `make test` need Python 3.11+ and a package index.
PYTHON ?= python3

.PHONY: demo test coverage contract examples lint wheel docs bench clean

demo: .venv/core
	.venv/bin/fakellm demo

test: .venv/test
	.venv/bin/python -m pytest $(or $(ARGS),-n 2)

coverage: .venv/test
	.venv/bin/coverage run -m pytest -q
	.venv/bin/coverage report --skip-covered

contract: .venv-openai3/contract-openai3 .venv-openai1/contract-openai1
	.venv-openai3/bin/python -m pytest -q tests/contract $(ARGS)
	.venv-openai1/bin/python -m pytest -q tests/contract $(ARGS)

# Projects of their own: each finds its settings in its own folder.
examples: .venv-openai3/contract-openai3 .venv-openai1/contract-openai1
	.venv-openai3/bin/python -m pytest -q tests/examples/openai_order_desk $(ARGS)
	.venv-openai3/bin/python -m pytest -q tests/examples/langgraph_assistant $(ARGS)
	.venv-openai3/bin/python -m pytest -q tests/examples/pydantic_ai_guide $(ARGS)
	.venv-openai1/bin/python -m pytest -q tests/examples/autogen_team $(ARGS)

lint: .venv/lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/mypy tests/typing
	.venv/bin/pyright --pythonpath .venv/bin/python

wheel:
	sh tests/smoke/run.sh $(PYTHON)

docs: .venv-docs/docs
	.venv-docs/bin/mkdocs build --strict

bench: .venv/test .venv-bench/bench .venv-openai1/contract-openai1
	.venv-bench/bin/python benchmarks/bench_fake.py
	.venv-bench/bin/python benchmarks/bench_rules.py
	.venv-bench/bin/python benchmarks/bench_streams.py
	.venv-openai1/bin/python benchmarks/bench_messages.py
	.venv/bin/python benchmarks/bench_tokens.py
	.venv/bin/python benchmarks/compare_recorders.py
	.venv/bin/python benchmarks/bench_cassette.py
	.venv/bin/python benchmarks/bench_plugin.py

clean:
	rm -rf .venv .venv-* build dist site

# Stamps: $(VENV)/core holds the package alone, $(VENV)/GROUP a dependency group as well. The pip that
# comes with Python may be too old for --group.
.venv/core: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q --upgrade pip
	.venv/bin/python -m pip install -q -e .
	touch $@

.venv/%: .venv/core
	.venv/bin/python -m pip install -q --group $*
	touch $@

.venv-openai3/% .venv-openai1/% .venv-bench/% .venv-docs/%: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q --upgrade pip
	$(@D)/bin/python -m pip install -q -e . --group $*
	touch $@
