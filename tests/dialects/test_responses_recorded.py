"""Recorded Responses: said by a reply in parts, their output gives the recorded response and its events."""

import json
import os
from pathlib import Path

import httpx
import pytest
import yaml
from chat_wire import wire
from engines import ask, scripted
from responses_wire import events_of

from fakellm import FakeLLM, Reply, use_cassette

RECORDINGS = os.environ.get("FAKELLM_REAL_CASSETTES")
pytestmark = pytest.mark.skipif(not RECORDINGS, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")

# New on each run.
VOLATILE = frozenset({"id", "item_id", "obfuscation", "encrypted_content", "created_at", "completed_at"})
# Members that a response has gained since it was recorded, and those of tools and parts.
LATER = frozenset(
    {
        "background",
        "billing",
        "completed_at",
        "frequency_penalty",
        "logprobs",
        "max_tool_calls",
        "moderation",
        "obfuscation",
        "output_schema",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "sequence_number",
        "service_tier",
        "summary",
        "tool_usage",
        "top_logprobs",
        "verbosity",
    }
)
# (session, place): members of the response that differ, and why.
DIFFERENT = {
    ("test_openai_responses__test_background_mode_streaming_starting_after_vcr", 0): {"store"},  # of the account
    ("test_openai_responses__test_openai_responses_stream", 0): {"reasoning"},  # named generate_summary then
    ("test_openai_responses__test_openai_responses_stream", 1): {"reasoning"},
    ("test_tool_search__test_openai_native_tool_search_streaming", 0): {"model", "prompt_cache_retention"},
    ("test_tool_search__test_openai_native_tool_search_streaming", 1): {"model", "prompt_cache_retention"},
}
# Written by hand.
NOT_RECORDED = "test_openai_responses__test_openai_previous_response_id"


def recorded():
    """Yield (session, place), URL, request and response of the answers there are."""
    for path in sorted(Path(RECORDINGS).glob("*.yaml")) if RECORDINGS else ():
        text = path.read_text()
        found = yaml.safe_load(text)["interactions"] if "/responses\n" in text and path.stem != NOT_RECORDED else ()
        for place, interaction in enumerate(found):
            request, response = interaction["request"], interaction["response"]
            if request["uri"].endswith("/responses") and response["status"]["code"] == 200:
                values = (path.stem, place), request["uri"], request["parsed_body"], response
                yield pytest.param(*values, id=f"{path.stem}-{place}")


def events(response):
    """The events of a recorded stream; of any other answer one, as if it were the last."""
    if "parsed_body" in response:
        return [{"type": "response.completed", "response": response["parsed_body"]}]
    return events_of(response["body"]["string"].encode())


def usage(sent):
    names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
    names |= {f"{name}_details": f"{chat}_details" for name, chat in names.items()}
    return {names.get(name, name): count for name, count in sent.items()}


def said(response, body, url):
    """What a fake answers that is scripted with the recorded output."""
    last = events(response)[-1]["response"]
    reply = Reply(parts=last["output"], usage=usage(last["usage"]), deliberate=True)
    answer = ask(scripted(reply), wire(body, url=url))
    return events_of(answer.body) if body.get("stream") else [{"type": "response.completed", "response": answer.json}]


def comparable(value, also=frozenset()):
    """A value without what is new on each run, and without members that it has beside those of another."""
    if isinstance(value, list):
        return [comparable(item, also) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: comparable(member, also) for name, member in value.items() if name not in VOLATILE | also}


def joined(events):
    """The events with each text in one piece, for models whose tokens are others'."""
    whole = []
    for event in events:
        event = dict(event)
        event.pop("sequence_number", None)
        if event["type"].endswith(".delta") and whole and whole[-1]["type"] == event["type"]:
            whole[-1]["delta"] += event["delta"]
        else:
            whole.append(event)
    return whole


@pytest.mark.parametrize(("key", "url", "body", "response"), [*recorded()])
def test_recorded_output_in_parts_gives_the_recorded_events(key, url, body, response):
    sent, made = events(response), said(response, body, url)
    if "deepseek" in url:
        sent, made = joined(sent), joined(made)

    assert [event["type"] for event in made] == [event["type"] for event in sent]
    for ours, theirs in zip(made, sent, strict=True):
        if "response" not in theirs:
            later = LATER if "sequence_number" not in theirs and "deepseek" not in url else frozenset()
            assert comparable(ours, later) == comparable(theirs, later)


@pytest.mark.parametrize(("key", "url", "body", "response"), [*recorded()])
def test_recorded_response_has_the_same_members(key, url, body, response):
    ours, theirs = said(response, body, url)[-1]["response"], events(response)[-1]["response"]
    passed_over = DIFFERENT.get(key, set())

    assert theirs.keys() <= ours.keys()
    assert ours.keys() - theirs.keys() <= LATER
    for name in theirs.keys() - passed_over - {"usage"}:
        gone = frozenset(LATER - theirs.keys())
        assert comparable({name: ours[name]}, gone) == comparable({name: theirs[name]}, gone)
    counts = ("input_tokens", "output_tokens", "total_tokens")
    assert [ours["usage"][name] for name in counts] == [theirs["usage"][name] for name in counts]
    for details in ("input_tokens_details", "output_tokens_details"):
        assert ours["usage"][details].items() >= theirs["usage"][details].items()


# What a prompt costs where there are rules: no hosted tool, no reasoning that comes back, not before summer 2025.
KNOWN = {
    ("test_openai_responses__test_background_mode_streaming_starting_after_vcr", 0): (15, 9),
    ("test_openai_responses__test_openai_responses_model_simple_response_with_tool_call", 0): (40, 18),
    ("test_openai_responses__test_openai_responses_model_simple_response_with_tool_call", 1): (67, 11),
    ("test_openai_responses__test_openai_responses_streaming_usage", 0): (53, None),
    ("test_openai_responses__test_openai_responses_thinking_with_modified_history", 0): (13, None),
    ("test_openai_responses__test_openai_responses_thinking_with_modified_history", 2): (142, None),
    ("test_openai_responses__test_reasoning_summary_auto", 0): (34, None),
}


@pytest.mark.parametrize(("key", "url", "body", "response"), [case for case in recorded() if case.values[0] in KNOWN])
def test_usage_is_what_was_billed(key, url, body, response):
    last = events(response)[-1]["response"]
    answer = ask(
        scripted(Reply(parts=last["output"], deliberate=True)),
        wire({**body, "stream": False, "background": False}, url=url),
    )
    prompt, completion = KNOWN[key]

    usage = answer.json["usage"]
    assert (usage["input_tokens"], last["usage"]["input_tokens"]) == (prompt, prompt)
    assert completion is None or usage["output_tokens"] == last["usage"]["output_tokens"] == completion


@pytest.mark.parametrize(("key", "url", "body", "response"), [*recorded()])
def test_recorded_answer_is_replayed_beside_a_script(key, url, body, response):
    llm = FakeLLM()
    llm.replay(Path(RECORDINGS) / f"{key[0]}.yaml")

    with llm:
        answer = httpx.post(url, json=body, headers={"authorization": "Bearer sk-fakellm"})

    sent = response.get("parsed_body") or response["body"]["string"]
    assert (answer.json() if isinstance(sent, dict) else answer.text) == sent
    assert llm.calls[0].endpoint == "responses"
    assert llm.calls[0].usage["total_tokens"] == events(response)[-1]["response"]["usage"]["total_tokens"]


SHOWN = {
    "test_openai_responses__test_openai_responses_model_web_search_tool_with_user_location": [
        "  system: You are a helpful assistant.",
        "  user: What is the weather?",
        '  => runs web_search({"query": "weather: Utrecht, Netherlands", "type": "search"})',
        "  => Here’s the weather for Utrecht, Netherlands.",
    ],
    "test_deepseek_responses__test_deepseek_responses.function_tool_stream": [
        "  user: What is the temperature in Tokyo?",
        "  => (thinks) The user asks about temperature in Tokyo. I'll call the tool.",
        '  => calls get_temperature({"city": "Tokyo"})',
        '  assistant calls get_temperature({"city": "Tokyo"})',
        "  tool: 21.0",
        "  => The current temperature in Tokyo is **21.0°C**.",
    ],
    "test_openai_responses__test_openai_responses_thinking_with_modified_history": [
        "  => error: Item 'rs_68c42de022c881948db7ed1cc2529f2e0202c9ad459e0d23' of type 'reasoning' was provided "
        "without its required following item.",
    ],
}


@pytest.mark.parametrize("session", SHOWN)
def test_transcript_of_a_recording_reads_as_a_conversation(session):
    interactions = yaml.safe_load((Path(RECORDINGS) / f"{session}.yaml").read_text())["interactions"]
    with use_cassette(Path(RECORDINGS) / f"{session}.yaml") as cassette:
        for request in (interaction["request"] for interaction in interactions):
            httpx.post(request["uri"], content=json.dumps(request["parsed_body"]))

    lines = cassette.transcript().split("\n")
    assert [line for line in lines if line in SHOWN[session]] == SHOWN[session]


def test_recorded_stream_is_resumed():
    name = "test_openai_responses__test_background_mode_streaming_starting_after_vcr"
    posted, resumed = yaml.safe_load((Path(RECORDINGS) / f"{name}.yaml").read_text())["interactions"]
    llm, headers = FakeLLM(), {"authorization": "Bearer sk-fakellm"}
    llm.reply(Reply(parts=events(posted["response"])[-1]["response"]["output"]))

    with llm:
        begun = events_of(
            httpx.post(posted["request"]["uri"], json=posted["request"]["parsed_body"], headers=headers).content
        )
        recorded_id = events(posted["response"])[0]["response"]["id"]
        url = resumed["request"]["uri"].replace(recorded_id, begun[0]["response"]["id"])
        made = events_of(httpx.get(url, headers=headers).content)

    sent = events(resumed["response"])
    assert [event["type"] for event in made] == [event["type"] for event in sent]
    assert [event["sequence_number"] for event in made] == [event["sequence_number"] for event in sent]
    assert made == begun[1:]
