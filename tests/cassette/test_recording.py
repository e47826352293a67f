"""Recording: the client gets what it gets without a recorder, when it gets it, and the file holds it."""

import asyncio
import gzip
import json
import threading
import zlib
from itertools import islice

import aiohttp
import brotli
import httpx
import httpx2
import pytest
import requests
import zstandard
from provider_server import PATIENCE, provider
from urllib3.util import Retry
from ways import errors_of_all_ways

from fakellm import Cassette, ErrorReply, FakeLLM, UsageError, use_cassette
from fakellm._cassette.file import read_cassette

QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "héllo"}}], "usage": {"total_tokens": 2}}
EVENTS = [b'data: {"choices":[{"delta":{"content":"one"}}]}\n\n', b"data: two\n\n", b"data: [DONE]\n\n"]
KEY = {"authorization": "Bearer sk-live-0123456789abcdef"}


class Sync:
    """A client that reads chunk by chunk: ``read(response)`` gives the next one, or None at the end."""

    def __init__(self, module):
        self.module = module
        self.cut = module.RemoteProtocolError

    def run(self, url, session):
        with (
            self.module.Client(verify=False) as client,
            client.stream("POST", url, json=QUESTION, headers=KEY) as response,
        ):
            chunks = response.iter_raw()
            return session(lambda: next(chunks, None), response.close)


class Async:
    """The same on an event loop."""

    def __init__(self, module):
        self.module = module
        self.cut = module.RemoteProtocolError

    def run(self, url, session):
        loop = asyncio.new_event_loop()

        def do(coroutine):
            return loop.run_until_complete(coroutine)

        async def begin():
            client = self.module.AsyncClient(verify=False)
            request = client.build_request("POST", url, json=QUESTION, headers=KEY)
            return client, await client.send(request, stream=True)

        client, response = do(begin())
        chunks = response.aiter_raw()
        try:
            return session(lambda: do(anext(chunks, None)), lambda: do(response.aclose()))
        finally:
            do(response.aclose())
            do(client.aclose())
            loop.close()


class ByRequests:
    """The same with requests."""

    cut = requests.exceptions.ChunkedEncodingError

    def run(self, url, session):
        with requests.post(url, json=QUESTION, headers=KEY, stream=True) as response:
            chunks = response.iter_content(None)
            return session(lambda: next(chunks, None), response.close)


class ByAiohttp:
    """The same with aiohttp."""

    cut = aiohttp.ClientPayloadError

    def run(self, url, session):
        loop = asyncio.new_event_loop()

        def do(coroutine):
            return loop.run_until_complete(coroutine)

        async def begin():
            client = aiohttp.ClientSession()
            return client, await client.post(url, json=QUESTION, headers=KEY)

        def close():
            response.close()
            do(asyncio.sleep(0))  # the socket is closed by the loop

        client, response = do(begin())
        chunks = response.content.iter_any()
        try:
            return session(lambda: do(anext(chunks, None)), close)
        finally:
            close()
            do(client.close())
            loop.close()


