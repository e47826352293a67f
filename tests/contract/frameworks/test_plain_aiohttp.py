"""Clients that users write on aiohttp are answered."""

from __future__ import annotations

from plain_client import TESTS

CODE = """
import asyncio
import json

import aiohttp
import pytest
from fakellm import ErrorReply, ToolCall

API = "https://api.openai.com/v1"
KEY = {"authorization": "Bearer sk-test"}

async def post(path, body):
    async with aiohttp.ClientSession(headers=KEY) as session:
        async with session.post(f"{API}/{path}", json={"model": "gpt-4o", **body}) as response:
            if response.status >= 400:
                raise RuntimeError((await response.json())["error"]["message"])
            return [line.decode() async for line in response.content]

def ask(path, **body):
    return json.loads("".join(asyncio.run(post(path, body))))

def stream(path, **body):
    lines = [line.removeprefix("data: ") for line in asyncio.run(post(path, {"stream": True, **body}))]
    return [json.loads(line) for line in lines if line.startswith("{")]

def test_error(fake_llm):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(RuntimeError, match="No."):
        ask("responses", input="hi")
"""


def test_aiohttp(run_tests):
    run_tests("aiohttp", CODE + TESTS, passed=6)
