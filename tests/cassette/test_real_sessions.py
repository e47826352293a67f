"""Every real session replays in every kind of client, compared with another reader's view of the file.

The sessions are not part of the project: FAKELLM_REAL_CASSETTES names their folder.
"""

import json
import os
from pathlib import Path

import httpx
import pytest
import yaml

from fakellm import CassetteMismatchError, use_cassette

FOLDER = os.environ.get("FAKELLM_REAL_CASSETTES")
FILES = sorted(Path(FOLDER).glob("*.yaml")) if FOLDER else []

pytestmark = pytest.mark.skipif(not FOLDER, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")


class Written(str):
    """A number, as the file or the answer writes it."""


class Reader(yaml.CSafeLoader):
    """PyYAML's own safe loader, but numbers keep their text and timestamps are text."""


for name in ("int", "float"):
    Reader.add_constructor(f"tag:yaml.org,2002:{name}", lambda loader, node: Written(node.value))
Reader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), Reader)["interactions"]


def in_order(value):
    """Return a value whose equality minds the order of members, and what is a number."""
    match value:
        case dict():
            return [(name, in_order(item)) for name, item in value.items()]
        case list():
            return [in_order(item) for item in value]
    return type(value).__name__, value


def sent_body(request):
    if "parsed_body" in request:
        return json.dumps(unwritten(request["parsed_body"])).encode()
    body = request.get("body") or b""
    return body.encode() if isinstance(body, str) else body


def unwritten(value):
    match value:
        case Written():
            return json.loads(value)
        case dict():
            return {name: unwritten(item) for name, item in value.items()}
        case list():
            return [unwritten(item) for item in value]
    return value


def assert_same_body(content, response):
    if "parsed_body" in response:
        got = json.loads(content, parse_int=Written, parse_float=Written)
        assert in_order(got) == in_order(response["parsed_body"])
    else:
        stored = response["body"]["string"]
        assert content == (stored.encode() if isinstance(stored, str) else stored)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recorded_session_replays(path, ask, no_network):
    recorded = read(path)

    with use_cassette(path) as cassette:
        answers = [ask(i["request"]["method"], i["request"]["uri"], content=sent_body(i["request"])) for i in recorded]

    assert [answer.status_code for answer in answers] == [int(i["response"]["status"]["code"]) for i in recorded]
    for answer, one in zip(answers, recorded, strict=True):
        assert_same_body(answer.content, one["response"])
    assert (cassette.unplayed, no_network) == ([], [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_request_that_is_not_in_the_session_is_refused(path, ask, no_network):
    url = read(path)[0]["request"]["uri"]
    cassette = use_cassette(path)

    with cassette.intercept():
        answer = ask("POST", url, json={"model": "gpt-4o", "messages": [{"role": "user", "content": "not recorded"}]})

    assert (answer.status_code, answer.headers["x-should-retry"], no_network) == (400, "false", [])
    with pytest.raises(CassetteMismatchError, match="holds no such request"):
        cassette.check()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_content_type_comes_back(path):
    recorded = read(path)

    with use_cassette(path):
        answers = [
            httpx.request(i["request"]["method"], i["request"]["uri"], content=sent_body(i["request"]))
            for i in recorded
        ]

    expected = [
        {name.lower(): values for name, values in i["response"]["headers"].items()}["content-type"] for i in recorded
    ]
    assert [answer.headers.get_list("content-type") for answer in answers] == expected


def test_all_sessions_are_there():
    assert len(FILES) >= 29


def test_equal_requests_of_a_session_come_in_order():
    [path] = [path for path in FILES if "tool_call_roundtrip" in path.stem]
    recorded = read(path)

    with use_cassette(path):
        answers = [httpx.post(i["request"]["uri"], content=sent_body(i["request"])).json()["id"] for i in recorded]

    assert answers == [i["response"]["parsed_body"]["id"] for i in recorded]
