"""Requests of the Responses API as tests send them, and what comes back."""

import json

from asking import read
from chat_wire import wire
from engines import ask, scripted

from fakellm._dialects.responses.dialect import RESPONSES
from fakellm._wire.dialect import STRICT

URL = "https://api.openai.com/v1/responses"
DEEPSEEK = "https://api.deepseek.com/responses"
OPENROUTER = "https://openrouter.ai/api/v1/responses"
AZURE = "https://mine.openai.azure.com/openai/v1/responses"
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
ENCRYPTED = "reasoning.encrypted_content"


def asking(question="hi", *, url=URL, headers=None, **fields):
    """A request with one question; fields are added to its body."""
    return wire({"model": "gpt-4o", "input": question, **fields}, url=url, headers=headers)


def decoded(question="hi", *, strictness=STRICT, **fields):
    """A request as the dialect reads it."""
    return read(asking(question, **fields), dialect=RESPONSES, strictness=strictness)


def answered(*replies, **fields):
    """The response to one request; of several replies the first."""
    answer = ask(scripted(*replies), asking(**fields))
    assert answer.status == 200, answer.body
    return answer.json


def streamed(*replies, **fields):
    """The events of a streamed response."""
    answer = ask(scripted(*replies), asking(stream=True, **fields))
    assert answer.status == 200, answer.body
    return events_of(answer.body)


def events_of(body):
    """The objects of a stream; each has the name of its event for a type."""
    events = []
    for event in body.decode().strip().split("\n\n"):
        *names, data = event.split("\n")
        if data.startswith("data: {"):
            events.append(json.loads(data.removeprefix("data: ")))
            assert names in ([], [f"event: {events[-1]['type']}"])
    return events


def names(events):
    """The types of events without their beginning, runs of deltas once."""
    found = [event["type"].removeprefix("response.") for event in events]
    return [name for place, name in enumerate(found) if not (name.endswith(".delta") and found[place - 1] == name)]
