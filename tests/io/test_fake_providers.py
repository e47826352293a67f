"""A FakeLLM that is a certain provider, and one that sends all headers."""

import httpx
import pytest
from asking import ELSEWHERE, KEY, OPENAI, body

from fakellm import FakeLLM, UsageError

OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"


def post(url, **fields):
    return httpx.post(url, json=body(**fields), headers=KEY)


def test_url_decides_by_default():
    with FakeLLM() as llm:
        llm.reply("hi", times=2)

        assert "provider" not in post(OPENAI).json()
        assert post(OPENROUTER).json()["provider"] == "OpenAI"


def test_fake_is_the_provider_that_it_is_given():
    with FakeLLM(provider="openrouter") as llm:
        llm.reply("hi")

        assert post(ELSEWHERE, model="openai/gpt-4o").json()["provider"] == "OpenAI"


def test_rules_of_openai_hold_on_loopback_where_the_fake_is_openai():
    with FakeLLM(provider="openai", allow_rejected=True):
        assert post(ELSEWHERE, temperature=3).json()["error"]["code"] == "decimal_above_max_value"


def test_no_rules_hold_on_openais_host_where_the_fake_is_plain():
    with FakeLLM(provider="plain") as llm:
        llm.reply("hi")

        assert post(OPENAI, temperature=3).status_code == 200


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("openruter", "; did you mean 'openrouter'?"),
        ("OpenAI", "; did you mean 'openai'?"),
        ("mistral", ""),
        ("", ""),
        (5, ""),
        (["mistral"], ""),
    ],
    ids=repr,
)
def test_unknown_provider_is_a_usage_error(given, hint):
    with pytest.raises(UsageError) as caught:
        FakeLLM(provider=given)

    assert str(caught.value) == (
        f"FakeLLM knows no provider {given!r}{hint}\n"
        "  it knows azure, deepseek, groq, openai, openrouter, plain, siliconflow\n"
        "  for any other OpenAI-compatible server, type: provider='plain'"
    )


def test_all_headers_are_sent_where_asked():
    with FakeLLM(headers="full") as llm:
        llm.reply("hi")

        assert post(OPENAI).headers["x-ratelimit-remaining-requests"] == "9999"


@pytest.mark.parametrize("given", ["usual", {"x-a": "b"}, True])
def test_other_headers_are_a_usage_error(given):
    with pytest.raises(UsageError) as caught:
        FakeLLM(headers=given)

    assert str(caught.value) == (
        f"FakeLLM headers is 'full' or left out, got {given!r}\n"
        "  to add headers to one answer, type: reply('...', headers={'x-name': 'value'})"
    )
