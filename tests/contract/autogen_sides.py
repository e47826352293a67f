"""The two clients side by side: one stub server on loopback, one scenario, both outcomes.

A scenario is data: messages are dicts with a ``type``, tools are schemas. What cannot be data is ``Built`` from
the classes of a side.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import fakellm
import fakellm.client
import fakellm.models

COMPARED_HEADERS = ("authorization", "api-key", "content-type", "openai-organization", "openai-project", "x-custom")
INFO = {"vision": True, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": True}


@dataclass(frozen=True)
class Sent:
    """One answer of the stub. parts: written one by one, as a chunked body; cut: which is then broken off."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    parts: tuple[bytes, ...] | None = None
    cut: bool = False


@dataclass(frozen=True)
class Built:
    """Something that each side builds from its own classes."""

    make: Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """One scenario. differs: what is meant to differ, as aspect: (theirs, ours), or None where it may."""

    name: str
    call: dict[str, Any] = field(default_factory=dict)
    client: dict[str, Any] = field(default_factory=dict)
    sent: tuple[Sent, ...] | None = None
    stream: bool = False
    differs: dict[str, tuple[Any, Any] | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def completion(message: dict[str, Any] | str = "Hello!", reason: Any = "stop", **fields: Any) -> Sent:
    """A completion with one choice; fields replace or add top-level fields."""
    message = {"role": "assistant", "content": message} if isinstance(message, str) else message
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": fields.pop("logprobs", None)}
    body = {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06", "choices": [choice],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}, **fields,
    }  # fmt: skip
    return json_sent(body)


def json_sent(body: object, status: int = 200, **headers: str) -> Sent:
    return Sent(json.dumps(body).encode(), status, {"content-type": "application/json", **headers})


def chunk(delta: dict[str, Any] | str | None = None, reason: Any = None, **fields: Any) -> bytes:
    """One event; without delta and reason, one without choices. fields: as for ``completion``."""
    delta = {"content": delta} if isinstance(delta, str) else delta
    choice = {"index": 0, "delta": delta or {}, "finish_reason": reason, "logprobs": fields.pop("logprobs", None)}
    choices = [] if delta is None and reason is None else [choice]
    body = {
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06",
        "choices": choices, **fields,
    }  # fmt: skip
    return event(body)


def event(body: object) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def streamed(*parts: bytes, done: bool = True, cut: bool = False) -> Sent:
    ending = (b"data: [DONE]\n\n",) if done else ()
    return Sent(headers={"content-type": "text/event-stream"}, parts=(*parts, *ending), cut=cut)


class Stub(ThreadingHTTPServer):
    """Answers POST with what it is told to, in turn, the last one for ever; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Sent] = []
        self.asked: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def expect(self, replies: tuple[Sent, ...]) -> None:
        self.replies, self.asked = list(replies), []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of some scenarios."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stub

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not body.get("stream"):
            body.pop("stream", None)
        headers = {name: self.headers[name] for name in COMPARED_HEADERS if name in self.headers}
        self.server.asked.append({"path": self.path, "headers": headers, "body": body})
        replies = self.server.replies
        self._answer(replies.pop(0) if len(replies) > 1 else replies[0])

    def _answer(self, sent: Sent) -> None:
        self.send_response(sent.status)
        for name, value in {**sent.headers, "connection": "close"}.items():
            self.send_header(name, value)
        if sent.parts is None:
            self.send_header("content-length", str(len(sent.body)))
            self.end_headers()
            self.wfile.write(sent.body)
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for part in sent.parts:
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.flush()
        if not sent.cut:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@contextmanager
def running_stub() -> Iterator[Stub]:
    stub = Stub()
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.shutdown()
        stub.server_close()
        thread.join()


def sides() -> tuple[Any, Any]:
    """Theirs and ours: namespaces of the same names."""
    import autogen_core
    import autogen_core.models
    import autogen_core.tools
    import autogen_ext.models.openai

    theirs = [autogen_core, autogen_core.models, autogen_core.tools, autogen_ext.models.openai]
    ours = [fakellm.models, fakellm.client]
    return _Side("theirs", theirs), _Side("ours", ours)


class _Side(SimpleNamespace):
    def __init__(self, name: str, modules: list[Any]) -> None:
        found = {key: getattr(module, key) for module in reversed(modules) for key in dir(module)}
        super().__init__(**{**found, "side": name})


def built(side: Any, value: Any) -> Any:
    """Give a value as a side takes it: messages from dicts, Built made, containers throughout."""
    if isinstance(value, Built):
        return value.make(side)
    if isinstance(value, dict):
        inner = {key: built(side, item) for key, item in value.items()}
        return getattr(side, inner["type"])(**inner) if str(inner.get("type")).endswith("Message") else inner
    if isinstance(value, list):
        return [built(side, item) for item in value]
    return value


def family(error: BaseException) -> str:
    """Name what was raised, the same for what means the same."""
    name = type(error).__name__
    return {"OpenAIError": "UsageError", "APIResponseValidationError": "APIError"}.get(name, name)


class _Logged(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.events: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.events.append(json.loads(str(record.msg)))


@contextmanager
def recorded(outcome: dict[str, Any]) -> Iterator[None]:
    """Note warnings, records of the events' logger and what is raised."""
    logger, handler = logging.getLogger("autogen_core.events"), _Logged()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
            except (Exception, asyncio.CancelledError) as err:
                outcome["error"] = family(err)
                outcome["raised"] = err
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    outcome["warnings"] = [warning.category.__name__ for warning in caught]
    kept = ("type", "messages", "tools", "prompt_tokens", "completion_tokens", "agent_id")
    outcome["logs"] = [{key: item[key] for key in kept if key in item} for item in handler.events]


async def _ask(side: Any, case: Case, url: str, outcome: dict[str, Any]) -> None:
    settings = {"model": "gpt-4o", "api_key": "sk-test", "base_url": url, "max_retries": 0, **case.client}
    client = side.OpenAIChatCompletionClient(**built(side, settings))
    call = built(side, {"messages": [{"type": "UserMessage", "content": "hi", "source": "user"}], **case.call})
    try:
        if case.stream:
            async for piece in client.create_stream(**call):
                outcome["pieces"].append(piece)
        else:
            outcome["pieces"].append(await client.create(**call))
    finally:
        outcome["usage"] = [vars(client.actual_usage()), vars(client.total_usage())]
        await client.close()


def run(side: Any, case: Case, stub: Stub) -> dict[str, Any]:
    """Play a scenario with one client and give what it did."""
    default = streamed(chunk("Hello!"), chunk({}, "stop")) if case.stream else completion()
    stub.expect(case.sent or (default,))
    outcome: dict[str, Any] = {"pieces": [], "error": None, "usage": None}
    with recorded(outcome):
        asyncio.run(_ask(side, case, stub.url, outcome))
    outcome.pop("raised", None)
    pieces = outcome.pop("pieces")
    outcome["chunks"] = [piece for piece in pieces if isinstance(piece, str)]
    outcome["results"] = [piece.model_dump() for piece in pieces if not isinstance(piece, str)]
    outcome["requests"] = stub.asked
    return outcome


def compare(case: Case, stub: Stub) -> None:
    theirs, ours = (run(side, case, stub) for side in sides())
    for aspect in theirs:
        found = (theirs[aspect], ours[aspect])
        if aspect not in case.differs:
            assert found[0] == found[1], f"{aspect}: theirs {found[0]!r}, ours {found[1]!r}"
        elif (expected := case.differs[aspect]) is not None:
            found = (_plain(found[0]), _plain(found[1]))
            assert found == expected, f"{aspect}: theirs {found[0]!r}, ours {found[1]!r}, expected {expected!r}"


def _plain(value: Any) -> Any:
    """Reduce results to what a difference is about: content and thought and finish reason of the last one."""
    if isinstance(value, list) and value and isinstance(value[-1], dict) and "finish_reason" in value[-1]:
        return {key: item for key, item in value[-1].items() if key != "cached" and item is not None}
    return value
