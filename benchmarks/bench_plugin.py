"""What the installed plugin costs: a suite that does not use it, and a test that does.

CPU time of whole processes, user and system, interleaved; the least of all rounds, since whatever else the machine
does only adds to it. Run by hand: ``make bench``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROUNDS = 15
TESTS = 1000

PLAIN = "\ndef test_{n}():\n    pass\n"
FIXTURE = "\ndef test_{n}(fake_llm):\n    pass\n"

# The same test twice: one call, answered by a script or by httpx.MockTransport.
MOCKED = """
import httpx
import pytest

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}]}

@pytest.fixture(scope="session")
def mocked():
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER)), headers=KEY) as client:
        yield client

@pytest.fixture(scope="session")
def client():
    with httpx.Client(headers=KEY) as client:
        yield client
"""
MOCKED_CALL = '\ndef test_{n}(mocked):\n    assert mocked.post(CHAT, json=BODY).json()["choices"]\n'
SCRIPTED_CALL = (
    "\ndef test_{n}(client, fake_llm):\n"
    '    fake_llm.reply("Hello!")\n'
    '    assert client.post(CHAT, json=BODY).json()["choices"]\n'
)


def run(folder: Path, *arguments: str) -> float:
    """Run pytest on a folder in a process of its own; return its CPU time in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, str(folder)]
    # Compiled modules are kept, as they are where the plugin is installed.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPYCACHEPREFIX": str(folder.parent)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def suite(root: Path, name: str, head: str, test: str, count: int) -> Path:
    """Write a suite of so many equal tests."""
    folder = root / f"{name}-{count}"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_many.py").write_text(head + "".join(test.format(n=n) for n in range(count)))
    return folder


def least(contenders: Mapping[str, tuple[Path, tuple[str, ...]]], rounds: int) -> dict[str, float]:
    """Return the CPU time of each, in seconds; every contender in each round."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for folder, arguments in contenders.values():
        run(folder, *arguments)  # compiles what is not compiled yet
    for _ in range(rounds):
        for name, (folder, arguments) in contenders.items():
            spent[name].append(run(folder, *arguments))
    return {name: min(times) for name, times in spent.items()}


PLUGIN = ("-p", "pytest_fakellm.plugin")


def bench_start_up(root: Path) -> None:
    folder = suite(root, "start", "", PLAIN, 1)
    # An empty plugin beside ours: the option -p itself makes pytest look through all that is installed.
    (folder / "empty_plugin.py").write_text("")
    found = least({"without": (folder, ("-p", "empty_plugin")), "with": (folder, PLUGIN)}, 3 * ROUNDS)
    extra, ratio = found["with"] - found["without"], found["with"] / found["without"]
    print("start-up in a suite that does not use it")
    print(f"  pytest without the plugin                {found['without'] * 1e3:7.1f} ms")
    print(f"  pytest with the plugin                   {found['with'] * 1e3:7.1f} ms")
    print(f"  more                                     {extra * 1e3:7.1f} ms  goal <= 5")
    print(f"  ratio                                    {ratio:7.3f}     goal <= 1.02")


def bench_tests(root: Path) -> None:
    pairs = {
        "fixture alone": (("", PLAIN), ("", FIXTURE)),
        "one call, over MockTransport": ((MOCKED, MOCKED_CALL), (MOCKED, SCRIPTED_CALL)),
    }
    for title, (plain, used) in pairs.items():
        contenders = {
            f"{kind} {count}": (suite(root, f"{title}-{kind}", *texts, count), PLUGIN)
            for kind, texts in (("plain", plain), ("used", used))
            for count in (1, TESTS)
        }
        found = least(contenders, ROUNDS // 3)
        each = {kind: (found[f"{kind} {TESTS}"] - found[f"{kind} 1"]) / (TESTS - 1) for kind in ("plain", "used")}
        print(f"tests that use fake_llm, after the first: {title}")
        print(f"  a test without it                        {each['plain'] * 1e3:7.2f} ms")
        print(f"  a test with it                           {each['used'] * 1e3:7.2f} ms")
        print(
            f"  more                                     {(each['used'] - each['plain']) * 1e3:7.2f} ms  goal <= 0.50"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        bench_start_up(Path(folder))
        bench_tests(Path(folder))
