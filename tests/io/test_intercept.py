"""Interception: every client, whoever built it and whenever, and nobody else's traffic."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module

import httpx
import pytest
from asking import KEY
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from fakellm import FakeLLM, UnmatchedRequestError, UnusedReplyError
from fakellm._io.flavour import installed_modules

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


def text_of(response) -> str:
    return response.json()["choices"][0]["message"]["content"]


@pytest.fixture
def echo_server():
    """A real server on loopback; it answers every request with its path."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.path.encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_client_built_inside_is_answered(way):
    with FakeLLM() as llm:
        llm.reply("Hello!")

        assert text_of(way.post(CHAT, QUESTION)) == "Hello!"


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_client_built_before_is_answered(name):
    module = pytest.importorskip(name)

    with module.Client() as client, FakeLLM() as llm:
        llm.reply("Hello!")

        assert text_of(client.post(CHAT, json=QUESTION, headers=KEY)) == "Hello!"


@pytest.mark.parametrize(
    "url", [CHAT, "http://localhost:9/v1/chat/completions", "https://gateway.example/x/chat/completions"]
)
def test_model_calls_are_claimed_on_any_host(way, url):
    with FakeLLM() as llm:
        llm.reply("Hello!")

        assert text_of(way.post(url, QUESTION)) == "Hello!"


def test_other_hosts_pass_untouched(way, echo_server):
    with FakeLLM() as llm:
        response = way.request("GET", f"{echo_server}/v1/things")

        assert response.text == "/v1/things"
        assert len(llm.calls) == 0


def test_when_it_is_over_requests_go_out_again(way, echo_server):
    with FakeLLM() as llm:
        llm.reply("Hello!")
        way.post(f"{echo_server}/v1/chat/completions", QUESTION)

    assert way.post(f"{echo_server}/v1/chat/completions", QUESTION).text == "/v1/chat/completions"


def test_patches_are_gone_when_the_last_is_over():
    before = [module.HTTPTransport.handle_request for module in installed_modules()]

    with FakeLLM(), FakeLLM():
        pass

    assert [module.HTTPTransport.handle_request for module in installed_modules()] == before


def test_patches_of_a_module_that_is_imported_anew_are_gone_too(monkeypatch):
    before = httpx.HTTPTransport.handle_request
    monkeypatch.setitem(sys.modules, "httpx", httpx)

    with FakeLLM():
        del sys.modules["httpx"]
        assert import_module("httpx").HTTPTransport is httpx.HTTPTransport

    assert httpx.HTTPTransport.handle_request is before


@pytest.mark.parametrize("module", installed_modules(), ids=lambda module: module.__name__)
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("HTTPTransport", "handle_request"),
        ("AsyncHTTPTransport", "handle_async_request"),
        ("Client", "_transport_for_url"),
        ("AsyncClient", "_transport_for_url"),
    ],
)
def test_patched_names_are_there(module, owner, name):
    assert name in vars(getattr(module, owner))


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://api.openai.com/v1/files"),
        ("POST", "https://api.openai.com/v1/traces/ingest"),
        ("GET", "https://api.openai.com/v1/responses/resp_1"),
    ],
)
def test_other_traffic_to_a_provider_gets_404_and_fails_nothing(way, method, url):
    with FakeLLM() as llm:
        response = way.request(method, url)

        assert response.status_code == 404
        assert (len(llm.calls), len(llm.other_traffic)) == (0, 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.anthropic.com/v1/messages",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        "https://api.openai.com/v1/images/generations",
        "https://api.openai.com/v1/audio/speech",
    ],
)
def test_swallowed_call_of_an_api_that_is_not_spoken_fails(way, url):
    with pytest.raises(UnmatchedRequestError, match="a model call that fakellm cannot answer"), FakeLLM():
        response = way.post(url, {"model": "x"})

        assert response.status_code == 404
        assert response.headers["x-should-retry"] == "false"


class RetryTransport(httpx.BaseTransport):
    """What users write: try again when the connection is lost."""

    def __init__(self) -> None:
        self._wrapped = httpx.HTTPTransport()
        self.tries = 0

    def handle_request(self, request):
        while True:
            self.tries += 1
            try:
                return self._wrapped.handle_request(request)
            except httpx.RemoteProtocolError:
                if self.tries == 3:
                    raise


def test_users_retry_transport_still_retries():
    from fakellm import faults

    transport = RetryTransport()
    with FakeLLM() as llm, httpx.Client(transport=transport) as client:
        llm.reply("lost", fault=faults.drop(after=0))
        llm.reply("Hello!")

        assert text_of(client.post(CHAT, json=QUESTION, headers=KEY)) == "Hello!"

    assert transport.tries == 2


def test_users_subclass_of_the_network_transport_still_runs():
    class Logging(httpx.HTTPTransport):
        seen: list[str] = []

        def handle_request(self, request):
            self.seen.append(str(request.url))
            return super().handle_request(request)

    with FakeLLM() as llm, httpx.Client(transport=Logging()) as client:
        llm.reply("Hello!")

        assert text_of(client.post(CHAT, json=QUESTION, headers=KEY)) == "Hello!"

    assert Logging.seen == [CHAT]


