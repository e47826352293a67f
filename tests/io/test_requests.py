"""requests under a fake: what its users do with it, beyond the suite that runs over all clients."""

from __future__ import annotations

import gc
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from functools import wraps

import pytest
import requests
import requests_mock
import responses
from asking import KEY
from loopback import refusing
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.util import Retry

from fakellm import ErrorReply, FakeLLM, MockClock, Pace, UnmatchedRequestError, faults
from fakellm._wire.events import Head

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**QUESTION, "stream": True}
SESSION = requests.Session()  # as a module makes it when it is imported


def ask(session=requests, body=QUESTION, url=CHAT, **options):
    return session.post(url, json=body, headers=KEY, **options)


def text_of(response):
    return response.json()["choices"][0]["message"]["content"]


def test_session_made_at_import_is_answered():
    with FakeLLM() as llm:
        llm.reply("Hello!")

        response = ask(SESSION)

    assert text_of(response) == "Hello!"
    assert (response.status_code, response.reason, response.ok) == (200, "OK", True)
    assert response.raw.version == 11
    assert response.elapsed.total_seconds() > 0


def test_answer_to_a_worker_thread():
    with FakeLLM() as llm, ThreadPoolExecutor(4) as pool:
        llm.reply("Hello!", times=20)

        assert [text_of(response) for response in pool.map(ask, [SESSION] * 20)] == ["Hello!"] * 20


def test_time_of_the_fake_is_told_to_the_api():
    url = "https://api.openai.com/v1/responses"
    with FakeLLM() as llm:
        llm.reply("Hello!", pace=Pace(ttft=60))
        queued = ask(body={"model": "gpt-4o", "input": "hi", "background": True}, url=url).json()
        llm.clock.sleep(60)

        response = requests.get(f"{url}/{queued['id']}", headers=KEY)

    assert (queued["status"], response.json()["status"]) == ("queued", "completed")


def test_lines_come_as_they_are_played():
    clock = MockClock()
    with FakeLLM(clock=clock) as llm:
        llm.reply("one two", pace=Pace(ttft=1, tokens_per_second=1))
        waited = []

        with ask(body=STREAM, stream=True) as response:
            for line in response.iter_lines():
                if line:
                    waited.append((len(clock.sleeps), json.loads(line[6:]) if line[6:] != b"[DONE]" else None))

    pieces = [chunk["choices"][0]["delta"].get("content") for _, chunk in waited[:-1]]
    assert pieces == ["", "one", " two", None]
    assert [n for n, _ in waited] == [1, 2, 3, 4, 4]


@pytest.mark.parametrize("size", [1, 7, 512, None])
def test_content_is_read_in_pieces_of_any_size(size):
    with FakeLLM() as llm:
        llm.reply("one two", times=2)
        whole = ask(body=STREAM).content

        with ask(body=STREAM, stream=True) as response:
            pieces = list(response.iter_content(size))

    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")
    assert len(b"".join(pieces)) == len(whole)
    assert size is None or max(map(len, pieces)) <= size


def test_raw_answer_is_read_as_a_file():
    with FakeLLM() as llm:
        llm.reply("Hello!")

        with ask(stream=True) as response:
            begin, rest = response.raw.read(10), response.raw.read()

    assert json.loads(begin + rest)["object"] == "chat.completion"
    assert response.raw.closed


def test_answer_longer_than_a_buffer_comes_whole():
    with FakeLLM() as llm:
        llm.reply("a " * 20_000)

        assert text_of(ask()) == "a " * 20_000


def test_response_that_is_dropped_unread_is_reported():
    with FakeLLM() as llm:
        llm.reply("one two")
        response = ask(body=STREAM, stream=True)
        assert llm.calls[0].duration is None

        del response
        gc.collect()

    assert (llm.calls[0].status, llm.calls[0].cancelled) == (200, True)


def test_error_is_raised_for_its_status():
    with FakeLLM() as llm:
        llm.reply(ErrorReply.rate_limited())

        with pytest.raises(requests.HTTPError, match="429 Client Error: Too Many Requests for url"):
            ask().raise_for_status()


def test_status_that_nobody_knows_has_no_reason():
    with FakeLLM() as llm:
        llm.reply(ErrorReply(529))

        response = ask()

    assert (response.status_code, response.reason) == (529, "")


def redirected(url):
    """A fault that sends the client elsewhere, with a cookie."""
    head = Head(307, (("location", url), ("set-cookie", "a=1"), ("content-length", "0")))
    return lambda _: iter([head])


