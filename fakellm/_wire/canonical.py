"""One text for equal requests: the key under which the fake and the cassettes remember a request.

JSON is the same when its values are: member order and white space do not matter, array order and
number text do (1, 1.0 and true stay three things). Tool-call ids are renamed in order of appearance,
since SDKs and providers make new ones each time; members that are new on each run (``volatile``) are left
out. A body of several parts is the same when its parts are, whatever boundary lies between them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode

from pydantic_core import from_json, to_json

from fakellm._wire.events import USUAL_PORTS, split_url
from fakellm._wire.volatile import without_volatile

__all__ = [
    "KEY_PARTS",
    "canonical_body",
    "canonical_json",
    "compact_json",
    "digest",
    "hashed",
    "message_text",
    "read_json",
    "rename_call_ids",
    "split_parts",
    "stable",
    "url_key",
    "write_canonical",
]

KEY_PARTS = ("method", "scheme", "host", "port", "path", "query", "body")
"""What a request is recognised by, in the order in which a difference is told."""


def canonical_json(value: object) -> str:
    """Write a decoded JSON value in its canonical form."""
    return write_canonical(stable(value))


def stable(value: object) -> object:
    """Return a decoded request with all that is new on each run taken out: volatile members, tool-call ids."""
    return rename_call_ids(without_volatile(value))


def canonical_body(body: bytes) -> bytes:
    """Return the canonical form of a body of JSON or of several parts; any other body as it is."""
    if body.lstrip()[:1] not in (b"{", b"["):
        parts = split_parts(body)
        return body if parts is None else _SEAM.join(head + _SEAM + canonical_body(data) for head, data in parts)
    try:
        return canonical_json(read_json(body)).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):  # not JSON after all, or nested too deeply to compare
        return body


def read_json(body: bytes) -> Any:
    """Decode a JSON body.

    Raises:
        ValueError, RecursionError: it is none, or nested too deeply.
    """
    try:
        return from_json(body)  # in a fifth of the time
    except ValueError:
        return json.loads(body)  # half of a surrogate pair, say


def compact_json(body: bytes) -> bytes:
    """Return a JSON body as most clients write it, without white space; any other body as it is."""
    try:
        compact = to_json(from_json(body), inf_nan_mode="constants")
    except ValueError:
        return body
    return body if compact == body else compact  # one object, not two


def split_parts(body: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return (headers, content) of each part of a multipart body, known by its own boundary; None for another.

    Source: RFC 2046, section 5.1.1.
    """
    line, end, _ = body.partition(b"\r\n")
    if not end or len(line) < 3 or not line.startswith(b"--") or not body.rstrip(b"\r\n").endswith(line + b"--"):
        return None
    _, *parts, _ = (b"\r\n" + body).split(b"\r\n" + line)
    found = [part.removeprefix(b"\r\n").partition(b"\r\n\r\n") for part in parts]
    return [(head, data) for head, _, data in found]


_SEAM = b"\r\n--\r\n"


def url_key(url: str) -> dict[str, str]:
    """Return the parts of a URL by name."""
    split = split_url(url)
    return {
        "scheme": split.scheme,
        "host": split.hostname or "",
        "port": _port(split),
        "path": split.path or "/",
        "query": urlencode(sorted(parse_qsl(split.query, keep_blank_values=True)), errors="surrogatepass"),
    }


def digest(*parts: str | bytes, size: int = 16) -> bytes:
    """Hash parts into size bytes, 64 at most; no two lists of parts run together into the same input."""
    return hashed([part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts], size)


def hashed(parts: Sequence[bytes], size: int = 16) -> bytes:
    """Do the same for parts that are all bytes."""
    lengths = ",".join(map(str, map(len, parts))).encode()
    return hashlib.blake2b(b"".join([lengths, b";", *parts]), digest_size=size).digest()


def _port(url: SplitResult) -> str:
    try:
        port = url.port
    except ValueError:  # no number, or one that is too large; httpx takes both
        return url.netloc.rpartition(":")[2]
    return str(USUAL_PORTS.get(url.scheme, "") if port is None else port)


def write_canonical(value: object) -> str:
    """Write a JSON value with sorted members and no white space."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def rename_call_ids(body: object) -> object:
    """Return a decoded request with its tool-call ids renamed in order of appearance.

    They stand in the messages of chat completions, in the input items of the Responses API, in the content blocks of
    Anthropic's messages, and in the parts of Gemini's contents.
    """
    names: dict[str, str] = {}
    if not isinstance(body, dict):
        return body
    lists = {name: _renamed(body[name], names) for name in _CONVERSATIONS if isinstance(body.get(name), list)}
    return {**body, **lists} if names else body


_CONVERSATIONS = ("messages", "input", "contents")


def message_text(message: dict[str, Any], names: dict[str, str]) -> str:
    """Return the canonical JSON of a message of a chat. names: of the ids in earlier messages; takes new ones."""
    return write_canonical(_renamed_item(message, names) if _may_hold_ids(message) else message)


def _renamed(items: list[Any], names: dict[str, str]) -> list[Any]:
    """Return messages, items or blocks with the ids renamed; names holds those seen and takes new ones."""
    return [_renamed_item(item, names) if _may_hold_ids(item) else item for item in items]


def _may_hold_ids(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    return not item.keys().isdisjoint(_HOLD_IDS) or type(item.get("content")) is list


def _renamed_item(item: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if isinstance(calls := item.get("tool_calls"), list):
        changed["tool_calls"] = [_with_names(call, ["id"], names) for call in calls]
    if isinstance(blocks := item.get("content"), list):
        changed["content"] = _renamed(blocks, names)
    if isinstance(parts := item.get("parts"), list):
        changed["parts"] = _renamed(parts, names)
    changed |= {name: _with_names(item[name], ["id"], names) for name in _GEMINI_CALLS if name in item}
    kind = item.get("type")
    is_call = isinstance(kind, str) and (kind == "tool_use" or kind.endswith("_call"))
    renamed: dict[str, Any] = _with_names(item, _ID_OF_CALL if is_call else _REFERENCES, names)
    return {**renamed, **changed}


def _with_names(item: Any, members: Sequence[str], names: dict[str, str]) -> Any:
    found = [name for name in members if isinstance(item, dict) and isinstance(item.get(name), str)]
    return {**item, **{name: names.setdefault(item[name], f"call_{len(names)}") for name in found}} if found else item


_GEMINI_CALLS = ("functionCall", "functionResponse")
_HOLD_IDS = frozenset({"type", "tool_calls", "tool_call_id", "call_id", "tool_use_id", "parts", *_GEMINI_CALLS})
_REFERENCES = ("tool_call_id", "call_id", "tool_use_id")
_ID_OF_CALL = ("id", *_REFERENCES)
