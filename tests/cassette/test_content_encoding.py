"""Requests whose bodies are sent encoded."""

import gzip
import json
import zlib

import brotli
import httpx
import pytest
import zstandard
from cassette_text import chat_body
from provider_server import provider

from fakellm import use_cassette
from fakellm._cassette.content_encoding import decoded
from fakellm._cassette.file import read_cassette
from fakellm._wire.events import WireRequest

PLAIN = json.dumps(chat_body("my password is hunter2, sk-proj-0123456789abcdefghijklmnopqrstuvwxyz")).encode()
ENCODED = {
    "gzip": gzip.compress(PLAIN),
    "GZIP": gzip.compress(PLAIN),
    "deflate": zlib.compress(PLAIN),
    "br": brotli.compress(PLAIN),
    "zstd": zstandard.compress(PLAIN),
    "gzip, br": brotli.compress(gzip.compress(PLAIN)),
}


def request(body, **headers):
    return WireRequest("POST", "https://api.openai.com/v1/chat/completions", httpx.Headers(headers), body)


@pytest.mark.parametrize("encoding", ENCODED)
def test_body_is_decoded(encoding):
    found = decoded(request(ENCODED[encoding], **{"content-encoding": encoding, "accept": "*/*"}))

    assert (found.body, dict(found.headers)) == (PLAIN, {"accept": "*/*"})


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(PLAIN, {}, id="not encoded"),
        pytest.param(b"", {"content-encoding": "gzip"}, id="empty"),
        pytest.param(PLAIN, {"content-encoding": "gzip"}, id="not gzip"),
        pytest.param(ENCODED["gzip"][:-9], {"content-encoding": "br"}, id="another encoding"),
    ],
)
def test_body_that_does_not_decode_stays(body, headers):
    sent = request(body, **headers)

    assert decoded(sent) is sent


def send(ask, url, encoding):
    headers = {"content-encoding": encoding, "content-type": "application/json", "authorization": "Bearer sk-live-1"}
    return ask("POST", f"{url}/v1/chat/completions", content=ENCODED[encoding], headers=headers)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_encoded_request_is_stored_redacted_as_text_and_found_again(ask, tmp_path, encoding):
    path = tmp_path / "session.yaml"
    got = []

    def script(exchange):
        got.append(exchange.body)
        exchange.answer(b'{"choices": []}', content_type="application/json")

    with provider(script) as url, use_cassette(path, mode="once"):
        send(ask, url, encoding)
    with use_cassette(path) as cassette:
        answers = [send(ask, url, encoding)]

    (recorded,) = read_cassette(path)
    assert got == [ENCODED[encoding]]
    assert "content-encoding" not in recorded.request.headers
    assert "sk-proj" not in path.read_text(encoding="utf-8")
    assert json.loads(recorded.request.body)["messages"][0]["content"].endswith("REDACTED")
    assert [answer.json() for answer in answers] == [{"choices": []}]
    assert cassette.calls[0].status == 200


def test_plain_request_is_found_that_was_recorded_encoded(ask, tmp_path):
    path = tmp_path / "session.yaml"

    def script(exchange):
        exchange.answer(b'{"choices": []}', content_type="application/json")

    with provider(script) as url, use_cassette(path, mode="once"):
        send(ask, url, "gzip")
    with use_cassette(path):
        answer = ask("POST", f"{url}/v1/chat/completions", content=PLAIN)

    assert answer.json() == {"choices": []}
