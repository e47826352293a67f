"""The responses that a fake has given: looked up, resumed, cancelled, deleted, and what a later request builds on.

An answer is kept as it was said, and rendered again when it is looked up: so a resumed stream has the same bytes.
Source: the API reference of OpenAI (2026-11); a background response and its resumed stream as recorded, February 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from fakellm._dialects.openai.pages import page
from fakellm._dialects.responses.items import family_of, given_item, output_items, response_id
from fakellm._dialects.responses.quirks import quirks_of
from fakellm._dialects.responses.read import is_reference, items_of
from fakellm._dialects.responses.say import begun, render, whole
from fakellm._dialects.responses.stored.conversations import Conversations
from fakellm._dialects.responses.stream import render_stream
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import Whole, WireEvent, in_one_piece
from fakellm._wire.provider import Json

__all__ = ["Kept", "StoredResponses", "no_item"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One response.

    history: the items before its own input. is_stored: False for one that nobody may look up. polls: how often it was
    looked up while it runs in the background; None once it has ended.
    """

    answer: Completion
    asked: ChatRequest
    history: tuple[Json, ...]
    referred: Mapping[str, Json]
    is_stored: bool
    polls: int | None = None
    is_cancelled: bool = False

    @property
    def given(self) -> tuple[Json, ...]:
        """The items of its input, each with an id."""
        given = enumerate(items_of(self.asked.body, self.referred), _FIRST_GIVEN)
        return tuple(given_item(item, self.answer, number) for number, item in given)

    @property
    def output(self) -> tuple[Json, ...]:
        """The items of its output."""
        return tuple(item.body for item in output_items(self.answer, self.asked))

    @property
    def items(self) -> tuple[Json, ...]:
        """The whole conversation to its end."""
        return (*self.history, *self.given, *self.output)

    def shown(self) -> Json:
        """Return the response as it is now."""
        if self.polls is None:
            return whole(self.answer, self.asked)
        running = "in_progress" if self.polls else "queued"
        status = "cancelled" if self.is_cancelled else running
        response = {**begun(self.answer, self.asked), "status": status}
        return quirks_of(self.asked.provider).response(response, is_final=self.is_cancelled)


_FIRST_GIVEN = 1_000  # the numbers below are those of the output


