"""Chat completions that were asked for with ``store``: to be looked up, listed, labelled and deleted later.

Source: the API reference of OpenAI (2026-11); the words for one that is not there are those of its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import unquote

from pydantic_core import from_json, to_json

from fakellm._anyjson import object_of, parsed
from fakellm._dialects.chat.quirks import quirks_of
from fakellm._dialects.chat.say import render_whole
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.answers import one_object, refused
from fakellm._dialects.openai.document import body_of
from fakellm._dialects.openai.misfits import explain_body
from fakellm._dialects.openai.pages import page, page_of, query_of
from fakellm._dialects.shapes import OBJECT, Members
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim, Traffic
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.provider import Json

__all__ = ["StoredChat", "claim_stored", "look_up"]

_PATH = re.compile(r"/chat/completions(?:/(?P<id>[^/]+)(?P<messages>/messages)?)?/*$", re.IGNORECASE)
_METHODS = {"GET", "POST", "DELETE"}


def claim_stored(wire: WireRequest) -> Claim | None:
    """Say that a request looks something up; None for any other, and for one that asks the model."""
    found = _PATH.search(unquote(wire.path)) if wire.method in _METHODS else None
    if found is None or (wire.method != "GET" and (not found["id"] or found["messages"])):
        return None
    return Claim("chat", traffic=Traffic.PROVIDER, by_itself=True, stored=found["id"] or "")


def look_up(wire: WireRequest, *, is_documented: bool) -> WireRequest:
    """Return a look-up with all that it asks in its body: ``method``, ``part``, ``metadata`` and the query.

    is_documented: whether metadata must be as OpenAI's document says.

    Raises:
        Rejected: the metadata, the limit or the order are not what they must be.
    """
    found = _PATH.search(unquote(wire.path))
    asked: Json = {"method": wire.method, "part": "messages" if found and found["messages"] else None}
    if wire.method == "POST":
        asked["metadata"] = _metadata(wire.body, _documented() if is_documented else _PORTABLE)
    query = query_of(wire)
    asked |= {"model": query.get("model"), **page_of(query, order="asc")}
    asked["labels"] = {name[9:-1]: value for name, value in query.items() if re.fullmatch(r"metadata\[.+\]", name)}
    return wire._replace(body=to_json(asked))


@cache
def _documented() -> Members:
    return body_of("POST /chat/completions/{completion_id}", {})


_PORTABLE = Members({"metadata": OBJECT})


def _metadata(body: bytes, shape: Members) -> Json:
    given = object_of(parsed(body))
    if "metadata" not in given:
        raise Rejected(rejections.missing("metadata"))
    if error := explain_body(shape, given):
        raise Rejected(error)
    return given["metadata"] or {}


class _Kept(NamedTuple):
    """One stored completion. metadata: its labels, as the request gave them or as they were changed later."""

    answer: Completion
    asked: ChatRequest
    metadata: Json

    def shown(self) -> Json:
        """Return it as it is looked up: the whole answer, and what the request asked."""
        answer: Json = from_json(b"".join(render_whole(self.answer, self.asked).parts))
        body = self.asked.body
        numbers = {name: usual if body.get(name) is None else body[name] for name, usual in _USUAL.items()}
        same = {name: body.get(name) for name in ("tool_choice", "seed", "tools", "response_format")}
        return {
            **answer,
            **numbers,
            **same,
            "request_id": self.answer.request_id,
            "input_user": body.get("user"),
            "metadata": self.metadata,
        }

    def messages(self, name: str) -> Iterator[Json]:
        """Yield the messages of the request."""
        for n, message in enumerate(self.asked.messages):
            content = message.get("content")
            is_text = content is None or isinstance(content, str)
            yield {
                **message,
                "id": f"{name}-{n}",
                "content": content if is_text else None,
                "name": message.get("name"),
                "content_parts": None if is_text else content,
            }


_USUAL = {"temperature": 1.0, "top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}


class StoredChat:
    """The stored completions of one fake, oldest first; safe to use from any thread."""

    def __init__(self, kept: Mapping[str, _Kept] | None = None) -> None:
        self._kept = dict(kept or {})
        self._lock = Lock()

    def copied(self) -> StoredChat:
        """Return what holds the same, and shares nothing with this one."""
        with self._lock:
            return StoredChat(self._kept)

    def keep(self, answer: Completion, asked: ChatRequest) -> None:
        """Store an answer with its request."""
        name = quirks_of(asked.provider).completion_id(answer)
        kept = _Kept(answer, asked.again(), object_of(asked.body.get("metadata")))
        with self._lock:
            self._kept[name] = kept

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        """Answer a look-up. answer: of the look-up itself."""
        stored = asked.claim.stored or ""
        with self._lock:
            body = self._looked_up(stored, asked.body)
        if body is None:
            error = ErrorBody(f"Chat completion with id '{stored}' not found.")
            return refused(answer, asked, 404, error)
        return one_object(body, answer)

    def _looked_up(self, stored: str, query: Json) -> Json | None:
        """Return the answer to a look-up; None where there is no such completion. stored: its id, empty for a list."""
        if not stored:
            return page([one.shown() for one in self._kept.values() if _is_wanted(one, query)], query)
        if (kept := self._kept.get(stored)) is None:
            return None
        match query["method"], query["part"]:
            case "DELETE", _:
                del self._kept[stored]
                return {"object": "chat.completion.deleted", "id": stored, "deleted": True}
            case "POST", _:
                kept = self._kept[stored] = kept._replace(metadata=query["metadata"])
            case _, "messages":
                return page(list(kept.messages(stored)), query)
        return kept.shown()


def _is_wanted(kept: _Kept, query: Mapping[str, Any]) -> bool:
    """Whether a completion is of the model, and has the labels, that a list is asked for."""
    if query["model"] not in (None, kept.answer.model, kept.asked.model):
        return False
    return all(kept.metadata.get(name) == value for name, value in query["labels"].items())
