"""The short cut past the player: the same to the client, and in the journal, as the long way."""

from __future__ import annotations

import pickle
from types import ModuleType, SimpleNamespace

import httpx
import pytest
from asking import KEY

from fakellm import ErrorReply, FakeLLM
from fakellm._io.fast_path import respond_at_once
from fakellm._io.transport import transport_class
from fakellm._wire.events import Head, Whole

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the weather in Paris?"}]}
STREAM = {**QUESTION, "stream": True, "stream_options": {"include_usage": True}}


@pytest.fixture
def way(httpx_way):
    """The clients that have the short cut."""
    return httpx_way


class Played:
    """An answer without its short cut."""

    whole = None
    take = None

    def __init__(self, answer):
        self._answer = answer
        self.began = answer.began
        self.finished = answer.finished

    def __iter__(self):
        return iter(self._answer)


class Playing:
    """An engine whose answers have to be played."""

    def __init__(self, engine):
        self._engine = engine

    def handle(self, request, now):
        answer = self._engine.handle(request, now)
        assert answer.whole is not None
        return Played(answer)


def seen(response):
    return (
        response.status_code,
        response.headers.multi_items(),
        response.num_bytes_downloaded,
        response.is_closed,
        response.is_stream_consumed,
        response.elapsed.total_seconds() >= 0,
    )


def ending(llm):
    call = llm.calls[-1]
    return call.status, call.chunks, call.cancelled, call.duration


def scripted():
    llm = FakeLLM()
    llm.reply("Rain in Paris.", ErrorReply(503, message="Überlastet", headers={"X-Ort": "Köln"}), times=None)
    return llm


@pytest.mark.parametrize("body", [QUESTION, STREAM])
def test_both_ways_give_the_same_response(way, body):
    short, long = scripted(), scripted()
    transport = transport_class(way.module)(Playing(long._engine), long.clock)

    for _ in range(2):  # the answer, then the error
        fast = way.post(CHAT, body, transport=short.transport(way.module))
        slow = way.post(CHAT, body, transport=transport)

        assert (seen(fast), fast.content) == (seen(slow), slow.content)
        assert ending(short) == ending(long)


@pytest.mark.parametrize("body", [QUESTION, STREAM])
def test_both_ways_give_the_same_parts(way, body):
    short, long = scripted(), scripted()
    parts: dict[str, list[bytes]] = {"short": [], "long": []}

    fast = way.stream(CHAT, body, parts["short"].append, transport=short.transport(way.module))
    transport = transport_class(way.module)(Playing(long._engine), long.clock)
    slow = way.stream(CHAT, body, parts["long"].append, transport=transport)

    assert parts["short"] == parts["long"]
    assert (seen(fast), ending(short)) == (seen(slow), ending(long))


def test_response_that_was_read_is_a_plain_one(way):
    llm = scripted()

    response = way.post(CHAT, QUESTION, transport=llm.transport(way.module))

    assert type(response) is way.module.Response
    assert pickle.loads(pickle.dumps(response)).content == response.content


def test_answer_can_be_read_part_by_part_or_not_at_all():
    llm = scripted()

    with httpx.Client(transport=llm.transport(httpx), headers=KEY) as client:
        with client.stream("POST", CHAT, json=QUESTION) as response:
            parts = list(response.iter_bytes())
        with pytest.raises(httpx.StreamConsumed):
            response.read()
        with client.stream("POST", CHAT, json=QUESTION) as unread:
            pass
        with pytest.raises(httpx.StreamClosed):
            unread.read()

    assert b"Rain in Paris." in b"".join(parts)
    assert [call.chunks for call in llm.calls] == [1, 0]


def test_encoded_body_is_left_to_the_client_to_decode():
    llm = FakeLLM()
    llm.reply(ErrorReply(400, headers={"content-encoding": "gzip"}))

    with httpx.Client(transport=llm.transport(httpx), headers=KEY) as client, pytest.raises(httpx.DecodingError):
        client.post(CHAT, json=QUESTION)


class OtherResponse(httpx.Response):
    """A response that keeps its content where no version known does."""

    def __init__(self, *args, content=None, **kwargs):
        super().__init__(*args, **{"stream": httpx.ByteStream(content or b""), **kwargs})


def test_version_that_keeps_its_content_elsewhere_gets_plain_responses():
    module = ModuleType("httpx")
    vars(module).update(vars(httpx), Response=OtherResponse)
    endings = []
    whole = Whole(Head(200, ()), (b"{}",), (1,))

    answer = SimpleNamespace(began=0.0, finished=endings.append)

    response = respond_at_once(module, whole, answer, FakeLLM().clock)

    assert type(response) is OtherResponse
    assert response.read() == b"{}"
    assert [(end.status, end.chunks) for end in endings] == [(200, 1)]
