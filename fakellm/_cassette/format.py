"""The layouts of cassette files, read into interactions.

Read are vcrpy's YAML and JSON (version 1), its legacy httpx responses (``status_code``, ``content``), bodies
as mappings, structured bodies under ``parsed_body``, and bodies as ``{type, content}``. What is none of
these goes through vcrpy's own deserializer, so that whatever plain vcrpy reads is read here.
"""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from fakellm._cassette.interaction import NO_TRACE, Interaction, RecordedResponse, Trace
from fakellm._cassette.tree import Node, UnknownTag, load_json, load_yaml, write_json
from fakellm._errors import CassetteFormatError
from fakellm._wire.events import WireRequest

__all__ = ["read_interactions"]


def read_interactions(text: str, *, path: str) -> list[Interaction]:
    """Read the text of a cassette file, in whichever layout it is. path: for messages.

    Raises:
        CassetteFormatError: the text is no cassette; with the line where that shows.
    """
    document = _load(text, path=path)
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        raise CassetteFormatError("not a cassette: there is no list of interactions", path=path, line=1)
    return [_Layout(path, number, item).read() for number, item in enumerate(document["interactions"], 1)]


def _load(text: str, *, path: str) -> Any:
    # YAML does not read every JSON text (escaped surrogate pairs, tabs), so JSON has its own loader.
    if text.lstrip()[:1] == "{":
        return _load_braces(text, path=path)
    try:
        return load_yaml(text, path=path)
    except UnknownTag as tag:
        return _load_as_vcrpy(text, path=path, tag=tag)


def _load_braces(text: str, *, path: str) -> Any:
    try:
        return load_json(text, path=path)
    except CassetteFormatError:
        try:
            return load_yaml(text, path=path)  # YAML in its flow style begins with a brace, too
        except (CassetteFormatError, UnknownTag):
            pass
        raise


def _load_as_vcrpy(text: str, *, path: str, tag: UnknownTag) -> Any:
    from vcr.serializers import yamlserializer

    try:
        return yamlserializer.deserialize(text)
    except Exception as err:  # whatever that reader raises, this file cannot be read
        raise CassetteFormatError(f"unknown YAML tag {tag}", path=path, line=tag.line) from err


