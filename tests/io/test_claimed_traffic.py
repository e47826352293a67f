"""Model calls of any API stay in the process; services of the user's own that share their paths are reached."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
import requests
import respx

from fakellm import CassetteMismatchError, FakeLLM, UnmatchedRequestError, use_cassette

A_MODEL = {"model": "llama3", "prompt": "hi"}
NO_CALL = b'{"text": "hi"}'


@pytest.fixture
def no_network(monkeypatch):
    """The attempts to reach the network, each of which fails."""
    attempts = []

    def refuse(*args, **kwargs):
        attempts.append(args)
        raise ConnectionRefusedError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return attempts


@pytest.fixture
def users_server():
    """A service of the user's on loopback, which answers with the body that it got."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self._chunks() if "chunked" in self.headers.get("transfer-encoding", "") else self._whole()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _whole(self):
            return self.rfile.read(int(self.headers["content-length"]))

        def _chunks(self):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def pieces(way, *parts):
    """A body that can be read once: a generator, of the kind that the client takes."""

    def give():
        yield from parts

    async def give_async():
        for part in parts:
            yield part

    return give_async() if way.asynchronous else give()


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://api.cohere.com/v2/embed", {"texts": ["hi"]}),
        ("https://us-east5-aiplatform.googleapis.com/v1/projects/p/publishers/anthropic/models/c:rawPredict", {}),
        ("https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%2Fc/converse", {}),
        ("https://api.openai.com/v1/videos", {"prompt": "a cat"}),
        ("https://API.OPENAI.COM./V1/Images/Generations;v=1", {}),
        ("https://gateway.test//v1//audio/speech/", {}),
        ("http://localhost:11434/api/chat", {"model": "llama3", "messages": []}),
        ("http://127.0.0.1:8080/generate", A_MODEL),
        ("https://gateway.test/v1beta/interactions", {"model": "gemini-3-flash", "input": "hi"}),
    ],
)
def test_swallowed_model_call_fails_the_test_and_stays_here(way, no_network, url, body):
    with pytest.raises(UnmatchedRequestError, match="a model call that fakellm cannot answer"), FakeLLM() as llm:
        assert way.post(url, body).status_code == 404

    assert (len(llm.calls), len(llm.other_traffic), no_network) == (1, 0, [])


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://api.openai.com/v1/videos/video_1"),
        ("GET", "https://api.openai.com/v1/threads/t/runs/r"),
        ("POST", "https://api.cohere.com/v1/tokenize"),
        ("POST", "https://gateway.test/model/c/count-tokens"),
    ],
)
def test_polling_and_counting_get_404_and_fail_nothing(way, no_network, method, url):
    with FakeLLM() as llm:
        assert way.request(method, url).status_code == 404

    assert (len(llm.calls), len(llm.other_traffic), no_network) == (0, 1, [])


def test_oddly_spelt_path_is_answered_by_the_script(way):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}

    with FakeLLM() as llm:
        llm.reply("Hello!")
        response = way.post("https://api.openai.com//V1/chat/%63ompletions;v=1/", body)

    assert response.json()["choices"][0]["message"]["content"] == "Hello!"


def test_generator_whose_bytes_name_a_model_is_stopped(way, no_network):
    with pytest.raises(UnmatchedRequestError), FakeLLM() as llm:
        way.request("POST", "http://localhost:11434/api/generate", content=pieces(way, b'{"mod', b'el": "llama3"}'))

    assert (llm.calls[0].wire.body, no_network) == (b'{"model": "llama3"}', [])


def test_form_that_names_a_model_is_stopped(way, no_network):
    with pytest.raises(UnmatchedRequestError), FakeLLM() as llm:
        way.request("POST", "http://localhost:8000/v1/videos", data={"model": "sora-2"}, files={"f": b"0"})

    assert (len(llm.calls), no_network) == (1, [])


@pytest.mark.parametrize("path", ["/videos", "/api/chat", "/batches", "/interactions", "/v1/chat", "/generate"])
def test_users_service_at_a_shared_path_is_reached(way, users_server, path):
    with FakeLLM() as llm:
        assert way.request("POST", users_server + path, content=NO_CALL).content == NO_CALL

    assert (len(llm.calls), len(llm.other_traffic)) == (0, 0)


def test_path_is_decoded_once_as_a_server_does(way, users_server):
    with FakeLLM():
        assert way.request("POST", f"{users_server}/chat/%2563ompletions", content=NO_CALL).content == NO_CALL


def test_generator_is_sent_whole_after_it_was_read(way, users_server):
    with FakeLLM():
        response = way.request("POST", f"{users_server}/api/chat", content=pieces(way, NO_CALL[:4], NO_CALL[4:]))

    assert response.content == NO_CALL


def test_file_is_sent_whole_after_it_was_read(users_server, tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"before" + NO_CALL)

    with FakeLLM(), path.open("rb") as file:
        file.seek(6)

        assert requests.post(f"{users_server}/api/chat", data=file, timeout=5).content == NO_CALL


def test_generator_to_a_path_of_the_users_is_not_read_before_it_is_sent(httpx_way):
    read = []

    class Leaf(httpx_way.module.BaseTransport, httpx_way.module.AsyncBaseTransport):
        def handle_request(self, request):
            read.append(hasattr(request, "_content"))
            return httpx_way.module.Response(200)

        async def handle_async_request(self, request):
            return self.handle_request(request)

    with FakeLLM():
        httpx_way.request("POST", "https://shop.test/orders", content=pieces(httpx_way, b"{}"), transport=Leaf())

    assert read == [False]


@pytest.mark.parametrize(("body", "is_stopped"), [(A_MODEL, True), ({"text": "hi"}, False)])
def test_foreign_leaf_is_asked_only_for_what_names_no_model(httpx_way, body, is_stopped):
    sent = []

    class Leaf(httpx_way.module.BaseTransport, httpx_way.module.AsyncBaseTransport):
        def handle_request(self, request):
            sent.append(request)
            return httpx_way.module.Response(200)

        async def handle_async_request(self, request):
            return self.handle_request(request)

    with FakeLLM(allow_unmatched=True):
        response = httpx_way.post("http://localhost:11434/api/chat", body, transport=Leaf())

    assert (response.status_code, len(sent)) == ((404, 0) if is_stopped else (200, 1))


@pytest.fixture
def empty_cassette(tmp_path):
    path = tmp_path / "session.yaml"
    path.write_text("interactions: []\nversion: 1\n")
    return path


def test_replay_stops_a_model_call_to_a_port_that_it_does_not_know(way, no_network, empty_cassette):
    with pytest.raises(CassetteMismatchError), use_cassette(empty_cassette):
        way.post("http://localhost:11434/api/generate", A_MODEL)

    assert no_network == []


def test_replay_leaves_the_users_own_port_alone(way, users_server, empty_cassette):
    with use_cassette(empty_cassette):
        assert way.request("POST", f"{users_server}/api/chat", content=NO_CALL).content == NO_CALL


def test_allowed_provider_gets_no_model_call_by_any_path(way, no_network, empty_cassette):
    with pytest.raises(CassetteMismatchError), use_cassette(empty_cassette, allowed_hosts=["*.openai.com"]):
        way.post("https://api.openai.com/v9/dreams", A_MODEL)

    assert no_network == []


@pytest.mark.parametrize(("body", "status"), [(A_MODEL, 404), ({"text": "hi"}, 201)])
def test_mounted_fake_leaves_the_users_routes_to_respx(body, status):
    with respx.mock(assert_all_called=False) as router:
        FakeLLM().mount(router)
        router.post("http://localhost/api/chat").respond(201)

        assert httpx.post("http://localhost/api/chat", json=body).status_code == status
