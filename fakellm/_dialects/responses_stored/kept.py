"""The responses that a fake has given: looked up, resumed, cancelled, deleted, and what a later request builds on.

An answer is kept as it was said, and rendered again when it is looked up: so a resumed stream has the same bytes.
Source: the API reference of OpenAI (2026-11); a background response and its resumed stream as recorded, February 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from threading import RLock
from typing import Any

from fakellm._dialects.openai.answers import one_object, refused
from fakellm._dialects.openai.pages import page
from fakellm._dialects.responses.quirks import quirks_of
from fakellm._dialects.responses.read import is_reference, items_of
from fakellm._dialects.responses.say import begun, whole
from fakellm._dialects.responses.stream import render_stream
from fakellm._dialects.responses_checks.history import Issued, check_history, no_item
from fakellm._dialects.responses_items.ids import family_of, response_id
from fakellm._dialects.responses_items.items import given_item, output_items
from fakellm._dialects.responses_stored.conversations import Conversations
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import Whole, WireEvent
from fakellm._wire.provider import Json, Provider
from fakellm.tokens._models import facts_of

__all__ = ["Kept", "StoredResponses"]


@dataclass(frozen=True)
class Kept:
    """One response.

    name: its id. history: the items before its own input. is_stored: False for one that nobody may look up. began: when
    it was asked for, in seconds. polls: how often it was looked up while it runs in the background; None once it has
    ended.
    """

    name: str
    answer: Completion
    asked: ChatRequest
    history: tuple[Json, ...]
    referred: Mapping[str, Json]
    is_stored: bool
    began: float
    polls: int | None = None
    is_cancelled: bool = False

    @cached_property
    def given(self) -> tuple[Json, ...]:
        """The items of its input, each with an id."""
        given = enumerate(items_of(self.asked.body, self.referred), _FIRST_GIVEN)
        return tuple(given_item(item, self.answer, number) for number, item in given)

    @cached_property
    def output(self) -> tuple[Json, ...]:
        """The items of its output."""
        return tuple(item.body for item in output_items(self.answer, self.asked))

    @property
    def items(self) -> tuple[Json, ...]:
        """The whole conversation to its end."""
        return (*self.history, *self.given, *self.output)

    @property
    def issued(self) -> Iterator[tuple[str, Issued]]:
        """Its output, each item by its id; models that do not reason bind nothing to what a test has them think."""
        around: list[Json | None] = [None, *self.output, None]
        if facts_of(self.asked.model).is_plain:
            around = [None] * len(around)
        for place, item in enumerate(self.output):
            yield item["id"], Issued(item, around[place], around[place + 2], self.is_stored)

    def has_run(self, now: float) -> bool:
        """Whether the time is over that its pace gives it; without a pace only looking at it moves it on."""
        seconds = self.answer.seconds
        return seconds is not None and not self.is_cancelled and now - self.began >= seconds

    def shown(self) -> Json:
        """Return the response as it is now."""
        if self.polls is None:
            return whole(self.answer, self.asked)
        running = "in_progress" if self.polls else "queued"
        status = "cancelled" if self.is_cancelled else running
        response = {**begun(self.answer, self.asked), "status": status}
        return quirks_of(self.asked.provider).response(response, is_final=self.is_cancelled)


_FIRST_GIVEN = 1_000  # the numbers below are those of the output


def _references(body: Json) -> list[str]:
    """Return the ids of the items that a request refers to."""
    return [str(item.get("id")) for item in items_of(body) if is_reference(item)]


class StoredResponses:
    """The responses and conversations of one fake; safe to use from any thread."""

    def __init__(self, kept: Iterable[Kept] = (), conversations: Conversations | None = None) -> None:
        self._lock = RLock()
        # What all ids of a response have in common -> that response, which may be stored or not.
        self._families = {family_of(one.answer): one for one in kept}
        self._names = {one.name: family for family, one in self._families.items()}
        self._conversations = conversations or Conversations()

    def copied(self) -> StoredResponses:
        """Return what holds the same, and shares nothing with this one."""
        with self._lock:
            return StoredResponses(self._families.values(), self._conversations.copied())

    def keep(self, answer: Completion, asked: ChatRequest) -> Kept:
        """Keep an answer with its request."""
        is_background, quirks = asked.body.get("background") is True, quirks_of(asked.provider)
        is_stored = is_background or asked.body.get("store", quirks.stores) is not False
        polls = 0 if is_background and not asked.stream else None
        with self._lock:
            history, referred = self._history(asked.body), self._referred(asked.body)
            name, began = response_id(answer, quirks), asked.now
            kept = Kept(name, answer, asked.again(), history, referred, is_stored, began, polls)
            self._names[kept.name] = family = family_of(answer)
            self._families[family] = kept
            if conversation := asked.body.get("conversation"):
                self._conversations.add(conversation, (*kept.given, *kept.output))
        return kept

    def before(self, body: Json) -> tuple[tuple[Json, ...], Mapping[str, Json]]:
        """Return the items that a request builds on, of a response or a conversation, and those it refers to."""
        with self._lock:
            return self._history(body), self._referred(body)

    def check(self, body: Json, provider: Provider) -> None:
        """Raise Rejected for a request that builds on what is not there, or whose items do not follow each other."""
        with self._lock:
            self.check_names(body, provider)
            items = (*self._history(body), *items_of(body, self._referred(body)))
            issued = dict(chain.from_iterable(one.issued for one in self._issuers(items)))
            check_history(items, provider, issued=issued, is_given=self._is_given)

    def conversation_of(self, body: Json) -> tuple[Json, ...]:
        """Return all items that a request is about: those it builds on, and its own."""
        before, referred = self.before(body)
        return (*before, *items_of(body, referred))

    def check_names(self, body: Json, _: Provider) -> None:
        """Raise Rejected for a request that builds on what is not there."""
        name = body.get("previous_response_id")
        with self._lock:
            if isinstance(name, str) and self._stored(name) is None:
                raise Rejected(_no_previous(name))
            self._conversations.check(body.get("conversation"))
            missing = [name for name in _references(body) if self._item(name) is None]
        if missing:
            raise Rejected(no_item(missing[0]), status=404)

    def _issuers(self, items: Iterable[Json]) -> list[Kept]:
        """Return the responses that issued items, each once."""
        families = dict.fromkeys(_family_in(str(item.get("id"))) for item in items)
        return [self._families[family] for family in families if family in self._families]

    def _is_given(self, content: str) -> bool:
        return any(item.get("encrypted_content") == content for one in self._families.values() for item in one.output)

    def _history(self, body: Json) -> tuple[Json, ...]:
        if isinstance(name := body.get("previous_response_id"), str):
            kept = self._stored(name)
            return kept.items if kept else ()
        return self._conversations.items(body.get("conversation"))

    def _stored(self, name: str) -> Kept | None:
        kept = self._families.get(self._names.get(name, ""))
        return kept if kept and kept.is_stored else None

    def _referred(self, body: Json) -> Mapping[str, Json]:
        return {name: item for name in _references(body) if (item := self._item(name)) is not None}

    def _item(self, name: str) -> Json | None:
        """Return a stored item by its id."""
        family = self._families.get(_family_in(name))
        stored = [one for one in ([family] if family else self._families.values()) if one.is_stored]
        found = (item for one in stored for item in (*one.given, *one.output) if item["id"] == name)
        return next(found, None) or self._conversations.item(name)

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        """Answer a look-up. answer: of the look-up itself."""
        try:
            with self._lock:
                found = self._looked_up(answer, asked.body, asked.now)
        except Rejected as rejected:
            return refused(answer, asked, rejected.status, rejected.error)
        return found if isinstance(found, Whole) else one_object(found, answer)

    def _looked_up(self, answer: Completion, query: Json, now: float) -> Json | Whole:
        if query["of"] == "conversations":
            return self._conversations.looked_up(answer, query)
        name = query["id"]
        if (kept := self._stored(name)) is None:
            raise Rejected(ErrorBody(f"Response with id '{name}' not found."), status=404)
        if kept.polls is not None and kept.has_run(now):
            kept = self._change(kept, polls=None)
        match query["method"], query["part"]:
            case "DELETE", _:
                self._change(kept, is_stored=False)
                return {"id": name, "object": "response", "deleted": True}
            case "POST", _:
                return self._cancelled(kept).shown()
            case _, "input_items":
                return page(list(kept.given), query)
        if query["stream"]:
            return _resumed(kept if kept.is_cancelled else self._change(kept, polls=None), query)
        return self._polled(kept).shown()

    def _change(self, kept: Kept, **changes: Any) -> Kept:
        changed = self._families[family_of(kept.answer)] = replace(kept, **changes)
        return changed

    def _polled(self, kept: Kept) -> Kept:
        """Look at a response, which moves one in the background on: it runs at the first look, and has ended then."""
        if kept.polls is None or kept.is_cancelled:
            return kept
        return self._change(kept, polls=None if kept.polls else 1)

    def _cancelled(self, kept: Kept) -> Kept:
        if kept.asked.body.get("background") is not True:
            raise Rejected(ErrorBody("Cannot cancel a synchronous response."))
        return kept if kept.polls is None else self._change(kept, is_cancelled=True)


_BEFORE_ANSWER = 3  # created, queued, in_progress


def _resumed(kept: Kept, query: Json) -> Whole:
    """Return the stream of a response again, behind the event of a number; one that was cancelled has no answer."""
    whole, after = render_stream(kept.answer, kept.asked, is_padded=query["is_padded"]), query["starting_after"]
    start = int(after) + 1 if after and after.isdecimal() and len(after) < 10 else 0
    shown = slice(start, _BEFORE_ANSWER if kept.is_cancelled else None)
    return Whole(whole.head, whole.parts[shown], whole.chunks[shown])


def _family_in(name: str) -> str:
    """Return what the ids of one response have in common."""
    return name.partition("_")[2][:16]


def _no_previous(name: str) -> ErrorBody:
    return ErrorBody(
        f"Previous response with id '{name}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )
