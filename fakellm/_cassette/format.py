"""The layouts of cassette files, read into interactions.

Read are vcrpy's YAML and JSON (version 1), its legacy httpx responses (``status_code``, ``content``), bodies
as mappings, structured bodies under ``parsed_body``, and bodies as ``{type, content}``. What is none of
these goes through vcrpy's own deserializer, so that whatever plain vcrpy reads is read here.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fakellm._cassette.tree import Node, UnknownTag, load_json, load_yaml, write_json
from fakellm._errors import CassetteFormatError
from fakellm._wire.events import Data, Head, WireEvent, WireRequest

__all__ = ["Interaction", "RecordedResponse", "read_interactions"]


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """A response as it was recorded. body: decoded from gzip and deflate. reason: the status text."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def events(self) -> Iterator[WireEvent]:
        """Yield the response; an event stream event by event, any other body in one piece."""
        head = Head(self.status, self.headers)
        yield head
        if head.is_stream:
            yield from (Data(event) for event in _split_events(self.body))
        else:
            yield Data(self.body)


def _split_events(body: bytes) -> Iterator[bytes]:
    """Cut a stream behind each blank line; the pieces joined are the stream again, byte for byte."""
    piece = b""
    for line in body.splitlines(keepends=True):
        piece += line
        if not line.strip(b"\r\n"):
            yield piece
            piece = b""
    if piece:
        yield piece


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request with its response. number: place in the file, from 1. line: where it begins, or None."""

    number: int
    line: int | None
    request: WireRequest
    response: RecordedResponse


def read_interactions(text: str, *, path: str) -> list[Interaction]:
    """Read the text of a cassette file, in whichever layout it is. path: for messages.

    Raises:
        CassetteFormatError: the text is no cassette; with the line where that shows.
    """
    document = _load(text, path=path)
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        raise CassetteFormatError("not a cassette: there is no list of interactions", path=path, line=1)
    return [_Layout(path, item).read(number) for number, item in enumerate(document["interactions"], 1)]


def _load(text: str, *, path: str) -> Any:
    # YAML does not read every JSON text (escaped surrogate pairs, tabs), so JSON has its own loader.
    if text.lstrip()[:1] == "{":
        return load_json(text, path=path)
    try:
        return load_yaml(text, path=path)
    except UnknownTag as tag:
        return _load_as_vcrpy(text, path=path, tag=tag)


def _load_as_vcrpy(text: str, *, path: str, tag: UnknownTag) -> Any:
    from vcr.serializers import yamlserializer

    try:
        return yamlserializer.deserialize(text)
    except Exception as err:  # whatever that reader raises, this file cannot be read
        raise CassetteFormatError(f"unknown YAML tag {tag}", path=path) from err


class _Layout:
    """Reads one interaction; knows the file and the line for messages."""

    def __init__(self, path: str, item: Any) -> None:
        self._path = path
        self._item = item

    def read(self, number: int) -> Interaction:
        item = self._mapping(self._item, "an interaction", self._item)
        request = self._mapping(item.get("request"), "request", item)
        response = self._mapping(item.get("response"), "response", item)
        return Interaction(number, getattr(item, "line", None), self._request(request), self._response(response))

    def _request(self, request: Mapping[str, Any]) -> WireRequest:
        method, uri = request.get("method"), request.get("uri", request.get("url"))
        if not isinstance(method, str) or not isinstance(uri, str):
            raise self._broken("a request needs a method and a uri", request)
        headers = {name: ", ".join(values) for name, values in self._headers(request)}
        return WireRequest(method.upper(), uri, headers, self._body(request))

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
            yield str(name).lower(), [_text(value) for value in (values if isinstance(values, list) else [values])]

    def _body(self, part: Mapping[str, Any]) -> bytes:
        if "parsed_body" in part:
            return write_json(part["parsed_body"]).encode()
        if "content" in part:  # the legacy httpx layout
            return self._bytes(part["content"], part)
        body = part.get("body")
        if not isinstance(body, dict):
            return self._bytes(body, part)
        if "base64_string" in body:
            return base64.b64decode(str(body["base64_string"]))
        if "string" in body:
            return self._bytes(body["string"], part)
        if body.keys() == {"type", "content"}:
            return self._typed(body, part)
        return write_json(body).encode()

    def _typed(self, body: Mapping[str, Any], part: Mapping[str, Any]) -> bytes:
        if body["type"] == "json":
            return write_json(body["content"]).encode()
        content = self._bytes(body["content"], part)
        return base64.b64decode(content) if body["type"] in ("base64", "binary") else content

    def _bytes(self, value: Any, part: Mapping[str, Any]) -> bytes:
        match value:
            case None:
                return b""
            case bytes():
                return value
            case str():
                return value.encode("utf-8", "surrogateescape")
            case dict() | list():
                return write_json(value).encode()
        raise self._broken(f"a body is text, bytes or JSON, got {type(value).__name__}", part)

    def _decoded(
        self, response: Mapping[str, Any], body: bytes, headers: list[tuple[str, str]]
    ) -> tuple[bytes, list[tuple[str, str]]]:
        """Decode the body and drop the headers that no longer hold for it.

        Recorders decode bodies and keep the headers, so the bytes decide. brotli and zstd are left to the
        client where the body is stored as bytes; a body stored as text is decoded already.
        """
        encoding = next((value.lower() for name, value in headers if name == "content-encoding"), "")
        gone = {"content-length", "transfer-encoding", "content-encoding"}
        if encoding in ("br", "zstd") and _is_binary(body):
            gone.remove("content-encoding")
        elif encoding in ("gzip", "x-gzip", "deflate") and _is_binary(body):
            body = self._inflate(body, response)
        return body, [(name, value) for name, value in headers if name not in gone]

    def _inflate(self, body: bytes, response: Mapping[str, Any]) -> bytes:
        for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # gzip or zlib by their headers, then bare deflate
            try:
                return zlib.decompressobj(window).decompress(body)
            except zlib.error:
                continue
        raise self._broken("the body does not decode as its content-encoding says", response)

    def _mapping(self, value: Any, what: str, parent: Any) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        raise self._broken(f"{what} is a mapping, got {type(value).__name__}", parent)

    def _broken(self, message: str, near: Any) -> CassetteFormatError:
        line = near.line if isinstance(near, Node) else getattr(self._item, "line", None)
        return CassetteFormatError(message, path=self._path, line=line)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _is_binary(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False