@pytest.fixture(
    params=[Sync(httpx), Async(httpx), Sync(httpx2), Async(httpx2), ByRequests(), ByAiohttp()],
    ids=["httpx", "httpx-async", "httpx2", "httpx2-async", "requests", "aiohttp"],
)
def client(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cassettes" / "session.yaml"


def chat(base_url):
    return f"{base_url}/v1/chat/completions"


def only(path):
    (interaction,) = read_cassette(path)
    return interaction


def test_what_was_recorded_replays(ask, path):
    def script(exchange):
        exchange.answer(json.dumps(ANSWER).encode(), content_type="application/json", x_request_id="req_1")

    with provider(script) as url, use_cassette(path, mode="once") as cassette:
        recorded = ask("POST", chat(url), json=QUESTION, headers=KEY)
    with use_cassette(path):
        replayed = ask("POST", chat(url), json=QUESTION)

    assert recorded.json() == replayed.json() == ANSWER
    assert replayed.headers["x-request-id"] == "req_REDACTED_1"
    assert (cassette.is_recording, cassette.counts.recorded) == (True, 1)


def test_file_is_readable(path):
    def script(exchange):
        exchange.answer(json.dumps(ANSWER).encode(), content_type="application/json", set_cookie="session=1")

    with provider(script) as url, use_cassette(path, mode="once"):
        httpx.post(chat(url), json=QUESTION, headers=KEY)

    text = path.read_text(encoding="utf-8")
    port = url.rpartition(":")[2]
    day, seconds = only(path).trace.recorded, only(path).trace.chunks[0][0]
    assert text == (
        f"""\
interactions:
- request:
    method: POST
    uri: http://127.0.0.1:{port}/v1/chat/completions
    headers:
      accept: ["*/*"]
      content-type: [application/json]
    body: |-
      {{
        "model": "gpt-4o",
        "messages": [
          {{
            "role": "user",
            "content": "hi"
          }}
        ]
      }}
  response:
    status: {{code: 200, message: OK}}
    headers: {{content-type: [application/json]}}
    body:
      string: |-
        {{
          "choices": [
            {{
              "message": {{
                "role": "assistant",
                "content": "héllo"
              }}
            }}
          ],
          "usage": {{
            "total_tokens": 2
          }}
        }}
  x-fakellm: {{recorded: "{day}", chunks: [[{seconds:.3f}, 158]], cut: false}}
version: 1
"""
    )


def test_each_chunk_is_handed_on_before_the_next_is_sent(client, path):
    may_go_on = threading.Semaphore(0)

    def script(exchange):
        exchange.stream()
        for event in EVENTS:
            exchange.chunk(event)
            assert may_go_on.acquire(timeout=PATIENCE)
        exchange.chunk(b"")

    def session(read, close):
        got = []
        while (chunk := read()) is not None:
            got.append(chunk)
            may_go_on.release()
        return got

    with provider(script) as url, use_cassette(path, mode="once"):
        got = client.run(chat(url), session)

    assert got == EVENTS
    recorded = only(path)
    assert recorded.response.body == b"".join(EVENTS)
    assert [size for _, size in recorded.trace.chunks] == [len(event) for event in EVENTS]
    assert not recorded.trace.cut


def test_endless_stream_ends_when_the_client_closes_it(client, path):
    may_go_on = threading.Semaphore(0)
    has_left = threading.Event()

    def script(exchange):
        exchange.stream()
        try:
            while True:
                exchange.chunk(EVENTS[0])
                assert may_go_on.acquire(timeout=PATIENCE)
        except OSError:
            has_left.set()

    def session(read, close):
        first = read()
        may_go_on.release()
        second = read()
        close()
        may_go_on.release(1000)
        return [first, second]

    with provider(script) as url, use_cassette(path, mode="once"):
        assert client.run(chat(url), session) == [EVENTS[0]] * 2
        assert has_left.wait(PATIENCE)

    assert (only(path).response.body, only(path).trace.cut) == (EVENTS[0] * 2, True)


def test_stream_that_breaks_off_is_recorded_as_cut(client, path):
    is_read = threading.Event()

    def script(exchange):
        exchange.stream()
        exchange.chunk(EVENTS[0])
        assert is_read.wait(PATIENCE)  # aiohttp drops what is unread by then
        exchange.cut()

    def session(read, close):
        first = read()
        is_read.set()
        with pytest.raises(client.cut):
            read()
        return first

    with provider(script) as url, use_cassette(path, mode="once") as cassette:
        assert client.run(chat(url), session) == EVENTS[0]

    assert (only(path).response.body, only(path).trace.cut) == (EVENTS[0], True)
    assert not cassette.calls[0].cancelled
    with use_cassette(path):
        assert client.run(chat(url), session) == EVENTS[0]


def test_client_that_leaves_at_the_end_mark_has_all(client, path):
    is_done = threading.Event()

    def script(exchange):
        exchange.stream()
        exchange.chunk(b"".join(EVENTS))
        assert is_done.wait(PATIENCE)

    def session(read, close):
        first = read()
        close()
        is_done.set()
        return first

    with provider(script) as url, use_cassette(path, mode="once"):
        client.run(chat(url), session)

    assert not only(path).trace.cut


def test_answer_that_nobody_reads_to_its_end_is_saved_when_the_block_ends(path):
    is_saved = threading.Event()

    def script(exchange):
        exchange.stream()
        exchange.chunk(EVENTS[0])
        is_saved.wait(PATIENCE)

    with provider(script) as url, httpx.Client() as client:
        with use_cassette(path, mode="once"):
            response = client.send(client.build_request("POST", chat(url), json=QUESTION), stream=True)
            next(response.iter_raw())
        is_saved.set()
        response.close()

    assert (only(path).response.body, only(path).trace.cut) == (EVENTS[0], True)


def test_error_that_nobody_reads_is_recorded_whole(client, path):
    def script(exchange):
        exchange.head(status=429, content_length="17")
        threading.Event().wait(0.05)  # the head comes alone
        exchange.send(b'{"error": "busy"}')

    with provider(script) as url, use_cassette(path, mode="once"):
        client.run(chat(url), lambda read, close: close())

    assert (json.loads(only(path).response.body), only(path).trace.cut) == ({"error": "busy"}, False)


def test_unread_error_that_breaks_off_does_not_trouble_who_leaves(client, path):
    def script(exchange):
        exchange.head(status=500, content_length="100")
        exchange.cut()

    with provider(script) as url, use_cassette(path, mode="once"):
        client.run(chat(url), lambda read, close: close())

    assert (only(path).response.status, only(path).trace.cut) == (500, True)


ENCODED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_encoded_answer_is_stored_as_text(ask, path, encoding):
    def script(exchange):
        body = ENCODED[encoding](b"".join(EVENTS))
        exchange.answer(body, content_type="text/event-stream", content_encoding=encoding)

    with provider(script) as url, use_cassette(path, mode="once") as cassette:
        recorded = ask("POST", chat(url), json=QUESTION, headers={**KEY, "accept-encoding": encoding})
    with use_cassette(path):
        replayed = ask("POST", chat(url), json=QUESTION)

    assert recorded.content == replayed.content == b"".join(EVENTS)
    assert cassette.calls[0].recorded == b"".join(EVENTS)
    assert only(path).response.headers == (("content-type", "text/event-stream"),)
    assert sum(size for _, size in only(path).trace.chunks) == len(b"".join(EVENTS))
    assert 'data: {"choices":[{"delta":{"content":"one"}}]}' in path.read_text()
    assert "content-encoding" not in path.read_text()


@pytest.mark.parametrize("encoding", ["gzip", "never-heard-of"])
def test_answer_that_does_not_decode_is_stored_as_it_came(path, encoding):
    def script(exchange):
        exchange.answer(b"\xffnot encoded", content_encoding=encoding)

    with provider(script) as url, use_cassette(path, mode="once"), httpx.Client() as client:
        request = client.build_request("POST", chat(url), json=QUESTION)
        b"".join(client.send(request, stream=True).iter_raw())

    assert b"!!binary" in path.read_bytes()
    assert b"content-encoding" in path.read_bytes()


def test_encoded_stream_that_is_cut_keeps_what_came(path):
    def script(exchange):
        exchange.stream(content_encoding="gzip")
        packer = zlib.compressobj(wbits=31)
        exchange.chunk(packer.compress(EVENTS[0]) + packer.flush(zlib.Z_SYNC_FLUSH))
        exchange.cut()

    with provider(script) as url, use_cassette(path, mode="once"), pytest.raises(httpx.RemoteProtocolError):
        httpx.post(chat(url), json=QUESTION)

    assert (only(path).response.body, only(path).trace.cut) == (EVENTS[0], True)


def test_binary_answer_and_upload_come_back_byte_for_byte(ask, path):
    sent, sound = [], bytes(range(256))

    def script(exchange):
        sent.append(exchange.body)
        exchange.answer(sound, content_type="audio/mpeg")

    upload = {"files": {"file": ("a.wav", sound, "audio/wav")}, "data": {"model": "whisper-1"}}
    with provider(script) as url, use_cassette(path, mode="once"):
        ask("POST", f"{url}/v1/audio/transcriptions", **upload)
    with use_cassette(path):
        replayed = ask("POST", f"{url}/v1/audio/transcriptions", **upload)

    assert replayed.content == sound
    assert only(path).request.body == sent[0]
    assert only(path).request.headers["content-type"].startswith("multipart/form-data; boundary=")


def test_errors_and_retries_are_recorded_as_they_happened(ask, path):
    answers = [(429, {"retry_after_ms": "1"}), (500, {}), (200, {})]

    def script(exchange):
        status, headers = answers.pop(0)
        exchange.answer(json.dumps({"status": status}).encode(), status=status, **headers)

    with provider(script) as url, use_cassette(path, mode="once"):
        recorded = [ask("POST", chat(url), json=QUESTION).status_code for _ in range(3)]
    with use_cassette(path):
        replayed = [ask("POST", chat(url), json=QUESTION) for _ in range(3)]

    assert recorded == [answer.status_code for answer in replayed] == [429, 500, 200]
    assert replayed[0].headers["retry-after-ms"] == "1"


def test_request_without_an_answer_is_not_recorded(ask, path):
    with use_cassette(path, mode="once") as cassette, pytest.raises(errors_of_all_ways("refused")):
        try:
            ask("POST", "http://127.0.0.1:1/v1/chat/completions", json=QUESTION)
        finally:
            cassette.save()

    assert not path.exists()
    assert [(call.status, call.duration is not None) for call in cassette.calls] == [(0, True)]


def test_request_whose_connection_is_dropped_is_not_recorded(ask, path):
    with (
        provider(lambda exchange: exchange.cut()) as url,
        use_cassette(path, mode="once") as cassette,
        pytest.raises(errors_of_all_ways("dropped")),
    ):
        try:
            ask("POST", chat(url), json=QUESTION)
        finally:
            cassette.save()

    assert not path.exists()
    assert [(call.status, call.duration is not None) for call in cassette.calls] == [(0, True)]


def test_stream_that_falls_silent_is_recorded_as_cut(path):
    has_left = threading.Event()

    def script(exchange):
        exchange.stream()
        exchange.chunk(EVENTS[0])
        has_left.wait(PATIENCE)

    with (
        provider(script) as url,
        use_cassette(path, mode="once") as cassette,
        requests.post(chat(url), json=QUESTION, headers=KEY, stream=True, timeout=0.2) as response,
    ):
        chunks = response.iter_content(None)
        assert next(chunks) == EVENTS[0]
        with pytest.raises(requests.ConnectionError, match="Read timed out"):
            next(chunks)
        has_left.set()

    assert (only(path).response.body, only(path).trace.cut) == (EVENTS[0], True)
    assert not cassette.calls[0].cancelled


def test_stream_of_aiohttp_that_is_left_early_is_over(path):
    may_end = threading.Event()

    def script(exchange):
        exchange.stream()
        exchange.chunk(EVENTS[0])
        may_end.wait(PATIENCE)

    async def leave(url):
        async with aiohttp.ClientSession(headers=KEY) as session, session.post(chat(url), json=QUESTION) as response:
            await response.content.readany()
        may_end.set()

    with provider(script) as url, use_cassette(path, mode="once") as cassette:
        asyncio.run(leave(url))
        call = cassette.calls[0]
        assert (call.status, call.chunks, call.cancelled) == (200, 1, True)

    assert (only(path).response.body, only(path).trace.cut) == (EVENTS[0], True)


def test_any_endpoint_is_recorded(ask, path):
    def script(exchange):
        exchange.answer(exchange.path.encode())

    with provider(script) as url, use_cassette(path, mode="once"):
        for method, place in [("GET", "/v1/models"), ("POST", "/v1/embeddings"), ("GET", "/v1/files/1?after=2")]:
            ask(method, f"{url}{place}")

    assert [(i.request.method, i.response.body) for i in read_cassette(path)] == [
        ("GET", b"/v1/models"),
        ("POST", b"/v1/embeddings"),
        ("GET", b"/v1/files/1?after=2"),
    ]


def test_traffic_to_this_machine_that_has_no_model_is_not_recorded(ask, path):
    with (
        provider(lambda exchange: exchange.answer(b"[]")) as url,
        pytest.warns(UserWarning, match="not recorded"),
        use_cassette(path, mode="once") as cassette,
    ):
        response = ask("POST", f"{url}/collections/search", json={})

    assert response.text == "[]"
    assert (path.exists(), cassette.counts.recorded) == (False, 0)


def test_what_is_not_recorded_is_told_at_the_end_with_what_to_type(path):
    with (
        provider(lambda exchange: exchange.answer()) as url,
        pytest.warns(UserWarning, match="not recorded") as caught,
        use_cassette(path, mode="once"),
    ):
        statuses = [httpx.get(f"{url}/collections/{place}").status_code for place in ("search", "list")]
    (warning,) = caught

    assert str(warning.message) == (
        f"2 requests were not recorded: no model was asked at {url.removeprefix('http://')}\n"
        "  of this machine, ports are recorded where a request asks a model by its path, or by a member 'model' of\n"
        "  its JSON body; a replay leaves the others to the network\n"
        "  if that is meant: allowed_hosts=['127.0.0.1']"
    )
    assert (warning.filename, statuses) == (__file__, [200, 200])


def test_host_that_is_left_alone_on_purpose_is_not_told(path):
    with (
        provider(lambda exchange: exchange.answer()) as url,
        use_cassette(path, mode="once", allowed_hosts=["127.0.0.1"]) as cassette,
    ):
        httpx.get(f"{url}/collections")

    assert (path.exists(), len(cassette.other_traffic)) == (False, 0)


def test_block_that_fails_tells_nothing_of_what_is_not_recorded(path):
    with (
        provider(lambda exchange: exchange.answer()) as url,
        pytest.raises(ZeroDivisionError),
        use_cassette(path, mode="once"),
    ):
        print(httpx.get(f"{url}/collections").status_code / 0)


def test_head_has_no_body_and_is_not_cut(path):
    def script(exchange):
        exchange.head(content_length="5") if exchange.method == "HEAD" else exchange.answer()

    with provider(script) as url, use_cassette(path, mode="once"):
        httpx.head(f"{url}/v1/models")
        httpx.post(f"{url}/v1/embeddings")

    head, *_ = read_cassette(path)
    assert (head.request.method, head.response.body, head.trace.cut) == ("HEAD", b"", False)


def test_calls_tell_what_was_recorded(ask, path):
    def script(exchange):
        exchange.answer(json.dumps(ANSWER).encode(), status=201)

    with provider(script) as url, use_cassette(path, mode="once") as cassette:
        ask("POST", chat(url), json=QUESTION)

    assert [(call.number, call.last_user, call.status, call.cancelled) for call in cassette.calls] == [
        (1, "hi", 201, False)
    ]
    assert cassette.transcript() == "call 1: POST /v1/chat/completions gpt-4o [201]\n  user: hi\n  => héllo"


def test_rules_answer_before_anything_is_recorded(ask, path):
    with provider(lambda exchange: exchange.answer(b'{"real": 1}')) as url, FakeLLM() as llm:
        cassette = Cassette(path, mode="once", engine=llm._engine)
        llm.when(user="hi").reply("scripted")
        scripted = ask("POST", chat(url), json=QUESTION).json()
        real = ask("POST", chat(url), json=QUESTION).json()
        cassette.save()

    assert (scripted["choices"][0]["message"]["content"], real) == ("scripted", {"real": 1})
    assert json.loads(only(path).response.body) == {"real": 1}


def test_server_of_a_fake_cannot_record(path):
    llm = FakeLLM()
    Cassette(path, mode="once", engine=llm._engine)

    with httpx.Client(transport=llm.transport(httpx)) as client:
        response = client.post("https://api.openai.com/v1/chat/completions", json=QUESTION)

    assert response.status_code == 400
    assert response.json()["error"]["message"] == (
        "POST https://api.openai.com/v1/chat/completions is to be recorded, but what took it cannot send it on"
    )


def test_loopback_host_of_the_file_is_recorded(path):
    with provider(lambda exchange: exchange.answer()) as url:
        with use_cassette(path, mode="new_episodes"):
            httpx.post(chat(url), json=QUESTION)
        with use_cassette(path, mode="new_episodes"):
            httpx.get(f"{url}/v1/models")

    assert [i.request.method for i in read_cassette(path)] == ["POST", "GET"]


def test_local_server_with_an_api_of_its_own_is_recorded(path):
    with provider(lambda exchange: exchange.answer(b"{}")) as url, use_cassette(path, mode="once"):
        httpx.post(f"{url}/api/chat", json={"model": "llama3.2"})
        httpx.get(f"{url}/api/tags")
    with use_cassette(path):
        httpx.post(f"{url}/api/chat", json={"model": "llama3.2"})

    assert [i.request.path for i in read_cassette(path)] == ["/api/chat", "/api/tags"]


@pytest.mark.parametrize("body", [b'{"model": 3}', b'["model"]', b"model", b""])
def test_local_server_that_is_asked_for_no_model_is_not_recorded(path, body):
    with (
        provider(lambda exchange: exchange.answer(b"{}")) as url,
        pytest.warns(UserWarning, match="not recorded"),
        use_cassette(path, mode="once"),
    ):
        httpx.post(f"{url}/api/chat", content=body)

    assert not path.exists()


def test_other_port_of_this_machine_is_nobodys_business(path):
    with provider(lambda exchange: exchange.answer()) as model, provider(lambda exchange: exchange.answer()) as other:
        with pytest.warns(UserWarning, match="1 request was not"), use_cassette(path, mode="once") as recording:
            statuses = [httpx.post(chat(model), json=QUESTION).status_code, httpx.get(f"{other}/health").status_code]
        with use_cassette(path):
            httpx.post(chat(model), json=QUESTION)
            passed_on = httpx.get(f"{other}/health")

    assert statuses == [200, 200]
    assert (passed_on.status_code, recording.counts.recorded) == (200, 1)
    assert [i.request.method for i in read_cassette(path)] == ["POST"]


def is_cut(path, script, *, pieces=None):
    """Ask as a client does that reads so many pieces and leaves; all of them for None."""
    with (
        provider(script) as url,
        use_cassette(path, mode="all"),
        httpx.stream("POST", chat(url), json=QUESTION) as response,
    ):
        list(islice(response.iter_raw(), pieces))
    return read_cassette(path)[-1].trace.cut


def unmarked(exchange):
    exchange.stream(content_type="text/plain")
    exchange.chunk(b"all")
    exchange.chunk(b"")


def test_stream_without_an_end_mark_is_whole_where_it_was_read(path):
    assert not is_cut(path, unmarked)
    assert is_cut(path, unmarked, pieces=1)


def test_answer_of_known_length_is_whole_once_all_has_come(path):
    assert not is_cut(path, lambda exchange: exchange.answer(b"all"), pieces=1)
    assert is_cut(path, lambda exchange: exchange.answer(b"all"), pieces=0)


def test_answer_without_a_body_is_whole_unread(path):
    assert not is_cut(path, lambda exchange: exchange.head(204), pieces=0)


def test_secret_that_the_test_itself_sets_is_kept_out(path, monkeypatch):
    with provider(lambda exchange: exchange.answer(b"it is Tr0ub4dor&3")) as url, use_cassette(path, mode="once"):
        monkeypatch.setenv("OWN_PASSWORD", "Tr0ub4dor&3")
        httpx.post(chat(url), json=QUESTION)

    assert only(path).response.body == b"it is REDACTED"


def test_users_own_transport_keeps_working(path):
    class Retrying(httpx.BaseTransport):
        def __init__(self):
            self.inner = httpx.HTTPTransport()

        def handle_request(self, request):
            response = self.inner.handle_request(request)
            return response if response.status_code == 200 else self.handle_request(request)

        def close(self):
            self.inner.close()

    answers = [500, 200]

    def script(exchange):
        exchange.answer(b"{}", status=answers.pop(0))

    with provider(script) as url, use_cassette(path, mode="once"), httpx.Client(transport=Retrying()) as client:
        assert client.post(chat(url), json=QUESTION).status_code == 200

    assert [i.response.status for i in read_cassette(path)] == [500, 200]


def test_foreign_transport_is_recorded(path):
    class Foreign(httpx.BaseTransport):
        def handle_request(self, request):
            return httpx.Response(200, stream=httpx.ByteStream(b'{"from": "elsewhere"}'))

    with use_cassette(path, mode="once"), httpx.Client(transport=Foreign()) as client:
        response = client.post("https://api.openai.com/v1/chat/completions", json=QUESTION)

    assert response.json() == {"from": "elsewhere"}
    assert json.loads(only(path).response.body) == {"from": "elsewhere"}


def test_transport_on_aiohttp_is_recorded_once(path):
    class OnAiohttp(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            url, body = str(request.url), await request.aread()
            async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=KEY) as response:
                return httpx.Response(response.status, content=await response.read())

    async def ask(url):
        async with httpx.AsyncClient(transport=OnAiohttp()) as client:
            return await client.post(chat(url), json=QUESTION)

    with provider(lambda exchange: exchange.answer(b'{"from": "elsewhere"}')) as url, use_cassette(path, mode="once"):
        assert asyncio.run(ask(url)).json() == {"from": "elsewhere"}

    assert json.loads(only(path).response.body) == {"from": "elsewhere"}


def test_transport_on_requests_is_recorded_once(path):
    class OnRequests(httpx.BaseTransport):
        def handle_request(self, request):
            response = requests.post(str(request.url), data=request.read(), headers=KEY)
            return httpx.Response(response.status_code, content=response.content)

    with (
        provider(lambda exchange: exchange.answer(b'{"from": "elsewhere"}')) as url,
        use_cassette(path, mode="once"),
        httpx.Client(transport=OnRequests()) as client,
    ):
        assert client.post(chat(url), json=QUESTION).json() == {"from": "elsewhere"}

    assert json.loads(only(path).response.body) == {"from": "elsewhere"}


def test_retry_of_an_adapter_is_recorded_after_a_scripted_error(path):
    retrying = requests.adapters.HTTPAdapter(max_retries=Retry(total=2, status_forcelist=[503], allowed_methods=None))

    with provider(lambda exchange: exchange.answer(b'{"real": 1}')) as url, FakeLLM() as llm:
        cassette = Cassette(path, mode="once", engine=llm._engine)
        llm.reply(ErrorReply(503))
        with requests.Session() as session:
            session.mount("http://", retrying)
            response = session.post(chat(url), json=QUESTION, headers=KEY)
        cassette.save()

    assert response.json() == json.loads(only(path).response.body) == {"real": 1}
    assert [call.status for call in llm.calls] == [503, 200]


def test_foreign_transport_that_has_read_its_answer_is_recorded(path):
    class Foreign(httpx.BaseTransport):
        def handle_request(self, request):
            return httpx.Response(200, content=b'{"from": "elsewhere"}')

    with use_cassette(path, mode="once"), httpx.Client(transport=Foreign()) as client:
        response = client.post("https://api.openai.com/v1/chat/completions", json=QUESTION)

    assert response.json() == {"from": "elsewhere"}
    assert json.loads(only(path).response.body) == {"from": "elsewhere"}


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer sk-fakellm"},
        {"api-key": "sk-fakellm"},
        {"x-api-key": "sk-fakellm"},
        {"ocp-apim-subscription-key": "sk-fakellm"},
    ],
)
def test_stand_in_key_is_not_sent(ask, path, headers):
    seen = []

    with provider(seen.append) as url, pytest.raises(UsageError) as caught, use_cassette(path, mode="once"):
        response = ask("POST", chat(url), json=QUESTION, headers=headers)

    assert (response.status_code, response.headers["x-should-retry"], seen) == (400, "false", [])
    assert not path.exists()
    assert str(caught.value) == (
        f"not recorded: POST {chat(url)} carries the key 'sk-fakellm', which no provider knows\n"
        "  fakellm sets it where no key is set, so that clients can be built\n"
        "  type: export OPENAI_API_KEY=… (a live key) before you record; none is written to the file"
    )


