#!/bin/sh
# Build the wheel, install it into a fresh environment, and run the smoke tests against it from outside the
# checkout. Argument: the Python to use.
set -eu
python=${1:-python3}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -q --require-hashes -r "$root/requirements/core.txt"
"$work/venv/bin/python" -m pip wheel -q --no-deps --no-build-isolation --wheel-dir "$work" "$root"
"$work/venv/bin/python" -m pip install -q --no-deps "$work"/fakellm_toolkit-*.whl
"$work/venv/bin/python" -m pip check
cp "$root"/tests/smoke/test_*.py "$work"
cd "$work"
venv/bin/fakellm demo > demo.txt
venv/bin/pytest -q -W error --strict-markers .
