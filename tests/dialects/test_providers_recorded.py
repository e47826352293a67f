"""The members of our answers against those that providers really sent."""

import json

from asking import read
from chat_wire import FixedIdentity, play

from fakellm._cassette.file import read_cassette
from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.chat.quirks import quirks_of
from fakellm._dialects.providers import provider_of
from fakellm._dialects.providers.openai import OPENAI
from fakellm._wire.answer import Choice, Completion, WireToolCall
from fakellm._wire.dialect import Strictness
from fakellm._wire.sse import SSEDecoder


def usage(*, reasoning):
    return {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": int(reasoning),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


# Members that a recorded answer has because of what was asked or said there, and what they hold.
INCIDENTAL = (
    "reasoning_details.",
    "image_tokens",
    "video_tokens",
    "text_tokens",
    "annotations",
    "_tool",
    "breakdown",
)

# (file, place): members that were sent there and that we do not send, members that we send beside them.
DIFFERENT = {
    # A system of several models, not one model.
    ("test_groq__test_groq_model_web_search_tool_stream.yaml", 0): (set(), {"choices.delta.role", "x_groq.id"}),
    # Newer than the other one.
    ("test_groq__test_image_detail_vendor_metadata.yaml", 0): ({"x_groq.seed"}, set()),
    # A model of sound.
    ("test_openai__test_audio_as_binary_content_input.yaml", 0): (set(), {"choices.logprobs"}),
    # The error is what is shown there.
    ("test_openrouter__test_openrouter_stream_error.yaml", 0): ({"error", "error.code", "error.message"}, set()),
    # What it thought is encrypted there.
    ("test_openrouter__test_openrouter_stream_with_reasoning.yaml", 0): (
        {"choices.delta.reasoning", "choices.delta.reasoning_details"},
        set(),
    ),
    # Of a time when the cost had to be asked for.
    ("test_openrouter__test_openrouter_usage.yaml", 0): (
        set(),
        {
            "usage.is_byok",
            "usage.cost",
            "usage.cost_details",
            "usage.cost_details.upstream_inference_completions_cost",
            "usage.cost_details.upstream_inference_cost",
            "usage.cost_details.upstream_inference_prompt_cost",
            "usage.prompt_tokens_details",
            "usage.prompt_tokens_details.audio_tokens",
            "usage.prompt_tokens_details.cached_tokens",
        },
    ),
    # From another provider behind it, of which it passes on what it says.
    ("test_openrouter__test_openrouter_web_search_annotations.yaml", 0): (
        {
            "service_tier",
            "system_fingerprint",
            "usage.prompt_tokens_details.cache_write_tokens",
            "usage.completion_tokens_details.audio_tokens",
        },
        {"usage.is_byok"},
    ),
}


def names(value, path=""):
    """The paths of all members, whatever their place in a list."""
    if isinstance(value, list):
        return {name for item in value for name in names(item, path)}
    if not isinstance(value, dict):
        return set()
    own = {f"{path}{name}" for name in value}
    return own.union(*(names(member, f"{path}{name}.") for name, member in value.items()))


def objects(body):
    """The one object of a body, or those of a stream."""
    text = body.decode()
    if text.startswith("{"):
        return [json.loads(text)]
    return [json.loads(event.data) for event in SSEDecoder().feed(body) if event.data != "[DONE]"]


def said_again(recorded, request, *, reasoning):
    """A completion with the text and the calls of the recorded one."""
    found = [choice.get("message") or choice["delta"] for item in recorded for choice in item["choices"]]
    calls = [call for message in found for call in message.get("tool_calls") or ()]
    text = "".join(message.get("content") or "" for message in found)
    thought = "".join(message.get(quirks_of(request.provider).reasoning_field) or "" for message in found)
    pieces = (text,) if text else None
    reason = "tool_calls" if calls else "stop"
    choice = Choice(
        0,
        reason,
        pieces,
        tuple(WireToolCall("call_1", "f", ("{}",)) for _ in calls),
        reasoning=(thought,) if thought else None,
    )
    return Completion(FixedIdentity(), 1_735_689_600, request.model, (choice,), usage(reasoning=reasoning))


def by_chance_aside(paths):
    return {path for path in paths if not any(word in path for word in INCIDENTAL)}


def sessions(folder):
    for file in folder:
        for place, interaction in enumerate(read_cassette(file)):
            request = interaction.request
            known = provider_of(request.host, request.path).name != "plain"
            if request.path.endswith("/chat/completions") and known and interaction.response.status == 200:
                yield (file.name, place), interaction


def test_members_are_those_that_providers_send(real_cassettes):
    found = {}
    for key, interaction in sessions(real_cassettes):
        request = read(interaction.request, Strictness(strict=False))
        body = interaction.response.body
        again = said_again(objects(body), request, reasoning=b"reasoning_tokens" in body)
        theirs, ours = names(objects(body)), names(objects(play(CHAT.say(again, request)).body))
        found[key] = (by_chance_aside(theirs - ours), by_chance_aside(ours - theirs))

    assert len(found) > 15
    assert {key: difference for key, difference in found.items() if difference != (set(), set())} == DIFFERENT


def test_openai_has_a_fingerprint_where_one_is_recorded(real_cassettes):
    found = set()
    for _, interaction in sessions(real_cassettes):
        request = read(interaction.request, Strictness(strict=False))
        if request.provider is OPENAI:
            [recorded, *_] = objects(interaction.response.body)
            [ours, *_] = objects(play(CHAT.say(said_again([recorded], request, reasoning=False), request)).body)
            found.add((recorded["system_fingerprint"] is None, ours["system_fingerprint"] is None))

    assert found == {(True, True), (False, False)}
