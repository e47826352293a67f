"""One fake, many threads and tasks: every reply is delivered once, and the journal is complete."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import httpx2
import pytest
from asking import KEY, OPENAI, body

from fakellm import FakeLLM

TASKS = 1_000
THREADS = 64


def question(number: int) -> dict[str, object]:
    return body(messages=[{"role": "user", "content": f"question {number}"}])


def content(response: httpx.Response) -> str:
    said: str = response.json()["choices"][0]["message"]["content"]
    return said


@pytest.mark.parametrize("module", [httpx, httpx2], ids=lambda module: module.__name__)
def test_thousand_tasks_get_a_reply_each(module):
    llm = FakeLLM()
    llm.reply(*(f"reply {n}" for n in range(TASKS)))

    async def ask_all() -> list[str]:
        async with module.AsyncClient(headers=KEY, timeout=None) as client:
            asked = (client.post(OPENAI, json=question(n)) for n in range(TASKS))
            return [content(response) for response in await asyncio.gather(*asked)]

    with llm:
        said = asyncio.run(ask_all())

    assert sorted(said) == sorted(f"reply {n}" for n in range(TASKS))
    assert [call.number for call in llm.calls] == list(range(1, TASKS + 1))
    assert {call.last_user for call in llm.calls} == {f"question {n}" for n in range(TASKS)}


def test_threads_with_a_client_each_get_a_reply_each():
    llm = FakeLLM()
    llm.reply(*(f"reply {n}" for n in range(THREADS)))

    def ask(number: int) -> str:
        with httpx.Client(headers=KEY) as client:
            return content(client.post(OPENAI, json=question(number)))

    with llm, ThreadPoolExecutor(THREADS) as pool:
        said = list(pool.map(ask, range(THREADS)))

    assert sorted(said) == sorted(f"reply {n}" for n in range(THREADS))
    assert len(llm.calls) == THREADS
