"""What the plugin costs: a suite that does not use it, tests that do, and a suite beside those of other plugins.

CPU time of whole processes, user and system. `make bench-plugin`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx
from asked import CHAT, PROMPT, body, floor
from texts import prose
from timing import Clock, own_share, ratio, repeat, report, take_turns

FAKELLM = "pytest_fakellm.plugin"
NO_PLUGIN = "empty_plugin"
PLAIN = "\ndef test_{n}():\n    pass\n"

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

# The limit: a fixture that sets the unlayered transport in the place of those of httpx, in a suite without a plugin.
UNLAYERED = f"""
import sys

import httpx
import pytest

sys.path.insert(0, {str(Path(__file__).parent)!r})

from unlayered import Unlayered

@pytest.fixture
def unlayered():
    with Unlayered(httpx) as llm:
        yield llm
"""
UNLAYERED_CALL = SCRIPTED_CALL.replace("fake_llm", "unlayered")

# The same suite for each: each test says what is replied, asks through the SDK and looks at the answer.
SDK = """
import openai
import pytest

CHAT = "https://api.openai.com/v1/chat/completions"

@pytest.fixture(scope="session")
def ask():
    with openai.OpenAI(api_key="sk-fakellm") as client:
        yield lambda prompt: client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": prompt}]
        ).choices[0].message.content

def completion(text):
    message = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1735689600,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 28, "completion_tokens": 20, "total_tokens": 48},
    }
"""
SDK_TEST = '\ndef test_{{n}}(ask, {fixture}):\n    {said}\n    assert ask("{{prompt}}") == "{{reply}}"\n'
# Whose suite -> (what loads its plugin, a test).
SUITES = {
    "fakellm": (FAKELLM, "fake_llm", 'fake_llm.reply("{reply}")'),
    "pytest-httpx": ("pytest_httpx", "httpx_mock", 'httpx_mock.add_response(json=completion("{reply}"))'),
    "respx": ("respx.plugin", "respx_mock", 'respx_mock.post(CHAT).respond(json=completion("{reply}"))'),
    "unlayered": (NO_PLUGIN, "unlayered", 'unlayered.reply("{reply}")'),
}
SUITE_GOALS = {"pytest-httpx": 1.00, "respx": 0.95}
CALL = "MockTransport"


def suite(root: Path, head: str, tests: Iterable[str]) -> Path:
    """Write a suite."""
    folder = Path(tempfile.mkdtemp(dir=root))
    (folder / "pytest.ini").write_text("[pytest]\n")
    # An empty plugin, too: the option -p itself makes pytest look through all that is installed.
    (folder / f"{NO_PLUGIN}.py").write_text("")
    (folder / "test_many.py").write_text(head + "".join(tests))
    return folder


def equal_tests(test: str, many: int) -> Iterable[str]:
    """Return so many tests, equal but for the name."""
    return (test.format(n=n) for n in range(many))


def running(folder: Path, plugin: str = FAKELLM) -> Clock:
    """Return the clock of pytest on a suite, in a process of its own, with one plugin."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin, str(folder)]
    # Compiled modules are kept, as they are where the plugin is installed.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPYCACHEPREFIX": str(folder.parent)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def clock() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return clock


def mock_transport() -> Clock:
    """Return the clock of a call that MockTransport answers, by which milliseconds are told."""
    client = floor(httpx)
    return repeat(lambda: client.post(CHAT, json=body(PROMPT)), 400)


def bench_start_up(root: Path) -> bool:
    """Print what the plugin costs a suite that does not use it."""
    folder = suite(root, "", equal_tests(PLAIN, 1))
    with_it = "start-up where nothing uses it"
    clocks = {CALL: mock_transport(), "without": running(folder, NO_PLUGIN), with_it: running(folder)}
    spent = take_turns(clocks, rounds=40)
    rows = [
        own_share(spent, with_it, floor="without", call=CALL, goal=5, unit="ms"),
        ratio(spent, with_it, floor="without", goal=1.02, what="the same, over pytest without it"),
    ]
    return report("plugin, start-up", rows)


def bench_fixture(root: Path, many: int = 1000) -> bool:
    """Print what a test with `fake_llm` and one call takes, the first aside, beyond one with MockTransport."""
    clocks = {CALL: mock_transport()}
    # kind -> (what stands before the tests, a test, the plugin)
    kinds = {
        "floor": (MOCKED, MOCKED_CALL, FAKELLM),
        "fixture": (MOCKED, SCRIPTED_CALL, FAKELLM),
        "unlayered": (UNLAYERED + MOCKED, UNLAYERED_CALL, NO_PLUGIN),
    }
    for kind, (head, test, plugin) in kinds.items():
        for count in (1, many):
            clocks[f"{kind} {count}"] = running(suite(root, head, equal_tests(test, count)), plugin)
    spent = take_turns(clocks, rounds=8)
    after_the_first = {
        kind: [
            (every - one) / (many - 1) for every, one in zip(spent[f"{kind} {many}"], spent[f"{kind} 1"], strict=True)
        ]
        for kind in kinds
    }
    what = "a test with fake_llm and one call"
    spent = {CALL: spent[CALL], **after_the_first, what: after_the_first["fixture"]}
    one = own_share(spent, what, floor="floor", call=CALL, goal=0.5, limit="unlayered", unit="ms")
    return report("plugin, the fixture", [one])


def bench_suites(root: Path, many: int = 400) -> bool:
    """Print what a whole suite takes that calls through the SDK, over the same suite with other plugins."""
    texts = list(zip(prose(100, many), prose(100, many), strict=True))
    clocks = {}
    for whose, (plugin, fixture, said) in SUITES.items():
        test = SDK_TEST.format(fixture=fixture, said=said)
        tests = (test.format(n=n, prompt=prompt, reply=reply) for n, (prompt, reply) in enumerate(texts))
        clocks[whose] = running(suite(root, UNLAYERED + SDK if whose == "unlayered" else SDK, tests), plugin)
    spent = take_turns(clocks, rounds=10)
    rows = [
        ratio(
            spent, "fakellm", floor=whose, goal=goal, limit="unlayered", what=f"400 tests through openai, over {whose}"
        )
        for whose, goal in SUITE_GOALS.items()
    ]
    return report("plugin, a whole suite", rows)


def main() -> int:
    benches: list[Callable[[Path], bool]] = [bench_start_up, bench_fixture, bench_suites]
    with tempfile.TemporaryDirectory() as folder:
        missed = [bench(Path(folder)) for bench in benches]
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
