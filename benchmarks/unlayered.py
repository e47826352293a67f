"""A transport without layers: the least that an answer takes, whoever gives it.

It looks at the key, reads the request, counts its tokens, takes the first rule that is left, writes the call down,
gives ids of its own and sees how the answer ends; a stream is cut into tokens. It has no conditions, and holds no
request against the schema of an API.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from pydantic_core import from_json, to_json

from fakellm.tokens import get_encoding

HEAD = b'{"id":"chatcmpl-%029d","object":"chat.completion","created":1735689600,"model":"gpt-4o-2024-08-06","choices":'
CHOICE = (
    b'[{"index":0,"message":{"role":"assistant","content":%b,"refusal":null,"annotations":[]},"logprobs":null,'
    b'"finish_reason":"stop"}],'
)
USAGE = (
    b'"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":0,'
    b'"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,'
    b'"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_6ceec681ac"}'
)
CHUNK = (
    b'data: {"id":"chatcmpl-%029d","object":"chat.completion.chunk","created":1735689600,"model":"gpt-4o-2024-08-06",'
    b'"service_tier":"default","system_fingerprint":"fp_6ceec681ac","choices":[{"index":0,"delta":'
)
SAID = b'{"content":'
ROLE = (
    b'{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"obfuscation":"pad"}\n\n'
)
LAST = b'{},"logprobs":null,"finish_reason":"stop"}],"obfuscation":"fakellm"}\n\n'
DONE = b"data: [DONE]\n\n"
# What follows a text of so many characters, padded so that the length of a chunk does not tell that of its text.
ENDS = [
    b'},"logprobs":null,"finish_reason":null}],"obfuscation":"%b"}\n\n' % b"fakellm-paddi"[length:]
    for length in range(13)
]
AUTHORIZATION = (b"authorization", b"Authorization")
ENCODING = get_encoding("o200k_base")


class Rule:
    """What is replied, and how often still (None: for ever)."""

    __slots__ = ("text", "times")

    def __init__(self, text: str, times: int | None) -> None:
        self.text = text
        self.times = times

    def whole(self, number: int, prompt: int) -> bytes:
        """Return an answer in one piece."""
        tokens = ENCODING.count(self.text)
        return b"".join((HEAD % number, CHOICE % to_json(self.text), USAGE % (prompt, tokens, prompt + tokens)))

    def chunks(self, number: int) -> list[bytes]:
        """Return the parts of a stream."""
        head = CHUNK % number
        opening = head + SAID
        pieces = ENCODING.split(self.text)
        said = [opening + to_json(piece) + ENDS[min(len(piece), 12)] for piece in pieces]
        return [head + ROLE, *said, head + LAST, DONE]


class Call:
    """A call as it is written down; `read` counts what the client has taken of its answer."""

    __slots__ = ("answer", "asked", "body", "number", "prompt", "read", "rule")

    def __init__(self, number: int, rule: Rule, body: bytes, asked: Any, prompt: int) -> None:
        self.number = number
        self.rule = rule
        self.body = body
        self.asked = asked
        self.prompt = prompt
        self.answer = rule.chunks(number) if asked.get("stream") else rule.whole(number, prompt)
        self.read = 0


class Unlayered:
    """Replies, first come, first served; a transport of clients, or, as a block, in the place of theirs."""

    def __init__(self, module: ModuleType) -> None:
        self.calls: list[Call] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[Any, int]] = {}
        self._counts: dict[str, int] = {}
        self._tools: tuple[Any, int] = (None, 0)
        self._module = module
        self._whole, self._streamed = _responses(module)

    def reply(self, text: str, *, times: int | None = 1) -> None:
        """Say what is replied next."""
        self._rules.append(Rule(text, times))

    def transport(self) -> Any:
        """Return a transport for clients of the module."""
        transport = self._module.BaseTransport()
        transport.handle_request = self.answer
        return transport

    def __enter__(self) -> Unlayered:
        self._real = self._module.HTTPTransport.handle_request
        answer = self.answer
        self._module.HTTPTransport.handle_request = lambda _, request: answer(request)
        return self

    def __exit__(self, *_: object) -> None:
        self._module.HTTPTransport.handle_request = self._real

    def answer(self, request: Any) -> Any:
        """Answer a request, or say why not."""
        if not any(key[:10] == b"Bearer sk-" for name, key in request.headers.raw if name in AUTHORIZATION):
            return self._module.Response(401)
        if request.url.raw_path != b"/v1/chat/completions" or request.method != "POST":
            return self._module.Response(404)
        body = request.content
        asked, prompt = self._known.get(body) or self._read(body)
        with self._lock:
            rule = next(rule for rule in self._rules if rule.times != 0)
            if rule.times is not None:
                rule.times -= 1
            call = Call(len(self.calls) + 1, rule, body, asked, prompt)
            self.calls.append(call)
        return self._streamed(call) if asked.get("stream") else self._whole(call)

    def _read(self, body: bytes) -> tuple[Any, int]:
        asked = from_json(body)
        tokens = 3 + sum(map(self._count, asked["messages"])) + self._count_tools(asked.get("tools"))
        if len(self._known) > 1000:
            self._known.clear()
        self._known[body] = asked, tokens
        return asked, tokens

    def _count(self, message: dict[str, Any]) -> int:
        texts = [message["content"] or ""]
        for call in message.get("tool_calls", ()):
            texts += call["function"].values()
        return 4 + sum(map(self._count_text, texts))

    def _count_text(self, text: str) -> int:
        if (known := self._counts.get(text)) is None:
            if len(self._counts) > 10_000:
                self._counts.clear()
            known = self._counts[text] = ENCODING.count(text)
        return known

    def _count_tools(self, tools: Any) -> int:
        if tools is None:
            return 0
        if self._tools[0] != tools:
            self._tools = (tools, ENCODING.count(to_json(tools).decode()))
        return self._tools[1]


@cache
def _responses(module: ModuleType) -> tuple[Callable[[Call], Any], Callable[[Call], Any]]:
    """Return what makes the response of a call: of a whole answer, known before it is read, and of a stream."""

    class Whole(module.Response):  # type: ignore[misc,name-defined]
        def __init__(self, call: Call) -> None:
            length = (b"content-length", b"%d" % len(call.answer))
            headers = [(b"content-type", b"application/json"), length, request_id(call)]
            super().__init__(200, headers=headers, stream=module.ByteStream(b""))
            self._call = call

        def read(self) -> bytes:
            self._content = content = self._call.answer
            self._call.read = self._num_bytes_downloaded = len(content)
            self.is_closed = self.is_stream_consumed = True
            return content

    class Chunks(module.SyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self, call: Call) -> None:
            self._call = call

        def __iter__(self) -> Iterator[bytes]:
            call = self._call
            for part in call.answer:
                call.read += 1
                yield part

    def streamed(call: Call) -> Any:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), request_id(call)]
        return module.Response(200, headers=headers, stream=Chunks(call))

    def request_id(call: Call) -> tuple[bytes, bytes]:
        return (b"x-request-id", b"req_%032d" % call.number)

    return Whole, streamed
