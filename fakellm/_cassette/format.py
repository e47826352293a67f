"""The layouts of cassette files, read into interactions.

Read are vcrpy's YAML and JSON (version 1), its legacy httpx responses (``status_code``, ``content``), bodies
as mappings, structured bodies under ``parsed_body``, and bodies as ``{type, content}``. What is none of
these goes through vcrpy's own deserializer, so that whatever plain vcrpy reads is read here.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from math import inf
from typing import Any
from urllib.parse import urlsplit

from fakellm._cassette.interaction import NO_TRACE, Interaction, RecordedResponse, Trace
from fakellm._cassette.tree import GivenTwice, UnknownTag, decode_base64, load_json, load_yaml, write_json
from fakellm._errors import CassetteFormatError
from fakellm._wire.events import WireRequest, shown_url
from fakellm._yaml.aliases import MOST, expanded_size
from fakellm._yaml.places import find_conflict, json_tokens, line_of, yaml_tokens

__all__ = ["read_interactions"]


def read_interactions(text: str, *, path: str) -> list[Interaction]:
    """Read the text of a cassette file, in whichever layout it is. path: for messages.

    Raises:
        CassetteFormatError: the text is no cassette; with the line where that shows.
    """
    return _File(text, path).read()


class _File:
    """The text of a file, which knows its path and its lines for messages."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._tokens = yaml_tokens

    def read(self) -> list[Interaction]:
        if conflict := find_conflict(self._text):
            raise CassetteFormatError(conflict[0], path=self._path, line=conflict[1])
        document = self._load()
        if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
            problem = f"not a cassette: there is no list of interactions{_instead(document)}"
            raise CassetteFormatError(problem, path=self._path, line=1)
        version = document.get("version", 1)
        if not isinstance(version, str | int) or str(version) != "1":
            shown = version if isinstance(version, str | int) else type(version).__name__
            raise self.error(f"version is 1 in what is read here, got {shown}", "version")
        return [_Layout(self, number, item).read() for number, item in enumerate(document["interactions"], 1)]

    def error(self, message: str, *place: str | int) -> CassetteFormatError:
        """Return an error about the value at a place: keys and indexes."""
        return CassetteFormatError(message, path=self._path, line=line_of(self._tokens(self._text), *place))

    def _load(self) -> Any:
        # YAML does not read every JSON text (escaped surrogate pairs, tabs), so JSON has its own loader.
        if self._text.lstrip()[:1] == "{":
            return self._load_braces()
        try:
            return self._load_yaml()
        except UnknownTag as tag:
            return self._load_as_vcrpy(tag)

    def _load_yaml(self) -> Any:
        return load_yaml(self._text, path=self._path, if_large=self._check_interactions)

    def _load_braces(self) -> Any:
        try:
            document = load_json(self._text, path=self._path, unique=True)
        except GivenTwice:
            raise
        except CassetteFormatError as no_json:
            try:
                return self._load_yaml()  # YAML in its flow style begins with a brace, too
            except GivenTwice:
                raise
            except (CassetteFormatError, UnknownTag):
                raise no_json from None
        self._tokens = json_tokens
        return document

    def _load_as_vcrpy(self, tag: UnknownTag) -> Any:
        from vcr.serializers import yamlserializer

        # That reader keeps the last of two keys, and merging multiplies as aliases do.
        load_yaml(self._text, path=self._path, any_tag=True, if_large=lambda document: self._check_size([document]))
        try:
            return yamlserializer.deserialize(self._text)
        except Exception as err:  # whatever that reader raises, this file cannot be read
            raise CassetteFormatError(f"unknown YAML tag {tag}", path=self._path, line=tag.line) from err

    def _check_interactions(self, document: Any) -> None:
        """Refuse interactions that aliases make too large, or endless; what stands beside them is never looked at."""
        if isinstance(document, dict) and isinstance(items := document.get("interactions"), list):
            self._check_size(items, "interactions")

    def _check_size(self, items: list[Any], *place: str) -> None:
        sizes: dict[int, int] = {}
        most = MOST + 30 * len(self._text)  # 30: more than a file without aliases can come to
        total = 0
        for index, item in enumerate(items):
            try:
                total += expanded_size(item, sizes)
            except ValueError as err:
                raise self.error(f"{err}; write out what is meant", *place, index) from None
            except RecursionError:
                raise self.error("nested too deeply", *place, index) from None
            if total > most:
                raise self.error(
                    f"the aliases up to here stand for {total:,} characters, more than any recording holds; "
                    "write out what is meant",
                    *place,
                    index,
                )