def test_stand_in_key_is_told_in_the_transcript(path):
    cassette = use_cassette(path, mode="once")

    with pytest.raises(UsageError), cassette as recording:
        httpx.post(
            "https://api.openai.com/v1/chat/completions", json=QUESTION, headers={"authorization": "Bearer sk-fakellm"}
        )

    assert recording.transcript().splitlines()[-1] == "  => call 1 was not recorded"


def test_stand_in_key_in_the_url_is_not_sent(path):
    seen = []

    with provider(seen.append) as url, pytest.raises(UsageError), use_cassette(path, mode="once"):
        httpx.post(f"{url}/v1beta/models/gemini:generateContent?key=sk-fakellm", json={})

    assert seen == []


def test_stand_in_key_beside_another_parameter_is_not_sent_nor_the_other_shown(path):
    seen = []

    with provider(seen.append) as url, pytest.raises(UsageError) as caught, use_cassette(path, mode="once"):
        httpx.post(f"{url.replace('://', '://user:pass@')}/v1/chat/completions?api_key=sk-fakellm", json=QUESTION)

    assert seen == []
    assert "pass@" not in str(caught.value)


def test_transport_of_a_cassette_that_records_is_refused(path):
    with pytest.raises(UsageError) as caught:
        use_cassette(path, mode="once").transport(httpx)

    assert str(caught.value) == (
        "cassette.transport(...) answers from the file alone, and this cassette records\n"
        "  type: with cassette: … and give the client the transport that it has without fakellm"
    )


def test_json_file_is_not_recorded_to(tmp_path):
    with pytest.raises(UsageError) as caught:
        use_cassette(tmp_path / "session.json", mode="once")

    assert str(caught.value) == (
        f"cannot record to {tmp_path}/session.json: cassettes are written as YAML\n  type: {tmp_path}/session.yaml"
    )


def test_async_block_saves(path):
    async def session(url):
        async with use_cassette(path, mode="once"), httpx.AsyncClient() as client:
            await client.post(chat(url), json=QUESTION)

    with provider(lambda exchange: exchange.answer()) as url:
        asyncio.run(session(url))

    assert only(path).response.body == b"{}"
