"""Transports of users that lead on to others run as they are; those that go out by themselves are replaced."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from fakellm import FakeLLM

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(params=["httpx", "httpx2"])
def module(request):
    return pytest.importorskip(request.param)


def logging(module, base, inner_of):
    """A transport of a user's that logs, and sends on by what ``inner_of`` finds in what it holds."""

    class Logging(base):
        def __init__(self, held):
            self.held, self.seen = held, []

        def handle_request(self, request):
            self.seen.append(str(request.url))
            return inner_of(self.held)(request)

        async def handle_async_request(self, request):
            self.seen.append(str(request.url))
            return await inner_of(self.held)(request)

    return Logging


HOLDS = {
    "itself": (lambda transport, send: transport, None),
    "list": (lambda transport, send: [transport], lambda held: held[0]),
    "dict of lists": (lambda transport, send: {"all": (transport,)}, lambda held: held["all"][0]),
    "method": (lambda transport, send: send, lambda held: held),
    "partial": (lambda transport, send: partial(send), lambda held: held),
    "closure": (lambda transport, send: lambda request: send(request), lambda held: held),
}


@pytest.mark.parametrize("way", HOLDS)
def test_transport_that_holds_another_runs(module, way):
    hold, find = HOLDS[way]

    def inner_of(held):
        found = held if find is None else find(held)
        return found.handle_request if isinstance(found, module.HTTPTransport) else found

    with FakeLLM() as llm:
        llm.reply("Hello!")
        inner = module.HTTPTransport()
        transport = logging(module, module.BaseTransport, inner_of)(hold(inner, inner.handle_request))
        with module.Client(transport=transport) as client:
            assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200

    assert transport.seen == [CHAT]


@pytest.mark.parametrize("way", ["method", "partial", "closure"])
def test_method_that_was_taken_before_does_not_lead_past_the_fake(module, way):
    inner = module.HTTPTransport()
    transport = logging(module, module.BaseTransport, lambda held: held)(HOLDS[way][0](inner, inner.handle_request))
    transport.also = inner

    with FakeLLM() as llm, module.Client(transport=transport) as client:
        llm.reply("Hello!")

        assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200


@pytest.mark.parametrize("way", HOLDS)
def test_async_transport_that_holds_another_runs(module, way):
    hold, find = HOLDS[way]

    def inner_of(held):
        found = held if find is None else find(held)
        return found.handle_async_request if isinstance(found, module.AsyncHTTPTransport) else found

    async def ask():
        inner = module.AsyncHTTPTransport()
        transport = logging(module, module.AsyncBaseTransport, inner_of)(hold(inner, inner.handle_async_request))
        async with module.AsyncClient(transport=transport) as client:
            response = await client.post(CHAT, json=QUESTION, headers=KEY)
        return response.status_code, transport.seen

    with FakeLLM() as llm:
        llm.reply("Hello!")

        assert asyncio.run(ask()) == (200, [CHAT])


def test_store_in_a_transport_is_not_gone_through_for_each_request(module):
    class Store(list):
        looked_at = 0

        def __iter__(self):
            for answer in super().__iter__():
                self.looked_at += 1
                yield answer

    store = Store(range(10_000))
    transport = logging(module, module.BaseTransport, lambda held: held["routes"][0].handle_request)(
        {"answers": store, "routes": [module.HTTPTransport()]}
    )
    with FakeLLM() as llm, module.Client(transport=transport) as client:
        llm.reply("Hello!")

        assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200

    assert transport.seen == [CHAT]
    assert store.looked_at < 1000


def test_transport_that_holds_a_client_runs(module):
    def inner_of(client):
        return client.send

    transport = logging(module, module.BaseTransport, inner_of)(module.Client())
    with FakeLLM() as llm, module.Client(transport=transport) as client:
        llm.reply("Hello!")

        assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200

    assert transport.seen == [CHAT]


def test_transport_in_slots_is_held(module):
    class Slotted(module.BaseTransport):
        __slots__ = ("inner", "seen")

        def __init__(self):
            self.inner, self.seen = module.HTTPTransport(), []

        def handle_request(self, request):
            self.seen.append(str(request.url))
            return self.inner.handle_request(request)

    transport = Slotted()
    with FakeLLM() as llm, module.Client(transport=transport) as client:
        llm.reply("Hello!")

        assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200

    assert transport.seen == [CHAT]


def test_transport_that_makes_its_inner_one_late_runs(module):
    class Late(module.BaseTransport):
        def __init__(self):
            self.inner, self.seen = None, []

        def handle_request(self, request):
            self.seen.append(str(request.url))
            if self.inner is None:
                self.inner = module.HTTPTransport()
            return self.inner.handle_request(request)

    transport = Late()
    with FakeLLM() as llm, module.Client(transport=transport) as client:
        llm.reply("one", "two")

        answers = [client.post(CHAT, json=QUESTION, headers=KEY).json() for _ in range(2)]

    assert [answer["choices"][0]["message"]["content"] for answer in answers] == ["one", "two"]
    assert transport.seen == [CHAT, CHAT]


def test_retries_of_the_user_run(module):
    from fakellm import ErrorReply

    class Retrying(module.BaseTransport):
        def __init__(self, *routes):
            self.routes = list(routes)

        def handle_request(self, request):
            answers = (route.handle_request(request) for route in self.routes)
            return next(answer for answer in answers if answer.status_code == 200)

    transport = Retrying(module.HTTPTransport(), module.HTTPTransport())
    with FakeLLM() as llm, module.Client(transport=transport) as client:
        llm.reply(ErrorReply.server_error(), "recovered")

        assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200


@pytest.mark.parametrize(
    "held",
    [None, [], {"session": object()}, partial(print), len],
    ids=["nothing", "empty", "session", "partial", "function"],
)
def test_transport_that_holds_no_other_is_replaced(module, held):
    class Foreign(module.BaseTransport):
        def __init__(self):
            self.held = held

        def handle_request(self, request):
            raise AssertionError("the call has escaped")

    with FakeLLM() as llm, module.Client(transport=Foreign()) as client:
        llm.reply("Hello!")

        assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200


def test_transport_that_holds_itself_ends_the_search(module):
    class Circular(module.BaseTransport):
        def __init__(self):
            self.held = [self]
            self.held.append(self.held)

        def handle_request(self, request):
            raise AssertionError("the call has escaped")

    with FakeLLM() as llm, module.Client(transport=Circular()) as client:
        llm.reply("Hello!")

        assert client.post(CHAT, json=QUESTION, headers=KEY).status_code == 200