def test_hooks_cookies_and_redirects_are_those_of_requests():
    seen = []
    with FakeLLM() as llm, requests.Session() as session:
        llm.reply("", fault=redirected("/v1/chat/completions?again=1"))
        llm.reply("Hello!")

        response = ask(session, hooks={"response": lambda r, **_: seen.append(r.status_code)})

    assert text_of(response) == "Hello!"
    assert seen == [307, 200]
    assert [r.status_code for r in response.history] == [307]
    assert session.cookies["a"] == "1"
    assert llm.calls[1].headers["cookie"] == "a=1"
    assert llm.calls[1].wire.url == f"{CHAT}?again=1"


def generated():
    yield json.dumps(QUESTION)[:20]
    yield json.dumps(QUESTION)[20:].encode()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(QUESTION),
        json.dumps(QUESTION).encode(),
        bytearray(json.dumps(QUESTION).encode()),
        generated(),
        io.BytesIO(json.dumps(QUESTION).encode()),
        io.StringIO(json.dumps(QUESTION)),
    ],
    ids=["str", "bytes", "bytearray", "generator", "file", "text file"],
)
def test_body_of_any_kind_is_read(body):
    with FakeLLM() as llm:
        llm.reply("Hello!")

        requests.post(CHAT, data=body, headers=KEY)

    assert llm.calls[0].last_user == "hi"


def test_file_is_sent_again_where_it_is_redirected():
    file = io.BytesIO(b"before" + json.dumps(QUESTION).encode())
    file.seek(6)
    with FakeLLM() as llm:
        llm.reply("", fault=redirected(CHAT))
        llm.reply("Hello!")

        requests.post(CHAT, data=file, headers=KEY)

    assert [call.last_user for call in llm.calls] == ["hi", "hi"]


def test_headers_are_seen_in_lower_case_with_the_host():
    with FakeLLM() as llm:
        llm.reply("Hello!")

        requests.post(CHAT.replace("//", "//user:pw@"), json=QUESTION, headers={**KEY, "X-Mine": b"\xe9", "y": "é"})

    headers = llm.calls[0].headers
    assert (headers["x-mine"], headers["y"], headers["host"]) == ("é", "é", "api.openai.com")


class Adapter(HTTPAdapter):
    """What users mount: it does something of its own around each request."""

    def __init__(self, **options):
        self.seen = []
        super().__init__(**options)

    def add_headers(self, request, **kwargs):
        request.headers["x-added"] = "1"

    def send(self, request, *args, **kwargs):
        response = super().send(request, *args, **kwargs)
        self.seen.append((request.url, response.status_code))
        return response


def mounted(adapter):
    session = requests.Session()
    session.mount("https://", adapter)
    return session


def test_users_adapter_still_runs():
    adapter = Adapter()
    with FakeLLM() as llm, mounted(adapter) as session:
        llm.reply("Hello!")

        response = ask(session)

    assert text_of(response) == "Hello!"
    assert adapter.seen == [(CHAT, 200)]
    assert response.connection is adapter
    assert response.request.headers["x-added"] == "1"


def test_retries_of_an_adapter_ask_again():
    retries = Retry(total=3, status_forcelist=[429, 503], allowed_methods=None, backoff_factor=0.5)
    with FakeLLM() as llm, llm.virtual_time() as clock, mounted(HTTPAdapter(max_retries=retries)) as session:
        llm.reply(ErrorReply.rate_limited(), ErrorReply(503), "Hello!")

        assert text_of(ask(session)) == "Hello!"

    assert [call.status for call in llm.calls] == [429, 503, 200]
    assert clock.sleeps == [1]  # urllib3 does not wait before its first retry


def test_retries_of_an_adapter_come_after_lost_connections_as_well():
    with FakeLLM() as llm, mounted(HTTPAdapter(max_retries=Retry(total=2, allowed_methods=None))) as session:
        for fault in (faults.connect_error(), faults.drop(after=0)):
            llm.reply("lost", fault=fault)
        llm.reply("Hello!")

        assert text_of(ask(session)) == "Hello!"

    assert len(llm.calls) == 3


def test_adapter_that_sends_by_itself_is_left_alone():
    class Own(HTTPAdapter):
        def send(self, request, *args, **kwargs):
            raw = HTTPResponse(io.BytesIO(b"mine"), status=200, preload_content=False)
            return self.build_response(request, raw)

    with FakeLLM() as llm, mounted(Own()) as session:
        assert ask(session).content == b"mine"
        assert len(llm.calls) == 0