class StoredResponses:
    """The responses and conversations of one fake; safe to use from any thread."""

    def __init__(self, kept: Mapping[str, Kept] | None = None, conversations: Conversations | None = None) -> None:
        self._lock = Lock()
        self._kept = dict(kept or {})
        # What all ids of a response have in common -> that response.
        self._families = {family_of(one.answer): one for one in self._kept.values()}
        self._conversations = conversations or Conversations()

    def copied(self) -> StoredResponses:
        """Return what holds the same, and shares nothing with this one."""
        with self._lock:
            return StoredResponses(self._kept, self._conversations.copied())

    def keep(self, answer: Completion, asked: ChatRequest) -> Kept:
        """Keep an answer with its request."""
        is_background, quirks = asked.body.get("background") is True, quirks_of(asked.provider)
        is_stored = is_background or asked.body.get("store", quirks.stores) is not False
        polls = 0 if is_background and not asked.stream else None
        with self._lock:
            history, referred = self._history(asked.body), self._referred(asked.body)
            kept = Kept(answer, asked.undecoded(), history, referred, is_stored, polls)
            self._kept[response_id(answer, quirks)] = self._families[family_of(answer)] = kept
            if conversation := asked.body.get("conversation"):
                self._conversations.add(conversation, (*kept.given, *kept.output))
        return kept

    def before(self, body: Json, *, is_needed: bool) -> tuple[tuple[Json, ...], Mapping[str, Json]]:
        """Return the items that a request builds on, of a response or of its conversation, and those it refers to.

        Raises:
            Rejected: there is no such response, conversation or item, and they are needed.
        """
        with self._lock:
            return self._history(body, is_needed=is_needed), self._referred(body, is_needed=is_needed)

    def conversation_of(self, body: Json) -> tuple[Json, ...]:
        """Return all items that a request is about: those it builds on, and its own."""
        before, referred = self.before(body, is_needed=False)
        return (*before, *items_of(body, referred))

    def _history(self, body: Json, *, is_needed: bool = False) -> tuple[Json, ...]:
        if isinstance(name := body.get("previous_response_id"), str):
            kept = self._stored(name)
            if kept is None and is_needed:
                raise Rejected(_no_previous(name))
            return kept.items if kept else ()
        return self._conversations.items(body.get("conversation"), is_needed=is_needed)

    def _stored(self, name: str) -> Kept | None:
        kept = self._kept.get(name)
        return kept if kept and kept.is_stored else None

    def _referred(self, body: Json, *, is_needed: bool = False) -> Mapping[str, Json]:
        referred: dict[str, Json] = {}
        for name in [str(item.get("id")) for item in items_of(body) if is_reference(item)]:
            if (item := self._item(name)) is not None:
                referred[name] = item
            elif is_needed:
                raise Rejected(no_item(name), status=404)
        return referred

    def _item(self, name: str) -> Json | None:
        """Return a stored item by its id."""
        family = self._families.get(_family_in(name))
        stored = [one for one in ([family] if family else self._kept.values()) if one.is_stored]
        found = (item for one in stored for item in (*one.given, *one.output) if item["id"] == name)
        return next(found, None) or self._conversations.item(name)

    def issued_with(self, name: str) -> tuple[Json, ...]:
        """Return the output that an item was issued in; nothing for the id of somebody else's."""
        with self._lock:
            family = self._families.get(_family_in(name))
        return family.output if family else ()

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        """Answer a look-up. answer: of the look-up itself."""
        try:
            with self._lock:
                found = self._looked_up(answer, asked.body)
        except Rejected as rejected:
            refused = asked.speaker.refuse(rejected.status, rejected.error, request_id=answer.request_id)
            return in_one_piece(refused)
        if isinstance(found, Whole):
            return found
        return render(found, answer)

    def _looked_up(self, answer: Completion, query: Json) -> Json | Whole:
        if query["of"] == "conversations":
            return self._conversations.looked_up(answer, query)
        name = query["id"]
        if (kept := self._stored(name)) is None:
            raise Rejected(ErrorBody(f"Response with id '{name}' not found."), status=404)
        match query["method"], query["part"]:
            case "DELETE", _:
                del self._kept[name]
                return {"id": name, "object": "response", "deleted": True}
            case "POST", _:
                return self._cancelled(name, kept).shown()
            case _, "input_items":
                return page(list(kept.given), query)
        if query["stream"]:
            return _resumed(kept, query["starting_after"])
        return self._polled(name, kept).shown()

    def _changed(self, name: str, kept: Kept, **changes: Any) -> Kept:
        self._kept[name] = changed = replace(kept, **changes)
        return changed

    def _polled(self, name: str, kept: Kept) -> Kept:
        """Look at a response, which moves one in the background on: it runs at the first look, and has ended then."""
        if kept.polls is None or kept.is_cancelled:
            return kept
        return self._changed(name, kept, polls=None if kept.polls else 1)

    def _cancelled(self, name: str, kept: Kept) -> Kept:
        if kept.asked.body.get("background") is not True:
            raise Rejected(ErrorBody("Cannot cancel a synchronous response."))
        return kept if kept.polls is None else self._changed(name, kept, is_cancelled=True)


def _resumed(kept: Kept, after: str | None) -> Whole:
    """Return the stream of a response again, behind the event of a number."""
    whole = render_stream(kept.answer, kept.asked)
    start = int(after) + 1 if after and after.isdecimal() and len(after) < 10 else 0
    return Whole(whole.head, whole.parts[start:], whole.chunks[start:])


def _family_in(name: str) -> str:
    """Return what the ids of one response have in common."""
    return name.partition("_")[2][:16]


def no_item(name: str) -> ErrorBody:
    """An item that was never stored, or is not there any more (as users report it, 2026)."""
    return ErrorBody(
        f"Item with id '{name}' not found. Items are not persisted when `store` is set to false. Try again with "
        "`store` set to true, or remove this item from your input.",
        param="input",
    )


def _no_previous(name: str) -> ErrorBody:
    return ErrorBody(
        f"Previous response with id '{name}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )
