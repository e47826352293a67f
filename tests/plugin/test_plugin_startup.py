"""What the installed plugin loads where nothing of it is used."""

from __future__ import annotations

import subprocess
import sys


def modules_of(project, *arguments):
    """Run the project's tests in a process of their own; return the modules that its last test saw."""
    project.makepyfile("import sys\n\ndef test_modules():\n    print('MODULES', *sorted(sys.modules))\n")
    result = project.runpytest_subprocess("-s", *arguments)
    result.assert_outcomes(passed=1)
    return set(next(line for line in result.stdout.lines if "MODULES" in line).split("MODULES ")[1].split())


def test_nothing_but_pytest_and_the_standard_library_is_loaded(project):
    loaded = modules_of(project)

    added = {name.partition(".")[0] for name in loaded - modules_of(project, "-p", "no:pytest_fakellm.plugin")}
    assert "pytest_fakellm.plugin" in loaded
    assert {
        name for name in loaded if name.partition(".")[0] in ("fakellm", "httpx", "pydantic", "vcr", "yaml")
    } == set()
    assert added <= {"pytest_fakellm", *sys.stdlib_module_names}


def test_importing_the_plugin_is_light():
    code = "import pytest_fakellm.plugin, sys; print(sorted({'asyncio', 'fakellm', 'httpx'} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
