"""One text for equal requests: the key under which the fake and the cassettes remember a request.

JSON is the same when its values are: member order and white space do not matter, array order and
number text do (1, 1.0 and true stay three things). Tool-call ids are renamed in order of appearance,
since SDKs and providers make new ones each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode

from fakellm._wire.events import WireRequest, split_url

__all__ = ["KEY_PARTS", "canonical_body", "canonical_json", "digest", "request_key"]

KEY_PARTS = ("method", "scheme", "host", "port", "path", "query", "body")
"""What a request is recognised by, in the order in which a difference is told."""

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_HOLD_CALL_IDS = ("tool_calls", "tool_call_id")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_json(value: object) -> str:
    """Write a decoded JSON value in its canonical form."""
    return _ENCODER.encode(_rename_call_ids(value))


def canonical_body(body: bytes) -> bytes:
    """Return the canonical form of a JSON body; any other body as it is."""
    if body.lstrip()[:1] not in (b"{", b"["):
        return body
    try:
        return canonical_json(json.loads(body)).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):  # not JSON after all, or nested too deeply to compare
        return body


def request_key(request: WireRequest) -> dict[str, str | bytes]:
    """Return the parts of a request by name, in the order of KEY_PARTS; the fragment is no part."""
    url = split_url(request.url)
    return {
        "method": request.method.upper(),
        "scheme": url.scheme,
        "host": url.hostname or "",
        "port": _port(url),
        "path": url.path or "/",
        "query": urlencode(sorted(parse_qsl(url.query, keep_blank_values=True)), errors="surrogatepass"),
        "body": canonical_body(request.body),
    }


def digest(*parts: str | bytes, size: int = 16) -> bytes:
    """Hash parts into size bytes, 64 at most; no two lists of parts run together into the same input."""
    data = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
    lengths = ",".join([str(len(part)) for part in data]).encode()
    return hashlib.blake2b(b"".join([lengths, b";", *data]), digest_size=size).digest()


def _port(url: SplitResult) -> str:
    try:
        port = url.port
    except ValueError:  # no number, or one that is too large; httpx takes both
        return url.netloc.rpartition(":")[2]
    return str(_DEFAULT_PORTS.get(url.scheme, "") if port is None else port)


def _rename_call_ids(value: object) -> object:
    names = {call_id: f"call_{n}" for n, call_id in enumerate(dict.fromkeys(_call_ids(value)))}
    return _renamed(value, names) if names else value


def _call_ids(body: object) -> Iterator[str]:
    """Yield the tool-call ids of a chat request, in order of appearance."""
    messages = body.get("messages") if isinstance(body, dict) else None
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and not message.keys().isdisjoint(_HOLD_CALL_IDS):
            calls = message.get("tool_calls")
            ids = [call.get("id") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
            yield from (found for found in [*ids, message.get("tool_call_id")] if isinstance(found, str))


def _renamed(body: Any, names: dict[str, str]) -> object:
    return {**body, "messages": [_renamed_message(message, names) for message in body["messages"]]}


def _renamed_message(message: Any, names: dict[str, str]) -> object:
    if not isinstance(message, dict):
        return message
    renamed = dict(message)
    if isinstance(message.get("tool_call_id"), str):
        renamed["tool_call_id"] = names[message["tool_call_id"]]
    if isinstance(message.get("tool_calls"), list):
        renamed["tool_calls"] = [_renamed_call(call, names) for call in message["tool_calls"]]
    return renamed


def _renamed_call(call: Any, names: dict[str, str]) -> object:
    if isinstance(call, dict) and isinstance(call.get("id"), str):
        return {**call, "id": names[call["id"]]}
    return call
