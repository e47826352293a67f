"""The official OpenAI SDK, 1.x on httpx and 3.x on httpx2, recorded and replayed."""

from __future__ import annotations

import asyncio
import json

import pytest

openai = pytest.importorskip("openai")

from provider_server import provider  # noqa: E402

from fakellm import UsageError, use_cassette  # noqa: E402
from fakellm._cassette.file import read_cassette  # noqa: E402

QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
WORDS = ["Rain", " in", " Paris"]


def chunk(**delta):
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o",
        "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
    }


def script(exchange):
    """Answer once with 429, then with what was asked for."""
    if "x-stainless-retry-count" in exchange.headers and exchange.headers["x-stainless-retry-count"] == "0":
        exchange.answer(b'{"error": {"message": "busy"}}', status=429, retry_after_ms="1")
    elif json.loads(exchange.body).get("stream"):
        exchange.stream()
        for word in WORDS:
            exchange.chunk(b"data: " + json.dumps(chunk(content=word)).encode() + b"\n\n")
        exchange.chunk(b"data: [DONE]\n\n")
        exchange.chunk(b"")
    else:
        message = {"role": "assistant", "content": "Rain."}
        exchange.answer(
            json.dumps(
                {**chunk(), "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
            ).encode(),
            content_type="application/json",
        )


def ask(base_url):
    with openai.OpenAI(api_key="sk-live-0123456789", base_url=base_url) as client:
        whole = client.chat.completions.create(**QUESTION)
        stream = client.chat.completions.create(**QUESTION, stream=True)
        return [whole.choices[0].message.content, [piece.choices[0].delta.content for piece in stream]]


def ask_async(base_url):
    async def session():
        async with openai.AsyncOpenAI(api_key="sk-live-0123456789", base_url=base_url) as client:
            whole = await client.chat.completions.create(**QUESTION)
            stream = await client.chat.completions.create(**QUESTION, stream=True)
            return [whole.choices[0].message.content, [piece.choices[0].delta.content async for piece in stream]]

    return asyncio.run(session())


@pytest.mark.parametrize("ask", [ask, ask_async])
def test_session_with_retries_and_a_stream_is_recorded_and_replayed(ask, tmp_path):
    path = tmp_path / "session.yaml"

    with provider(script) as url, use_cassette(path, mode="once"):
        recorded = ask(f"{url}/v1")
    with use_cassette(path) as cassette:
        replayed = ask(f"{url}/v1")

    assert recorded == replayed == ["Rain.", WORDS]
    assert cassette.unplayed == []
    held = read_cassette(path)
    assert [(one.response.status, one.trace.cut) for one in held] == [
        (429, False), (200, False), (429, False), (200, False),
    ]  # fmt: skip
    assert [len(one.trace.chunks) for one in held][-1] in (1, 2, 3, 4)
    assert "sk-live" not in path.read_text()


def test_stand_in_key_is_told_at_once(tmp_path):
    seen = []

    with (
        provider(seen.append) as url,
        pytest.raises(UsageError, match="carries the key 'sk-fakellm'"),
        use_cassette(tmp_path / "session.yaml", mode="once"),
        openai.OpenAI(api_key="sk-fakellm", base_url=f"{url}/v1") as client,
        pytest.raises(openai.BadRequestError, match="which no provider knows"),
    ):
        client.chat.completions.create(**QUESTION)

    assert seen == []
