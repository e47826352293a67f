"""Chat requests as bytes and answers as values, for tests that speak to an engine without a client."""

import json
from dataclasses import dataclass

from asking import KEY

from fakellm._wire.events import Data, Disconnect, Head, WireRequest

CHAT_URL = "https://api.openai.com/v1/chat/completions"


def wire(body=b"", *, method="POST", url=CHAT_URL, headers=None):
    """A request with a key; body is bytes, or a value to send as JSON; headers are added."""
    return WireRequest(
        method, url, {**KEY, **(headers or {})}, body if isinstance(body, bytes) else json.dumps(body).encode()
    )


def asking(question="hi", *, headers=None, url=CHAT_URL, **fields):
    """A chat request with one user message; fields are added to its body."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}], **fields}
    return wire(body, headers=headers, url=url)


class FixedIdentity:
    """Ids that a test can write down: each is its prefix and 1."""

    seed = 0
    request_id = "req_1"

    def id(self, prefix, length):
        return prefix + "1"


@dataclass
class Answer:
    """What a client would see of played events; is_cut: the connection was lost."""

    status: int | None
    headers: list[tuple[str, str]]
    body: bytes
    is_cut: bool

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    @property
    def content(self):
        return self.json["choices"][0]["message"]["content"]

    @property
    def chunks(self):
        """The objects of a stream, without its end marker."""
        events = self.body.decode().split("\n\n")[:-1]
        return [json.loads(event.removeprefix("data: ")) for event in events if event != "data: [DONE]"]


def play(events):
    """Play events as a transport does, and hold them to the law of the wire."""
    status, headers, body, is_cut = None, [], b"", False
    for event in events:
        assert not is_cut, "an event after the Disconnect"
        match event:
            case Head():
                assert status is None, "a second Head"
                status, headers = event.status, list(event.headers)
            case Data(data):
                assert status is not None, "Data before the Head"
                body += data
            case Disconnect():
                is_cut = True
    return Answer(status, headers, body, is_cut)


def accumulated(chunks):
    """What a client has gathered when a stream ended: (text or None, [(id, name, arguments)], finish reason)."""
    text, calls, finish_reason = None, {}, None
    for chunk in chunks:
        for choice in chunk["choices"]:
            delta = choice["delta"]
            if delta.get("content") is not None:
                text = (text or "") + delta["content"]
            for part in delta.get("tool_calls", []):
                call = calls.setdefault(part["index"], ["", "", ""])
                call[0] += part.get("id", "")
                call[1] += part["function"].get("name", "")
                call[2] += part["function"]["arguments"]
            finish_reason = choice["finish_reason"] or finish_reason
    return text, [tuple(call) for call in calls.values()], finish_reason
