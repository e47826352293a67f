"""Libraries that the code under test imports while a fake is active, or never."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

from fakellm import FakeLLM
from fakellm._io.late_imports import LateImports

LATE = """
import asyncio, sys

from fakellm import FakeLLM

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
KEY = {"authorization": "Bearer sk-fakellm"}

with FakeLLM() as llm:
    assert not {"httpx2", "requests", "urllib3", "aiohttp"} & set(sys.modules)
    llm.reply("Hello!", times=3)

    from requests import post
    assert post(CHAT, json=QUESTION, headers=KEY).status_code == 200

    import httpx2
    assert httpx2.post(CHAT, json=QUESTION, headers=KEY).status_code == 200

    import aiohttp
    async def ask():
        async with aiohttp.request("POST", CHAT, json=QUESTION, headers=KEY) as response:
            return response.status
    assert asyncio.run(ask()) == 200

from requests.adapters import HTTPAdapter
for function in (HTTPAdapter.send, aiohttp.BaseConnector.connect, httpx2.HTTPTransport.handle_request):
    assert not hasattr(function, "__wrapped__")
"""


NEVER = """
import sys
from fakellm import FakeLLM

with FakeLLM():
    assert not {"httpx2", "requests", "urllib3", "aiohttp"} & set(sys.modules)
"""


ALONE = """
import sys
import httpx
from fakellm import FakeLLM

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}

with FakeLLM() as llm:
    llm.reply("Hello!")
    assert httpx.post(CHAT, json=QUESTION, headers={"authorization": "Bearer sk-fakellm"}).status_code == 200

rooms = [name for name in sys.modules if name.startswith("fakellm._dialects.") and name.endswith(".dialect")]
assert sorted(rooms) == ["fakellm._dialects.chat.dialect", "fakellm._dialects.openai.dialect"], rooms
print(*sys.modules)
"""

# What a first plain answer of api.openai.com does without, and what it is for.
NOT_NEEDED = {
    "fakellm._cassette": "recordings",
    "fakellm._dialects.chat.portable": "requests to hosts of which no rules are known",
    "fakellm._dialects.chat.stored": "completions that are looked up",
    "fakellm._dialects.openai.misfits": "rejected requests",
    "fakellm._dialects.openai.pages": "lists",
    "fakellm._dialects.providers.azure": "another host",
    "fakellm._dialects.providers.deepseek": "another host",
    "fakellm._dialects.providers.groq": "another host",
    "fakellm._dialects.providers.openrouter": "another host",
    "fakellm._dialects.providers.plain": "another host",
    "fakellm._dialects.providers.siliconflow": "another host",
    "fakellm._dialects.unspoken": "APIs that are not spoken",
    "fakellm._exploring": "explore",
    "fakellm._io.recorder": "recordings",
    "fakellm._script.files": "scripts in files",
    "fakellm._script.recordings": "types alone",
    "fakellm._script.transcript": "reports of failures",
    "fakellm._server": "serve",
    "fakellm._time": "virtual time",
    "fakellm._yaml": "files",
    "fakellm.client": "a client of our own",
    "fakellm.faults": "tests that name one",
    "fakellm.framings": "tests that name one",
    "fakellm.messages": "AutoGen's vocabulary",
    "fakellm.models": "AutoGen's vocabulary",
    "fakellm.scenarios": "ready-made situations",
    "jsonschema": "structured output",
    "pkgutil": "the package in a zip file",
    "tiktoken": "long texts",
    "vcr": "recordings",
    "yaml": "files",
}


def test_plain_answer_imports_no_other_api_and_nothing_that_it_does_not_need():
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)

    assert NOT_NEEDED.keys() & set(done.stdout.split()) == set()


def test_library_that_is_imported_while_a_fake_is_active_is_answered():
    subprocess.run([sys.executable, "-c", LATE], check=True)


def test_fake_imports_nothing_that_the_code_under_test_does_not():
    subprocess.run([sys.executable, "-c", NEVER], check=True)


@pytest.fixture
def late(tmp_path, monkeypatch):
    """Waits for the module ``late_one``; what it was told of stands in the list."""
    (tmp_path / "late_one.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "late_one", raising=False)
    patched: list[ModuleType] = []
    imports = LateImports({"late_one": patched.append, "no_such_module": patched.append})
    yield imports, patched
    sys.modules.pop("late_one", None)


def test_module_is_patched_once_when_it_has_run(late):
    imports, patched = late

    imports.begin()
    module = importlib.import_module("late_one")
    imports.end()

    assert patched == [module]
    assert module.value == 1
    assert module.__loader__ is module.__spec__.loader
    assert type(module.__loader__).__module__ != "fakellm._io.late_imports"


def test_module_that_is_there_is_patched_at_once(late):
    imports, patched = late
    module = importlib.import_module("late_one")

    imports.begin()
    imports.end()

    assert patched == [module]


def test_module_that_comes_when_all_is_over_is_not_patched(late):
    imports, patched = late
    imports.begin()
    imports.end()

    importlib.import_module("late_one")

    assert (patched, imports.is_on, imports in sys.meta_path) == ([], False, False)


def test_finder_that_others_took_away_or_put_back_does_no_harm(late, monkeypatch):
    imports, patched = late
    imports.begin()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "meta_path", [finder for finder in sys.meta_path if finder is not imports])
        imports.end()  # not there to be removed
    imports.begin()  # put back meanwhile
    imports.end()

    importlib.import_module("late_one")

    assert (patched, imports in sys.meta_path) == ([], False)


def test_whoever_stands_in_front_stays_there(late):
    imports, _ = late
    first = sys.meta_path[0]

    imports.begin()
    try:
        assert sys.meta_path[0] is first
    finally:
        imports.end()


def test_module_that_nobody_finds_is_missing_as_ever(late):
    imports, _ = late
    imports.begin()
    try:
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module'"):
            importlib.import_module("no_such_module")
    finally:
        imports.end()


@pytest.mark.parametrize("name", ["httpx2", "requests.adapters", "aiohttp.connector"])
def test_module_that_is_being_imported_is_left_alone(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, ModuleType(name))

    with FakeLLM():
        pass
