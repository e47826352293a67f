"""Every chat completion recorded from api.openai.com costs what it cost; what cannot match says why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from chat_wire import CHAT_URL

from fakellm.tokens import completion_usage, count
from fakellm.tokens._billed_tools import count_tools

RECORDINGS = os.environ.get("FAKELLM_REAL_CASSETTES")
pytestmark = pytest.mark.skipif(not RECORDINGS, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")

OLDER = "recorded before July 2025, when most answers cost one token more than now"

# (session, place): billed less computed, (prompt, completion), and why. Azure, OpenRouter and the others are not
# compared: what they bill is their own business.
DEVIATIONS = {
    ("test_openai__test_openai_instructions", 0): (0, 1, OLDER),
    ("test_openai__test_document_url_input", 1): (219, 1, f"a PDF, whose text and pages are not counted; {OLDER}"),
    ("test_openai__test_audio_as_binary_content_input", 0): (48, 0, "sound, which is not counted"),
    ("test_tool_search__test_tool_search_eval.openai-chat", 7): (
        0,
        8,
        "a long text: two at most are apostrophes that the recorder has straightened, six have no known rule",
    ),
}
RESPONSE = "test_openai_responses__test_openai_responses_streaming_usage"


def recorded_chats() -> Iterator[Any]:
    """Yield ((session, place), request, response) of the chats recorded from api.openai.com."""
    for path in sorted(Path(RECORDINGS).glob("*.yaml")) if RECORDINGS else ():
        text = path.read_text()
        found = yaml.safe_load(text)["interactions"] if f"uri: {CHAT_URL}" in text else ()
        for place, interaction in enumerate(found):
            request, response = interaction["request"], interaction["response"]
            if request["uri"] == CHAT_URL and response["status"]["code"] == 200:
                yield pytest.param((path.stem, place), request["parsed_body"], response, id=f"{path.stem}-{place}")


def read(response: dict[str, Any]) -> tuple[str | None, list[tuple[str, str]], dict[str, Any]]:
    """Return text, calls and usage of a recorded answer, whole or streamed; no streamed one here has calls."""
    if (whole := response.get("parsed_body")) is not None:
        message = whole["choices"][0]["message"]
        functions = [call["function"] for call in message.get("tool_calls") or ()]
        return message["content"], [(f["name"], f["arguments"]) for f in functions], whole["usage"]
    lines = response["body"]["string"].splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    return text, [], chunks[-1]["usage"]


@pytest.mark.parametrize(("key", "body", "response"), [*recorded_chats()])
def test_recorded_chat_costs_what_was_billed(key, body, response):
    text, calls, billed = read(response)
    prompt, completion, _ = DEVIATIONS.get(key, (0, 0, ""))
    reasoning = billed["completion_tokens_details"]["reasoning_tokens"]

    computed = completion_usage(body, text=text, tool_calls=calls, reasoning_tokens=reasoning)

    assert billed["prompt_tokens"] - computed["prompt_tokens"] == prompt
    assert billed["completion_tokens"] - computed["completion_tokens"] == completion


@pytest.mark.parametrize(("key", "body", "response"), [*recorded_chats()])
def test_details_are_those_of_the_recording(key, body, response):
    text, calls, billed = read(response)

    computed = completion_usage(body, text=text, tool_calls=calls)

    if key in DEVIATIONS:
        assert computed.keys() == billed.keys()
    else:
        assert computed == billed


def test_every_deviation_is_still_recorded():
    assert set(DEVIATIONS) <= {param.values[0] for param in recorded_chats()}


def test_recordings_hold_tools_and_their_history_of_both_families():
    bodies = [param.values[1] for param in recorded_chats()]

    assert len(bodies) == 16
    for family in ("gpt-4o", "gpt-5"):
        offering = [body for body in bodies if body["model"].startswith(family) and body.get("tools")]
        assert any(message["role"] == "tool" for body in offering for message in body["messages"])


def test_described_tool_costs_a_response_of_gpt_5_its_header_apart():
    # Two for the request, eight for the tools: what a response of gpt-5.5 costs beside a tool without a description.
    text = (Path(RECORDINGS or "") / f"{RESPONSE}.yaml").read_text()
    interaction = yaml.safe_load(text)["interactions"][0]
    [message], tools = interaction["request"]["parsed_body"]["input"], interaction["request"]["parsed_body"]["tools"]
    billed = 53

    assert f'"input_tokens":{billed}' in interaction["response"]["body"]["string"]
    assert billed == 2 + 4 + count(message["content"], model="gpt-5") + 8 + count_tools(
        tools, "o200k_base", header_apart=True
    )
