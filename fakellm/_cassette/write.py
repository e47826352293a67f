"""Interactions to the text of a cassette file: vcrpy's layout, version 1, made to be read in a review.

The schema is fixed, so the text is written directly: libyaml's emitter would fold bodies with emoji, tabs or
trailing blanks into one quoted line, although every loader takes them in literal blocks. Nothing is changed
on the way; ``readable`` makes bodies worth reading before they get here.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Any

from fakellm._cassette.interaction import NO_TRACE, Interaction, Trace
from fakellm._cassette.tree import load_json, write_json
from fakellm._errors import CassetteFormatError

__all__ = ["readable", "write_interactions"]

_WIDTH = 100


def write_interactions(interactions: Iterable[Interaction]) -> str:
    """Return the text of a file; equal interactions give equal texts."""
    items = [line for interaction in interactions for line in _interaction(interaction)]
    return "\n".join([*(["interactions:", *items] if items else ["interactions: []"]), "version: 1", ""])


def readable(body: bytes) -> bytes:
    """Return a JSON body with one member a line, in their order, numbers as written; any other body as it is."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    if text.lstrip()[:1] not in ("{", "["):
        return body
    try:
        laid_out = _laid_out(load_json(text, path="", unique=True))
    except (CassetteFormatError, RecursionError):
        return body
    return _SPECIAL.sub(_escape, laid_out).encode("utf-8", "backslashreplace")


def _laid_out(value: Any, indent: str = "") -> str:
    inner = indent + "  "
    match value:
        case dict() if value:
            members = (f"{inner}{write_json(name)}: {_laid_out(held, inner)}" for name, held in value.items())
            return "{\n" + ",\n".join(members) + f"\n{indent}}}"
        case list() if value:
            return "[\n" + ",\n".join(inner + _laid_out(item, inner) for item in value) + f"\n{indent}]"
    return write_json(value)


def _interaction(interaction: Interaction) -> Iterator[str]:
    request, response = interaction.request, interaction.response
    yield "- request:"
    yield f"    method: {_scalar(request.method)}"
    yield f"    uri: {_scalar(request.url)}"
    yield from _headers(_one_each(request.headers))
    yield from _body("    body: ", request.body)
    yield "  response:"
    yield f"    status: {{code: {response.status}, message: {_scalar(response.reason)}}}"
    yield from _headers(_grouped(response.headers))
    yield "    body:"
    yield from _body("      string: ", response.body)
    if interaction.trace != NO_TRACE:
        yield from _trace(interaction.trace)


def _one_each(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def _grouped(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    return grouped


def _headers(headers: Mapping[str, list[str]]) -> Iterator[str]:
    lines = [f"{_scalar(name)}: [{', '.join(map(_scalar, values))}]" for name, values in headers.items()]
    if len(lines) < 2:
        yield f"    headers: {{{''.join(lines)}}}"
        return
    yield "    headers:"
    yield from (f"      {line}" for line in lines)


def _trace(trace: Trace) -> Iterator[str]:
    # Where a ~ stands, lines are not broken; no part of this text has one of its own.
    chunks = ", ".join(f"[{seconds:.3f},~{size}]" for seconds, size in trace.chunks)
    recorded = json.dumps(trace.recorded).replace(" ", "~")
    text = f"x-fakellm:~{{recorded:~{recorded}, chunks:~[{chunks}], cut:~{json.dumps(trace.cut)}}}"
    lines = wrap(
        text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    yield from (line.replace("~", " ") for line in lines)


def _body(start: str, body: bytes) -> Iterator[str]:
    if not body:
        yield f"{start}''"
        return
    indent = " " * (len(start) - len(start.lstrip()) + 2)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        yield f"{start}!!binary |"
        data = b64encode(body).decode()
        yield from (indent + data[place : place + _WIDTH] for place in range(0, len(data), _WIDTH))
        return
    yield from _quoted(start, text, indent) if _needs_quotes(text) else _literal(start, text, indent)


# What YAML's loaders refuse, or take for the end of a line, where it stands as it is.
_SPECIAL = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# A line of blanks at either end could be taken for indentation.
_BLANK_EDGE = re.compile(r"\A[ \t]*(?:\n[ \t]*)*\Z|\A[ \t]+\n|\n[ \t]+\Z")


def _needs_quotes(text: str) -> bool:
    return _SPECIAL.search(text) is not None or _BLANK_EDGE.search(text) is not None


def _literal(start: str, text: str, indent: str) -> Iterator[str]:
    """Write a text as a block, line for line; the marks behind ``|`` say how it begins and ends."""
    stripped = text.rstrip("\n")
    begins = "2" if text[0] in " \n\t" else ""
    ends = {0: "-", 1: ""}.get(len(text) - len(stripped), "+")
    yield f"{start}|{begins}{ends}"
    yield from (indent + line if line else "" for line in text.removesuffix("\n").split("\n"))


def _quoted(start: str, text: str, indent: str) -> Iterator[str]:
    """Write a text between quotes; a backslash at the end of a line joins it with the next."""
    first, *lines = text.splitlines(keepends=True) if _SPLITS_WELL.fullmatch(text) else [text]
    pieces = [_escaped(first), *(_escaped(line, after_break=True) for line in lines)]
    yield start + '"' + pieces[0] + ("\\" if lines else '"')
    for piece in pieces[1:-1]:
        yield f"{indent}{piece}\\"
    if lines:
        yield f'{indent}{pieces[-1]}"'


_SPLITS_WELL = re.compile("[^\v\f\x1c-\x1e\x85\u2028\u2029]*")


def _escaped(text: str, *, after_break: bool = False) -> str:
    escaped = _SPECIAL.sub(_escape, json.dumps(text, ensure_ascii=False)[1:-1])
    # Blanks at the beginning of a line are not part of the text.
    return "\\" + escaped if after_break and escaped.startswith(" ") else escaped


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


_PLAIN = re.compile(r"[A-Za-z](?:[\w.;=+*/()-]| (?=[\w(])){,200}", re.ASCII)
_PLAIN_URI = re.compile(r"https?://[\w.~:/?&=%@!$'()*+;-]*[\w/=]", re.ASCII)
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def _scalar(text: str) -> str:
    if text.lower() not in _NO_TEXT and (_PLAIN.fullmatch(text) or _PLAIN_URI.fullmatch(text)):
        return text
    return f'"{_escaped(text)}"'
