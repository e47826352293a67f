"""The engine of what ships: in Python at first, tiktoken's when it is worth it."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import cache

import pytest
from generated_texts import generated_texts

from fakellm.tokens import Encoding, _shipped, get_encoding
from fakellm.tokens._pieces import PATTERNS
from fakellm.tokens._shipped import ShippedEngine
from fakellm.tokens._tiktoken import build


@pytest.fixture
def fresh() -> Encoding:
    """o200k_base with an engine of its own, which has done nothing yet."""
    return Encoding("o200k_base", ShippedEngine("o200k_base"))


@pytest.mark.parametrize("is_promoted", [False, True])
def test_lone_surrogates_are_encoded_as_replacement_characters(fresh, is_promoted):
    if is_promoted:
        fresh._engine.promote()

    assert fresh.encode("a\ud800b") == fresh.encode("a\ufffdb")
    assert fresh.encode("\ud83d\ude00") == fresh.encode("😀")
    assert fresh.count("\udfff") == fresh.count("\ufffd")


def test_very_long_piece_goes_to_tiktoken(fresh):
    assert fresh.count("a" * 300_000) == 37_500
    assert fresh._engine.is_promoted


@pytest.mark.parametrize(
    ("text", "tokens"),
    [(" " * 1_280_000, 10_000), (" " * 1_280_001 + "x", 10_001), ("\u3000" * 1_280_000, 80_000)],
    ids=["blanks", "blanks before a letter", "wide blanks"],
)
def test_million_blanks_are_counted(fresh, text, tokens):
    assert fresh.count(text) == tokens


LONG = 600_000
LONG_RUNS = {
    "blanks at the end": "Hello, 你好!" + " " * LONG,
    "blanks at the start": " " * LONG + "don't 'ſ stop\r\n",
    "blanks and line ends": "a" + " \t" * LONG + "\n" + "\u00a0" * LONG + "!!!",
    "separators": "\x1c" * LONG + " b",  # white space to Python, not to tiktoken
    "a letter": "b" + "a" * LONG,
    "marks": "e" + "\u0301" * LONG,
}


@pytest.mark.parametrize("text", LONG_RUNS.values(), ids=LONG_RUNS)
@pytest.mark.parametrize("name", PATTERNS)
def test_long_runs_have_the_tokens_of_tiktoken(name, text):
    assert ShippedEngine(name).encode(text) == tiktokens(name).encode_ordinary(text)


@cache
def tiktokens(name):
    """tiktoken's engine of an encoding, which takes a quarter of a second to build."""
    return build(name, PATTERNS[name], ShippedEngine(name)._vocabulary.tokens())


def test_text_that_takes_longer_than_building_goes_to_tiktoken():
    engine = ShippedEngine("o200k_base", effort=100)
    texts = list(generated_texts(2000, seed=6))

    tokens = [engine.encode(text.encode(errors="replace").decode()) for text in texts]

    assert engine.is_promoted
    assert tokens == [get_encoding("o200k_base").encode(text.encode(errors="replace").decode()) for text in texts]


def test_no_call_that_can_do_without_tiktoken_builds_it():
    engine = ShippedEngine("o200k_base", effort=100)

    for number in range(1000):
        engine.encode(f"text{number:x} number{number:o}")

    assert not engine.is_promoted


def test_threads_may_share_an_encoding(fresh, monkeypatch):
    built = []
    build = _shipped.build
    monkeypatch.setattr(_shipped, "build", lambda *args: built.append(args) or build(*args))
    texts = list(generated_texts(4000, seed=7))
    expected = [len(fresh.encode(text)) for text in texts]
    shared = Encoding("o200k_base", ShippedEngine("o200k_base", effort=100))  # too little for some
    found: dict[int, list[int]] = {}

    def work(number: int) -> None:
        turned = texts[number * 500 :] + texts[: number * 500]
        counts = [shared.count(text) for text in turned]
        found[number] = counts[len(texts) - number * 500 :] + counts[: len(texts) - number * 500]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [found[number] == expected for number in range(8)] == [True] * 8
    assert len(built) == 1


def test_counting_short_texts_imports_neither_tiktoken_nor_regex():
    code = (
        "import sys; from fakellm import tokens; print(tokens.count('Hello, 你好!', model='gpt-4o'), "
        "sorted({'importlib.resources', 'logging', 'pydantic', 'regex', 'tiktoken'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "5 []\n"


LONG_TEXTS = r"""
import base64, json, sys
import httpx
from fakellm import FakeLLM
from fakellm.tokens import get_encoding

prose = " ".join(f"{number:o} ways to say {number:x}" for number in range(10_000))
picture = base64.b64encode(bytes(range(256)) * 80).decode()
page = json.dumps([{"id": number, "text": f"Entry {number}"} for number in range(2_000)], indent=2)
texts = [prose, picture, page, "你好，世界。" * 2_000, "-" * 5_000, "a" * 5_000, "\n" * 50_000]

def post(text):
    return client.post(
        "https://api.openai.com/v1/chat/completions",
        headers={"authorization": "Bearer sk-fakellm"},
        json={"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "stream": text is page},
    ).raise_for_status()

with FakeLLM() as llm, httpx.Client() as client:
    for text in texts:
        llm.reply(text[::-1])
        post(text)
    assert llm.calls.usage["total_tokens"] > 100_000
print("tiktoken" in sys.modules, get_encoding("o200k_base")._engine.is_promoted)
"""


def test_calls_with_long_texts_never_wait_for_tiktoken():
    done = subprocess.run([sys.executable, "-c", LONG_TEXTS], capture_output=True, text=True, check=True)

    assert done.stdout == "False False\n"
