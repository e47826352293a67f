"""Conversations: named lists of items, to which each response that is asked for there adds its input and output.

Source: the API reference of OpenAI (2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fakellm._anyjson import object_of, objects_of
from fakellm._dialects.openai.pages import page
from fakellm._dialects.responses_items.ids import item_id
from fakellm._dialects.responses_items.items import given_item
from fakellm._wire.answer import Completion
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.provider import Json

__all__ = ["Conversations"]


@dataclass(frozen=True, slots=True)
class _Conversation:
    created: int
    metadata: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[Json, ...] = ()

    def shown(self, name: str) -> Json:
        return {"id": name, "object": "conversation", "created_at": self.created, "metadata": dict(self.metadata)}


class Conversations:
    """The conversations of one fake; its user holds a lock."""

    def __init__(self, known: Mapping[str, _Conversation] | None = None) -> None:
        self._known = dict(known or {})

    def copied(self) -> Conversations:
        """Return what holds the same, and shares nothing with this one."""
        return Conversations(self._known)

    def items(self, named: object) -> tuple[Json, ...]:
        """Return the items of a conversation. named: as a request names it, by its id or in an object."""
        known = self._known.get(_name_of(named) or "")
        return known.items if known else ()

    def check(self, named: object) -> None:
        """Raise Rejected where a request names a conversation that there is not."""
        if (name := _name_of(named)) is not None:
            self._found(name)

    def add(self, named: object, items: Sequence[Json]) -> None:
        """Add items to a conversation, where there is one."""
        if (name := _name_of(named)) in self._known:
            known = self._known[name]
            self._known[name] = replace(known, items=(*known.items, *items))

    def item(self, name: str) -> Json | None:
        """Return an item of any conversation by its id."""
        return next((item for one in self._known.values() for item in one.items if item["id"] == name), None)

    def looked_up(self, answer: Completion, query: Json) -> Json:
        """Answer a look-up. answer: of the look-up itself, from which new ids are made.

        Raises:
            Rejected: there is no such conversation, or no such item in it.
        """
        name, sent = query["id"], object_of(query["sent"])
        if not name:
            name = item_id(answer, "conversation", 0)
            made = _Conversation(answer.created, object_of(sent.get("metadata")), _with_ids(sent, answer))
            self._known[name] = made
            return made.shown(name)
        known = self._found(name)
        if query["part"]:
            return self._of_items(name, known, answer, query)
        match query["method"]:
            case "DELETE":
                del self._known[name]
                return {"id": name, "object": "conversation.deleted", "deleted": True}
            case "POST":
                known = self._known[name] = replace(known, metadata=object_of(sent.get("metadata")))
        return known.shown(name)

    def _of_items(self, name: str, known: _Conversation, answer: Completion, query: Json) -> Json:
        match query["method"], query["item"]:
            case "POST", _:
                added = _with_ids(object_of(query["sent"]), answer)
                self.add(name, added)
                return page(added, {**query, "order": "asc", "limit": len(added)})
            case "GET", "":
                return page(known.items, query)
            case method, wanted:
                found = next((item for item in known.items if item["id"] == wanted), None)
                if found is None:
                    error = ErrorBody(f"Item with id '{wanted}' not found in conversation '{name}'.")
                    raise Rejected(error, status=404)
                if method == "GET":
                    return found
                self._known[name] = replace(known, items=tuple(item for item in known.items if item is not found))
                return known.shown(name)

    def _found(self, name: str) -> _Conversation:
        if (known := self._known.get(name)) is None:
            raise Rejected(ErrorBody(f"Conversation with id '{name}' not found."), status=404)
        return known


def _name_of(named: object) -> str | None:
    name = named.get("id") if isinstance(named, dict) else named
    return name if isinstance(name, str) else None


def _with_ids(sent: Json, answer: Completion) -> tuple[Json, ...]:
    given = objects_of(sent.get("items"))
    return tuple(given_item(item, answer, number) for number, item in enumerate(given, 1))
