"""google-genai asks an API that scripts do not answer yet; it is stopped with the sentence that says so.

Its async client is on aiohttp where that is installed, as beside openai 2, and on httpx2 elsewhere, as beside openai 3.
"""

from __future__ import annotations

CODE = """
import asyncio
import contextlib

import pytest
from fakellm import FakeLLM, UnmatchedRequestError
from google import genai
from google.genai.errors import ClientError

QUESTION = {"model": "gemini-2.5-flash", "contents": "hi"}

def ask():
    with genai.Client(api_key="key") as client:
        return client.models.generate_content(**QUESTION)

def ask_async():
    async def ask():
        async with genai.Client(api_key="key").aio as client:
            return await client.models.generate_content(**QUESTION)

    return asyncio.run(ask())

def stream_async():
    async def stream():
        async with genai.Client(api_key="key").aio as client:
            return [piece async for piece in await client.models.generate_content_stream(**QUESTION)]

    return asyncio.run(stream())

@pytest.fixture(params=[ask, ask_async, stream_async])
def asked(request):
    return request.param

@pytest.mark.fake_llm(allow_unmatched=True)
def test_error_of_the_client_has_the_sentence(fake_llm, asked):
    with pytest.raises(ClientError, match="fakellm cannot answer: POST https://generativelanguage") as caught:
        asked()

    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    assert "record it once (@pytest.mark.llm_cassette" in str(caught.value)

def test_swallowed_error_is_raised_in_the_end(asked):
    with pytest.raises(UnmatchedRequestError, match="fakellm cannot answer"), FakeLLM():
        with contextlib.suppress(ClientError):
            asked()
"""


def test_google_genai(run_tests):
    run_tests("google-genai", CODE, passed=6)