class _Layout:
    """Reads one interaction; knows the file and its number there for messages."""

    def __init__(self, file: _File, number: int, item: Any) -> None:
        self._file = file
        self._number = number
        self._item = item

    def read(self) -> Interaction:
        item = self._mapping(self._item, "an interaction")
        request = self._mapping(item.get("request"), "request", "request")
        response = self._mapping(item.get("response"), "response", "response")
        line = getattr(item, "line", None)
        trace = self._trace(item["x-fakellm"]) if "x-fakellm" in item else NO_TRACE
        return Interaction(
            self._number, line, self._request(request), self._response(response, is_own="x-fakellm" in item), trace
        )

    def _trace(self, given: Any) -> Trace:
        known = self._mapping(given, "x-fakellm", "x-fakellm")
        try:
            # Sizes that do not add up to the body are those of a body that was changed by hand.
            chunks = tuple(map(_chunk, known.get("chunks") or []))
        except (TypeError, ValueError, OverflowError):
            raise self._broken(
                "the chunks of x-fakellm are pairs [seconds, bytes], neither below 0", "x-fakellm", "chunks"
            ) from None
        if (cut := known.get("cut", False)) not in (True, False, None):
            raise self._broken(f"cut of x-fakellm is true or false, got {cut!r}", "x-fakellm", "cut")
        return Trace(str(known.get("recorded") or ""), chunks, cut is True)

    def _request(self, request: Mapping[str, Any]) -> WireRequest:
        method, uri = request.get("method"), request.get("uri", request.get("url"))
        if not isinstance(method, str) or not isinstance(uri, str):
            raise self._broken("a request needs a method and a uri", "request")
        if not (method.isascii() and method.isalpha()) and not _TOKEN.fullmatch(method):
            raise self._broken(f"a method is a word such as POST, got {method!r}", "request", "method")
        if problem := _url_problem(uri):
            raise self._broken(f"{shown_url(uri)!r} is no URL: {problem}", "request", "uri")
        headers = {
            name: values[0] if len(values) == 1 else ", ".join(values)
            for name, values in self._headers(request, "request")
        }
        return WireRequest(method.upper(), uri, headers, self._body(request, "request"))

    def _response(self, response: Mapping[str, Any], *, is_own: bool) -> RecordedResponse:
        status, reason = self._status(response)
        headers = [(name, value) for name, values in self._headers(response, "response") for value in values]
        body, headers = self._decoded(self._body(response, "response"), headers, is_own=is_own)
        return RecordedResponse(status, reason, tuple(headers), body)

    def _status(self, response: Mapping[str, Any]) -> tuple[int, str]:
        status = response.get("status", response.get("status_code"))
        place = ("response", "status" if "status" in response else "status_code")
        code, reason = (status.get("code"), status.get("message")) if isinstance(status, dict) else (status, "")
        if (text := str(code)) not in _STATUSES:
            raise self._broken(f"a response needs a status code from 200 to 599, got {code!r}", *place, "code")
        return int(text), str(reason or "")

    def _headers(self, part: Mapping[str, Any], side: str) -> list[tuple[str, list[str]]]:
        """Return (name in lower case, values) of each; a value may stand alone or in a list."""
        headers: list[tuple[str, list[str]]] = []
        said: list[str] = []
        for name, values in self._mapping(part.get("headers") or {}, "headers", side, "headers").items():
            several = values if isinstance(values, list | tuple) else [values]
            texts = [value if type(value) is str else _text(value) for value in several if value is not None]
            key = name if type(name) is str else str(name)
            said.append(key)
            said += texts
            headers.append((key.lower(), texts))
        if not "".join(said).isprintable():  # nearly all are, and asking that is quick
            self._check_headers(headers, part["headers"], side)
        return headers

    def _check_headers(self, headers: list[tuple[str, list[str]]], keys: Iterable[Any], side: str) -> None:
        # RFC 9110, section 5.5: these characters are invalid and dangerous.
        for (name, texts), key in zip(headers, keys, strict=True):
            if found := _DANGEROUS.search("".join((name, *texts))):
                raise self._broken(f"the header {name!r} holds {found[0]!r}", side, "headers", str(key))

    def _body(self, part: Mapping[str, Any], side: str) -> bytes:
        if "parsed_body" in part:
            return self._json(part["parsed_body"], side, "parsed_body")
        if "content" in part:  # the legacy httpx layout
            return self._bytes(part["content"], side, "content")
        body = part.get("body")
        if not isinstance(body, dict):
            return self._bytes(body, side, "body")
        if "base64_string" in body:
            return self._unpacked(decode_base64, body["base64_string"], side, "body", "base64_string")
        if "string" in body:
            return self._bytes(body["string"], side, "body", "string")
        if body.keys() <= {"type", "content"} and body.get("type") in _TYPES:
            return self._typed(body["type"], body.get("content"), side, "body", "content")
        return self._json(body, side, "body")

    def _typed(self, kind: str, content: Any, *place: str) -> bytes:
        if kind == "json":
            return self._json(content, *place)
        return self._unpacked(bytes.fromhex, content, *place) if kind == "binary" else self._bytes(content, *place)

    def _unpacked(self, unpack: Callable[[str], bytes], text: Any, *place: str) -> bytes:
        try:
            return unpack(str(text))
        except ValueError as err:
            raise self._broken(f"a binary body does not decode: {err}", *place) from err

    def _json(self, value: Any, *place: str) -> bytes:
        try:
            # JSON can write half of a surrogate pair, UTF-8 cannot; its escape is the same in JSON.
            return write_json(value).encode("utf-8", "backslashreplace")
        except TypeError as err:
            raise self._broken(f"a body that is no JSON: {err}", *place) from err
        except RecursionError:
            raise self._broken("a body that is nested too deeply", *place) from None

    def _bytes(self, value: Any, *place: str) -> bytes:
        match value:
            case None:
                return b""
            case bytes():
                return value
            case str():
                return self._encoded(value, *place)
            case io.BytesIO():  # what vcrpy gives for the body of a file
                return value.getvalue()
            case Iterator():  # and for a body that came in pieces
                return b"".join(self._bytes(piece, *place) for piece in value)
            case dict() | list():
                return self._json(value, *place)
        raise self._broken(f"a body is text, bytes or JSON, got {type(value).__name__}", *place)

    def _encoded(self, text: str, *place: str) -> bytes:
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as err:
            raise self._broken(f"a body holds a character that is none: {err.object[err.start]!r}", *place) from err

    def _decoded(
        self, body: bytes, headers: list[tuple[str, str]], *, is_own: bool
    ) -> tuple[bytes, list[tuple[str, str]]]:
        """Decode the body and drop the headers that no longer hold for it.

        Recorders decode bodies and keep the headers, so the bytes decide. brotli and zstd are left to the client where
        the body is stored as bytes; a body stored as text is decoded already. is_own: fakellm has recorded it, which
        keeps the bytes of a body that its client could not decode either.
        """
        encoding = next((value.lower() for name, value in headers if name == "content-encoding"), "")
        gone = {"content-length", "transfer-encoding", "content-encoding"}
        if encoding != "identity" and _is_binary(body):
            if encoding not in _DEFLATED:
                gone.remove("content-encoding")
            elif (inflated := _inflated(body)) is not None:
                body, is_whole = inflated
                if not is_whole and not is_own:
                    raise self._broken(f"the {encoding} of the body ends before its end", "response", "body")
            elif is_own:
                gone.remove("content-encoding")
            elif body.startswith(_GZIP) or _is_text(headers):
                raise self._broken("the body does not decode as its content-encoding says", "response", "body")
        return body, [(name, value) for name, value in headers if name not in gone]

    def _mapping(self, value: Any, what: str, *place: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        raise self._broken(f"{what} is a mapping, got {type(value).__name__}", *place)

    def _broken(self, message: str, *place: str) -> CassetteFormatError:
        """Return an error about a part of the interaction, at its line or that of what should hold it."""
        return self._file.error(f"interaction {self._number}: {message}", "interactions", self._number - 1, *place)


_TYPES = frozenset({"json", "text", "binary", "none"})  # of cassetter 0.16, whose binary content is hexadecimal
_DEFLATED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP = b"\x1f\x8b"  # RFC 1952, section 2.3.1
# RFC 9110, sections 15 and 15.2: codes end with 599, and those below 200 come before the answer to a request.
_STATUSES = frozenset(map(str, range(200, 600)))
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_DANGEROUS = re.compile(r"[\r\n\0]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TEXT_TYPE = re.compile(r"text/event-stream|application/(?:[\w.+-]+\+)?json", re.IGNORECASE)  # both are UTF-8


def _instead(document: object) -> str:
    """Return what else a file is, and how that is checked; empty where it is no script either."""
    is_script = isinstance(document, dict) and ("rules" in document or "otherwise" in document)
    return "; it is a script: type fake_llm.load(FILE), or fakellm script check FILE" if is_script else ""


@lru_cache(maxsize=256)  # sessions ask few URLs often
def _url_problem(uri: str) -> str:
    if found := _CONTROL.search(uri):  # urlsplit passes over some of them
        return f"it holds {found[0]!r}"
    try:
        urlsplit(uri).port  # noqa: B018  # raises for what is no port
    except ValueError as err:
        return str(err)
    return ""


def _chunk(given: Any) -> tuple[float, int]:
    if not isinstance(given, list):
        raise TypeError(type(given).__name__)
    seconds, size = given
    chunk = float(seconds), int(size)
    if not (0 <= chunk[0] < inf and chunk[1] >= 0):
        raise ValueError(given)
    return chunk


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _is_binary(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _is_text(headers: list[tuple[str, str]]) -> bool:
    """Whether what the headers belong to is text, so that bytes which are none are something else's."""
    return any(name == "content-type" and _TEXT_TYPE.match(value) for name, value in headers)


def _inflated(body: bytes) -> tuple[bytes, bool] | None:
    """Return what a compressed body holds, and whether it comes to its end; None where it is not compressed."""
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # gzip or zlib by their headers, then bare deflate
        stream = zlib.decompressobj(window)
        try:
            data = stream.decompress(body)
        except zlib.error:
            continue
        if stream.eof or window > 0:  # anything may begin like bare deflate
            return data, stream.eof
    return None