@pytest.mark.parametrize("proxy", ["http://proxy.invalid:3128", "socks5h://proxy.invalid:1080"])
def test_proxies_of_the_environment_are_not_asked(monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with FakeLLM() as llm:
        llm.reply("Hello!", times=2)

        assert text_of(ask()) == text_of(ask(proxies={"https": proxy})) == "Hello!"


def test_no_certificates_are_needed():
    with FakeLLM() as llm:
        llm.reply("Hello!")

        assert text_of(ask(verify="/nowhere/ca.pem")) == "Hello!"


def test_pace_is_waited_for_on_virtual_time():
    with FakeLLM() as llm, llm.virtual_time() as clock:
        llm.reply("Hello!", pace=Pace(ttft=30))

        assert text_of(ask(timeout=60)) == "Hello!"
        assert clock.elapsed == 30


def told(error):
    """The text of an error without what differs from machine to machine."""
    return re.sub(r"port=\d+|host='[^']*'| at 0x\w+", "", str(error.value))


def test_refused_connection_is_told_in_the_same_words_as_on_a_socket():
    with refusing() as url, pytest.raises(requests.ConnectionError) as real:
        ask(url=url, timeout=5)
    with FakeLLM() as llm:
        llm.reply("lost", fault=faults.connect_error())
        with pytest.raises(requests.ConnectionError) as played:
            ask(url=url, timeout=5)

    assert told(played) == told(real)
    assert str(played.value.request.url) == url


def test_timeouts_are_told_in_the_words_of_urllib3():
    with FakeLLM() as llm:
        llm.reply("lost", fault=faults.connect_timeout())
        llm.reply("lost", fault=faults.read_timeout())

        with pytest.raises(requests.ConnectTimeout) as connecting:
            ask(timeout=(3, 10))
        with pytest.raises(requests.ReadTimeout) as reading:
            ask(timeout=(3, 10))

    assert "'Connection to api.openai.com timed out. (connect timeout=3)'" in str(connecting.value)
    assert str(reading.value) == (
        "HTTPSConnectionPool(host='api.openai.com', port=443): Read timed out. (read timeout=10)"
    )


def test_responses_inside_keeps_its_requests():
    with FakeLLM() as llm:
        llm.reply("Hello!")
        with responses.RequestsMock() as double:
            double.post(CHAT, json={"from": "responses"})
            inside = ask()
        outside = ask()

    assert (inside.json(), text_of(outside)) == ({"from": "responses"}, "Hello!")


def test_fake_inside_responses_answers_model_calls_and_leaves_it_the_rest():
    with responses.RequestsMock() as double, FakeLLM() as llm:
        double.get("https://shop.test/orders", json=[1])
        llm.reply("Hello!")

        assert text_of(ask()) == "Hello!"
        assert requests.get("https://shop.test/orders").json() == [1]


def test_wrapper_that_passes_on_sees_what_is_answered(monkeypatch):
    seen = []
    real = HTTPAdapter.send

    @wraps(real)
    def send(self, request, **kwargs):
        seen.append(request.url)
        return real(self, request, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with FakeLLM() as llm:
        llm.reply("Hello!")

        assert text_of(ask()) == "Hello!"

    assert seen == [CHAT]


def test_responses_that_ends_before_the_fake_takes_nothing_with_it():
    double = responses.RequestsMock(assert_all_requests_are_fired=False)
    with FakeLLM() as llm:
        double.start()
        double.stop()
        llm.reply("Hello!")

        assert text_of(ask()) == "Hello!"


def test_requests_mock_keeps_its_requests_and_lets_through_what_it_is_told_to():
    with FakeLLM() as llm:
        llm.reply("Hello!")
        with requests_mock.Mocker(real_http=True) as double:
            double.get("https://shop.test/orders", json=[1])

            assert requests.get("https://shop.test/orders").json() == [1]
            assert text_of(ask()) == "Hello!"
        with requests_mock.Mocker() as double:
            double.post(CHAT, json={"from": "requests_mock"})

            assert ask().json() == {"from": "requests_mock"}


def test_head_has_no_body():
    with FakeLLM() as llm:
        response = requests.head("https://api.openai.com/v1/models/gpt-4o", headers=KEY)

    assert (response.status_code, response.content) == (404, b"")
    assert "transfer-encoding" not in response.headers
    assert len(llm.other_traffic) == 1


def test_unmatched_call_says_so_in_the_answer():
    with pytest.raises(UnmatchedRequestError), FakeLLM():
        response = ask()

    assert response.status_code == 400
    assert response.headers["x-should-retry"] == "false"


def test_patched_name_is_there_and_is_put_back():
    before = vars(HTTPAdapter)["send"]

    with FakeLLM(), FakeLLM():
        assert vars(HTTPAdapter)["send"] is not before

    assert vars(HTTPAdapter)["send"] is before
