"""With pytest-xdist: the same results, ids and bytes, and one summary."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from plugin_project import write_cassette, write_ini

SUITE = """
import json, pathlib
import httpx
import pytest
from agent import CHAT, KEY, ask, ask_and_swallow

@pytest.mark.parametrize("n", range(4))
def test_ids(request, fake_llm, n):
    fake_llm.reply("Hello!", times=2)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    answers = [httpx.post(CHAT, json=body, headers=KEY) for _ in range(2)]
    pathlib.Path(request.config.rootpath, f"bytes-{n}.txt").write_bytes(
        b"".join(a.content + json.dumps(sorted(a.headers.items())).encode() for a in answers)
    )

def test_unused(fake_llm):
    fake_llm.reply("never asked for")

def test_unmatched(fake_llm):
    ask_and_swallow("hi")

@pytest.mark.llm_cassette
def test_own():
    ask("hi")

@pytest.mark.llm_cassette("shared.yaml")
@pytest.mark.parametrize("question", ["hi", "hello"])
def test_shared(question):
    ask(question)
"""


@pytest.fixture
def suite(project):
    write_cassette(Path(project.path, "cassettes", "test_suite", "test_own.yaml"))
    write_cassette(Path(project.path, "cassettes", "test_suite", "test_gone.yaml"))
    write_cassette(Path(project.path, "shared.yaml"), "hi", "hello", "bye")
    project.makepyfile(test_suite=SUITE)
    return project


def seen(suite, *arguments):
    """Run the suite; return (outcomes, bytes of the answers, summary)."""
    result = suite.runpytest_subprocess(*arguments)
    written = {path.name: path.read_bytes() for path in sorted(suite.path.glob("bytes-*.txt"))}
    for name in written:
        Path(suite.path, name).unlink()
    lines = result.stdout.lines
    begin = next(n for n, line in enumerate(lines) if re.match(r"=+ fakellm =+", line))
    end = next(n for n, line in enumerate(lines) if re.match(r"=+ short test summary", line))
    return result.parseoutcomes(), written, lines[begin + 1 : end]


def test_workers_change_nothing(suite):
    write_ini(suite, addopts="-p xdist.plugin")

    outcomes, written, summary = seen(suite)

    assert outcomes == {"passed": 7, "failed": 2}
    assert len(written) == 4
    assert len(set(written.values())) == 4
    assert summary == [
        "12 calls, 64 prompt and 16 completion tokens",
        "cassettes: 2 played, 0 recorded, 0 missed, 1 unused, 1 orphaned; connections: 0 refused",
        "unused: shared.yaml: interaction 3 of 3",
        "orphaned: cassettes/test_suite/test_gone.yaml: no test has this name; delete it, or rename it after its test",
    ]
    assert seen(suite, "-n", "4") == (outcomes, written, summary)


def test_calls_of_workers_say_whose_they_are(suite):
    write_ini(suite, addopts="-p xdist.plugin")

    result = suite.runpytest_subprocess("-n", "2", "-v", "-k", "test_own")

    result.stdout.fnmatch_lines(
        ["  test_suite.py::test_own call 1: POST /v1/chat/completions gpt-4o *, answered by the recording"]
    )


def test_figures_travel_as_json(suite):
    suite.makeconftest("""
        import json, pathlib

        def pytest_runtest_logreport(report):
            if report.when == "teardown" and "test_own" in report.nodeid:
                pathlib.Path("figures.json").write_text(json.dumps(report.fakellm))
    """)

    suite.runpytest()

    assert json.loads(Path(suite.path, "figures.json").read_text()) == {
        "calls": 1,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "missed": 0,
        "cassettes": [
            {
                "path": "cassettes/test_suite/test_own.yaml",
                "count": 1,
                "played": [1],
                "recorded": 0,
                "left_out": [],
                "old": None,
                "is_listed": False,
            }
        ],
        "refused": [],
        "lines": [],
    }


OWN = """
import pytest
from agent import ask

@pytest.mark.llm_cassette
def test_own():
    ask("hi")
"""


def add_module(project, folder, text=OWN, **more):
    """Add the tests of a module test_same to a folder, with other files of it."""
    place = Path(project.mkdir(folder))
    for name, content in {"__init__": "", "test_same": text, **more}.items():
        (place / f"{name}.py").write_text(content)


TOLD = (
    "UsageError: the cassette '*/kept/test_same/test_own.yaml' is the own one of a/test_same.py::test_own, "
    "and by its name of b/test_same.py::test_own too"
)


@pytest.mark.parametrize("workers", [0, 2, 3])
def test_modules_of_one_name_are_told_in_one_folder(project, workers):
    write_ini(project, addopts="-p xdist.plugin --llm-cassette-dir=kept")
    write_cassette(Path(project.path, "kept", "test_same", "test_own.yaml"))
    add_module(project, "a")
    add_module(project, "b")

    result = project.runpytest_subprocess("-n", str(workers))

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([TOLD, "  type: @pytest.mark.llm_cassette('another_name.yaml')"])


def test_one_of_two_modules_of_one_name_may_be_run(project):
    write_ini(project, addopts="--llm-cassette-dir=kept")
    write_cassette(Path(project.path, "kept", "test_same", "test_own.yaml"))
    add_module(project, "a")
    add_module(project, "b")

    project.runpytest("b").assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [0, 2])
def test_modules_of_one_name_may_have_folders_of_their_own(project, workers):
    write_ini(project, addopts="-p xdist.plugin", more="llm_cassette_dir = kept/b")
    for name in "ab":
        write_cassette(Path(project.path, "kept", name, "test_same", "test_own.yaml"))
    config = "import pytest\n@pytest.fixture\ndef llm_config():\n    return {'cassette_dir': 'kept/a'}\n"
    add_module(project, "a", conftest=config)
    add_module(project, "b")

    project.runpytest_subprocess("-n", str(workers)).assert_outcomes(passed=2)


def test_modules_whose_settings_lead_to_one_file_are_told(project):
    write_ini(project)
    write_cassette(Path(project.path, "kept", "test_same", "test_own.yaml"))
    config = "import pytest\n@pytest.fixture\ndef llm_config():\n    return {'cassette_dir': 'kept'}\n"
    add_module(project, "a", conftest=config)
    add_module(project, "b", conftest=config)

    result = project.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([TOLD])


@pytest.mark.parametrize("name", ["'first.yaml'", "path='first.yaml'"])
def test_cassette_with_a_path_leaves_the_own_one_to_another(project, name):
    write_ini(project, addopts="--llm-cassette-dir=kept")
    write_cassette(Path(project.path, "kept", "test_same", "test_own.yaml"))
    write_cassette(Path(project.path, "kept", "first.yaml"))
    add_module(project, "a", OWN.replace("llm_cassette", f"llm_cassette({name})"))
    add_module(project, "b")

    project.runpytest().assert_outcomes(passed=2)