class _Layout:
    """Reads one interaction; knows the file, the number and the line for messages."""

    def __init__(self, path: str, number: int, item: Any) -> None:
        self._path = path
        self._number = number
        self._item = item

    def read(self) -> Interaction:
        item = self._mapping(self._item, "an interaction", self._item)
        request = self._mapping(item.get("request"), "request", item)
        response = self._mapping(item.get("response"), "response", item)
        line = getattr(item, "line", None)
        trace = self._trace(item["x-fakellm"]) if "x-fakellm" in item else NO_TRACE
        return Interaction(self._number, line, self._request(request), self._response(response), trace)

    def _trace(self, given: Any) -> Trace:
        known = self._mapping(given, "x-fakellm", self._item)
        chunks = known.get("chunks") or []
        try:
            pairs = [(float(seconds), int(size)) for seconds, size in map(_pair, chunks)]
        except (TypeError, ValueError):
            raise self._broken("the chunks of x-fakellm are pairs [seconds, bytes]", known) from None
        return Trace(str(known.get("recorded") or ""), tuple(pairs), known.get("cut") is True)

    def _request(self, request: Mapping[str, Any]) -> WireRequest:
        method, uri = request.get("method"), request.get("uri", request.get("url"))
        if not isinstance(method, str) or not isinstance(uri, str):
            raise self._broken("a request needs a method and a uri", request)
        self._check_uri(uri, request)
        headers = {
            name: values[0] if len(values) == 1 else ", ".join(values) for name, values in self._headers(request)
        }
        return WireRequest(method.upper(), uri, headers, self._body(request))

    def _check_uri(self, uri: str, request: Mapping[str, Any]) -> None:
        if problem := _url_problem(uri):
            raise self._broken(f"{uri!r} is no URL: {problem}", request)

    def _response(self, response: Mapping[str, Any]) -> RecordedResponse:
        status, reason = self._status(response)
        headers = [(name, value) for name, values in self._headers(response) for value in values]
        body, headers = self._decoded(response, self._body(response), headers)
        return RecordedResponse(status, reason, tuple(headers), body)

    def _status(self, response: Mapping[str, Any]) -> tuple[int, str]:
        status = response.get("status", response.get("status_code"))
        code, reason = (status.get("code"), status.get("message")) if isinstance(status, dict) else (status, "")
        try:
            return int(str(code)), str(reason or "")
        except ValueError:
            raise self._broken(f"a response needs a status code, got {code!r}", response) from None

    def _headers(self, part: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
        """Yield (name in lower case, values); a value may stand alone or in a list."""
        for name, values in self._mapping(part.get("headers") or {}, "headers", part).items():
            several = values if isinstance(values, list | tuple) else [values]
            texts = [value if type(value) is str else _text(value) for value in several if value is not None]
            yield (name if type(name) is str else str(name)).lower(), texts

    def _body(self, part: Mapping[str, Any]) -> bytes:
        if "parsed_body" in part:
            return self._json(part["parsed_body"], part)
        if "content" in part:  # the legacy httpx layout
            return self._bytes(part["content"], part)
        body = part.get("body")
        if not isinstance(body, dict):
            return self._bytes(body, part)
        if "base64_string" in body:
            return self._unpacked(base64.b64decode, body["base64_string"], part)
        if "string" in body:
            return self._bytes(body["string"], part)
        if body.keys() <= {"type", "content"} and body.get("type") in _TYPES:
            return self._typed(body["type"], body.get("content"), part)
        return self._json(body, part)

    def _typed(self, kind: str, content: Any, part: Mapping[str, Any]) -> bytes:
        if kind == "json":
            return self._json(content, part)
        return self._unpacked(bytes.fromhex, content, part) if kind == "binary" else self._bytes(content, part)

    def _unpacked(self, unpack: Callable[[str], bytes], text: Any, part: Mapping[str, Any]) -> bytes:
        try:
            return unpack(str(text))
        except ValueError as err:
            raise self._broken(f"a binary body does not decode: {err}", part) from err

    def _json(self, value: Any, part: Mapping[str, Any]) -> bytes:
        try:
            # JSON can write half of a surrogate pair, UTF-8 cannot; its escape is the same in JSON.
            return write_json(value).encode("utf-8", "backslashreplace")
        except (TypeError, RecursionError) as err:
            raise self._broken(f"a body that is no JSON: {err}", part) from err

    def _bytes(self, value: Any, part: Mapping[str, Any]) -> bytes:
        match value:
            case None:
                return b""
            case bytes():
                return value
            case str():
                return self._encoded(value, part)
            case io.BytesIO():  # what vcrpy gives for the body of a file
                return value.getvalue()
            case Iterator():  # and for a body that came in pieces
                return b"".join(self._bytes(piece, part) for piece in value)
            case dict() | list():
                return self._json(value, part)
        raise self._broken(f"a body is text, bytes or JSON, got {type(value).__name__}", part)

    def _encoded(self, text: str, part: Mapping[str, Any]) -> bytes:
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as err:
            raise self._broken(f"a body holds a character that is none: {err.object[err.start]!r}", part) from err

    def _decoded(
        self, response: Mapping[str, Any], body: bytes, headers: list[tuple[str, str]]
    ) -> tuple[bytes, list[tuple[str, str]]]:
        """Decode the body and drop the headers that no longer hold for it.

        Recorders decode bodies and keep the headers, so the bytes decide. brotli and zstd are left to the
        client where the body is stored as bytes; a body stored as text is decoded already.
        """
        encoding = next((value.lower() for name, value in headers if name == "content-encoding"), "")
        gone = {"content-length", "transfer-encoding", "content-encoding"}
        if encoding in ("gzip", "x-gzip", "deflate"):
            body = self._inflated(body, response)
        elif encoding != "identity" and _is_binary(body):
            gone.remove("content-encoding")
        return body, [(name, value) for name, value in headers if name not in gone]

    def _inflated(self, body: bytes, response: Mapping[str, Any]) -> bytes:
        if not _is_binary(body):
            return body
        for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # gzip or zlib by their headers, then bare deflate
            try:
                return zlib.decompressobj(window).decompress(body)
            except zlib.error:
                continue
        if body.startswith(_GZIP):
            raise self._broken("the body does not decode as its content-encoding says", response)
        return body  # binary by itself, an image say, and decoded already

    def _mapping(self, value: Any, what: str, parent: Any) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        raise self._broken(f"{what} is a mapping, got {type(value).__name__}", parent)

    def _broken(self, message: str, near: Any) -> CassetteFormatError:
        line = near.line if isinstance(near, Node) else getattr(self._item, "line", None)
        return CassetteFormatError(f"interaction {self._number}: {message}", path=self._path, line=line)


_TYPES = frozenset({"json", "text", "binary", "none"})  # of cassetter 0.16, whose binary content is hexadecimal
_GZIP = b"\x1f\x8b"  # RFC 1952, section 2.3.1


@lru_cache(maxsize=256)  # sessions ask few URLs often
def _url_problem(uri: str) -> str:
    try:
        urlsplit(uri).port  # noqa: B018  # raises for what is no port
    except ValueError as err:
        return str(err)
    return ""


def _pair(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise TypeError(type(value).__name__)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _is_binary(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False