def users_app() -> Starlette:
    async def completions(request):
        return JSONResponse({"app": "the user's own"})

    return Starlette(routes=[Route("/v1/chat/completions", completions, methods=["POST"])])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_starlette_test_client_reaches_the_users_app():
    from starlette.testclient import TestClient

    with FakeLLM() as llm:
        response = TestClient(users_app()).post("/v1/chat/completions", json=QUESTION, headers=KEY)

        assert response.json() == {"app": "the user's own"}
        assert len(llm.calls) == 0


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_asgi_transport_reaches_the_users_app(name):
    module = pytest.importorskip(name)

    async def ask():
        transport = module.ASGITransport(users_app())
        async with module.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.post("/v1/chat/completions", json=QUESTION, headers=KEY)

    with FakeLLM():
        assert asyncio.run(ask()).json() == {"app": "the user's own"}


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_mock_transport_of_the_user_answers_itself(name):
    module = pytest.importorskip(name)
    transport = module.MockTransport(lambda request: module.Response(200, text="mine"))

    with FakeLLM(), module.Client(transport=transport) as client:
        assert client.post(CHAT, json=QUESTION, headers=KEY).text == "mine"


def foreign_leaf(module, *, asynchronous: bool):
    """A transport of another library: it reaches the network by itself."""

    class Foreign(module.AsyncBaseTransport if asynchronous else module.BaseTransport):
        def handle_request(self, request):
            raise AssertionError("the call has escaped")

        async def handle_async_request(self, request):
            raise AssertionError("the call has escaped")

    return Foreign()


def test_foreign_leaf_is_replaced(httpx_way):
    with FakeLLM() as llm:
        llm.reply("Hello!")

        response = httpx_way.post(
            CHAT, QUESTION, transport=foreign_leaf(httpx_way.module, asynchronous=httpx_way.asynchronous)
        )

        assert text_of(response) == "Hello!"


def test_foreign_leaf_keeps_traffic_that_is_not_ours(httpx_way):
    with FakeLLM(), pytest.raises(AssertionError, match="escaped"):
        httpx_way.request(
            "GET", "https://example.org/", transport=foreign_leaf(httpx_way.module, asynchronous=httpx_way.asynchronous)
        )


@contextmanager
def no_network(monkeypatch):
    """Fail on any connection attempt."""

    def refuse(*args, **kwargs):
        raise AssertionError("a connection was attempted")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


def test_unmatched_request_is_not_sent(way, monkeypatch):
    with pytest.raises(UnmatchedRequestError), no_network(monkeypatch), FakeLLM():
        assert way.post(CHAT, QUESTION).status_code == 400


def test_innermost_fake_answers(way):
    with FakeLLM() as outer, FakeLLM() as inner:
        inner.reply("inner")

        assert text_of(way.post(CHAT, QUESTION)) == "inner"
        assert len(outer.calls) == 0


def test_outer_fake_answers_again_when_the_inner_is_over(way):
    with FakeLLM() as outer:
        outer.reply("outer")
        with FakeLLM():
            pass

        assert text_of(way.post(CHAT, QUESTION)) == "outer"


def test_worker_thread_is_answered_by_the_fake_activated_last():
    with FakeLLM() as llm, ThreadPoolExecutor(4) as pool:
        llm.reply("Hello!", times=20)

        answers = list(pool.map(lambda _: text_of(httpx.post(CHAT, json=QUESTION, headers=KEY)), range(20)))

    assert answers == ["Hello!"] * 20


def test_tasks_with_a_fake_each_get_their_own_answers():
    async def agent(name: str) -> str:
        with FakeLLM() as llm:
            llm.reply(name)
            await asyncio.sleep(0)
            async with httpx.AsyncClient() as client:
                await asyncio.sleep(0)
                return text_of(await client.post(CHAT, json=QUESTION, headers=KEY))

    async def run() -> list[str]:
        return await asyncio.gather(*(agent(f"agent {n}") for n in range(10)))

    assert asyncio.run(run()) == [f"agent {n}" for n in range(10)]


def test_intercept_checks_nothing():
    llm = FakeLLM()
    llm.reply("never asked")

    with llm.intercept() as same:
        assert same is llm

    with pytest.raises(UnusedReplyError):
        llm.check()


def test_exception_in_the_block_is_not_hidden_by_the_check():
    with pytest.raises(ZeroDivisionError), FakeLLM() as llm:
        llm.reply("never asked")
        _ = 1 / 0


def test_async_with_intercepts():
    async def run() -> str:
        async with FakeLLM() as llm, httpx.AsyncClient() as client:
            llm.reply("Hello!")
            return text_of(await client.post(CHAT, json=QUESTION, headers=KEY))

    assert asyncio.run(run()) == "Hello!"


def test_aliased_module_is_patched_once(monkeypatch):
    pytest.importorskip("httpx2")
    monkeypatch.setitem(__import__("sys").modules, "httpx2", import_module("httpx"))

    with FakeLLM() as llm:
        llm.reply("Hello!")
        answer = text_of(httpx.post(CHAT, json=QUESTION, headers=KEY))

    assert answer == "Hello!"
    assert [module.__name__ for module in installed_modules()] == ["httpx"]
    assert not hasattr(httpx.HTTPTransport.handle_request, "__wrapped__")
