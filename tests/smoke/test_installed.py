"""What must work wherever the wheel is installed, with nothing else."""

from pathlib import Path

import httpx
import pytest

import fakellm

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


def test_fake_answers(fake_llm):
    fake_llm.reply("Hello!")

    answer = httpx.post(CHAT, json=QUESTION, headers=KEY).json()

    assert answer["choices"][0]["message"]["content"] == "Hello!"
    assert answer["usage"]["prompt_tokens"] == 8


def test_stream_ends_with_done_marker(fake_llm):
    fake_llm.reply("Hello there")

    text = httpx.post(CHAT, json={**QUESTION, "stream": True}, headers=KEY).text

    assert text.endswith("data: [DONE]\n\n")


def test_error_reply_has_its_status(fake_llm):
    fake_llm.reply(fakellm.ErrorReply.rate_limited())

    assert httpx.post(CHAT, json=QUESTION, headers=KEY).status_code == 429


def test_unscripted_call_fails(fake_llm):
    with pytest.raises(fakellm.UnmatchedRequestError, match="nothing is scripted"), fakellm.FakeLLM():
        httpx.post(CHAT, json=QUESTION, headers=KEY)


def test_vocabularies_ship():
    assert fakellm.tokens.count("你好，AutoGen！", model="gpt-4o") == 5
    assert fakellm.tokens.count("你好，AutoGen！", model="gpt-4") == 6


def test_recording_of_the_demo_ships():
    path = Path(fakellm.__file__).parent / "cassettes" / "weather_tool_loop.yaml"
    if not path.exists():
        pytest.skip("an editable install has the recording beside the package")

    with fakellm.use_cassette(path) as cassette:
        assert len(cassette.interactions) == 3
