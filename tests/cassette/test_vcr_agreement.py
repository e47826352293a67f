"""What plain vcrpy recorded replays here as it was sent, and our own recording replays in both."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import vcr
import yaml

from fakellm import use_cassette

PROJECT_FILE = Path(__file__).parents[2] / "cassettes" / "weather_tool_loop.yaml"

JSON = '{"temperature": 1.10, "tiny": 1e-05, "emoji": "é \\ud83d\\ude00", "b": 1, "a": [true, null]}'.encode()
STREAM = 'data: {"delta":"Hé"}\n\n: ping\n\ndata: {"delta":"llo\\t\\u2028"}\r\n\r\ndata: [DONE]\n\n'.encode()
ANSWERS = {
    "/v1/chat/completions": (200, {"content-type": "application/json"}, JSON),
    "/v1/stream": (200, {"content-type": "text/event-stream; charset=utf-8"}, STREAM),
    "/v1/gzip": (200, {"content-type": "application/json", "content-encoding": "gzip"}, gzip.compress(JSON)),
    "/v1/gzip-stream": (200, {"content-type": "text/event-stream", "content-encoding": "gzip"}, gzip.compress(STREAM)),
    "/v1/image": (200, {"content-type": "image/png"}, b"\x89PNG\r\n\x1a\n\x00\xff"),
    "/v1/error": (429, {"content-type": "application/json", "retry-after": "1"}, b'{"error": {"message": "slow"}}'),
    "/v1/empty": (200, {}, b""),
    "/v1/text": (200, {"content-type": "text/plain"}, b"trailing blank \n\ttab\r\nend\n\n"),
}
CONTENTS = {
    path: gzip.decompress(body) if "content-encoding" in headers else body
    for path, (_, headers, body) in ANSWERS.items()
}


class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        status, headers, body = ANSWERS[self.path]
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def base_url():
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as provider:
        thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{provider.server_port}"
        provider.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=["yaml", "json"])
def recorded(request, base_url, tmp_path_factory):
    """Record what the provider answers with plain vcrpy; (file, paths that it holds)."""
    path = tmp_path_factory.mktemp("vcr") / f"session.{request.param}"
    # vcrpy's JSON cannot hold bytes that are no text.
    paths = [p for p, body in ANSWERS.items() if request.param == "yaml" or is_text(body[2])]
    with vcr.use_cassette(str(path), serializer=request.param, record_mode="all"):
        for place in paths:
            httpx.post(base_url + place, json={"model": "m", "messages": [], "place": place})
    return path, paths


def is_text(body):
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_file_of_vcrpy_replays_byte_for_byte(recorded, base_url, ask, no_network):
    path, places = recorded

    with use_cassette(path) as cassette:
        answers = {p: ask("POST", base_url + p, json={"place": p, "model": "m", "messages": []}) for p in places}

    assert {place: answer.content for place, answer in answers.items()} == {place: CONTENTS[place] for place in places}
    assert {p: answer.status_code for p, answer in answers.items()} == {p: ANSWERS[p][0] for p in places}
    assert (cassette.unplayed, no_network) == ([], [])


def test_headers_of_vcrpy_replay(recorded, base_url):
    path, places = recorded

    with use_cassette(path, timing="recorded"):
        answers = {p: httpx.post(base_url + p, json={"place": p, "model": "m", "messages": []}) for p in places}

    for place in places:
        sent = {name: value for name, value in ANSWERS[place][1].items() if name != "content-encoding"}
        assert {name: answers[place].headers[name] for name in sent} == sent


def requests_of_the_project():
    document = yaml.load(PROJECT_FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return [(i["request"]["uri"], i["request"]["body"].encode()) for i in document["interactions"]]


def play(context):
    with context:
        return [
            (answer.status_code, answer.headers["content-type"], answer.content)
            for answer in (
                httpx.post(uri, content=body, headers={"content-type": "application/json"})
                for uri, body in requests_of_the_project()
            )
        ]


def test_file_of_the_project_replays_alike_in_vcrpy():
    in_vcrpy = play(vcr.use_cassette(str(PROJECT_FILE), record_mode="none", match_on=["method", "uri", "raw_body"]))

    assert play(use_cassette(PROJECT_FILE)) == in_vcrpy


def test_file_of_the_project_holds_a_call_an_answer_and_a_stream():
    (_, _, call), (_, _, answer), (_, kind, stream) = play(use_cassette(PROJECT_FILE))

    assert json.loads(call)["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "get_weather"
    assert json.loads(answer)["choices"][0]["message"]["content"] == "It is 18 °C and clear in Paris right now."
    assert (kind, stream.endswith(b"data: [DONE]\n\n")) == ("text/event-stream", True)
