"""What is expensive to know of a request, remembered by its parts: a history that grew by one message has one new one.

Nothing here is ever in users' hands, where it may change: keys are bytes, and what is decoded is decoded from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import repeat
from json import JSONDecoder
from marshal import dumps, loads
from typing import Any

from pydantic_core import from_json, to_json

from fakellm._wire.canonical import canonical_json, hashed, message_text
from fakellm._wire.provider import Json
from fakellm._wire.terms import Terms
from fakellm.tokens._billed_messages import Billed
from fakellm.tokens._billing import Bill
from fakellm.tokens._rates import Rates

__all__ = ["BodyFacts", "KnownMessage", "KnownTerms", "keys_of", "message_keys"]

_WITHOUT_REFERENCES = 2
"""A version of marshal: from the next one on, equal values differ in bytes where they share objects differently."""


def keys_of(as_chat: Json) -> tuple[bytes, Sequence[bytes]]:
    """Return the bytes by which the parts of a request are remembered, and from which they are decoded.

    They are that of what it says beside its messages, and one for each message.
    """
    terms = {name: value for name, value in as_chat.items() if name != "messages"}
    messages = as_chat.get("messages")
    try:
        return dumps(terms, _WITHOUT_REFERENCES), message_keys(messages if isinstance(messages, list) else [])
    except ValueError:  # the form that a dialect makes may hold more than JSON does
        return keys_of(from_json(to_json(as_chat, inf_nan_mode="constants")))


def message_keys(messages: list[Any]) -> Sequence[bytes]:
    """Return the keys of decoded messages."""
    return list(map(dumps, messages, repeat(_WITHOUT_REFERENCES)))  # in a fifth of the time of JSON


def _around(body: bytes, terms: bytes) -> tuple[bytes, bytes] | None:
    """Return the bytes of a body before its messages and behind them; None where it is hard to tell.

    terms: the key of what it says beside them.
    """
    if (name := _NAME.search(body)) is None:
        return None
    try:
        before, rest = body[: name.end()], body[name.end() :].decode()
        after = rest[_DECODER.raw_decode(rest)[1] :].encode()
        # Proves that the messages are what stands between: the name may be found in another place as well.
        is_proven = keys_of(from_json(b"%b%b%b" % (before, to_json(_NO_MESSAGES), after))) == (terms, _KEYS_OF_NONE)
    except (ValueError, RecursionError):
        return None
    return (before, after) if is_proven else None


_NO_MESSAGES = ["fakellm: what nobody says"]
_KEYS_OF_NONE = message_keys(_NO_MESSAGES)
_NAME = re.compile(rb'"messages"\s*:\s*')
_DECODER = JSONDecoder()


class KnownTerms(Terms):
    """What a body says beside its messages, which most calls of a session have in common.

    bill: counts it. canonical: tells it from others. stream: whether a stream is asked for. accepted: by whom it was
    accepted last, and what ``Check`` returned then.
    """

    __slots__ = ("_around", "_as_chat", "_key", "accepted", "bill", "canonical", "stream")

    def __init__(self, key: bytes, rates: Rates) -> None:
        self._key: bytes | None = key
        self._around: tuple[bytes, bytes] | None = None
        self._as_chat: Json = loads(key)  # made by ``keys_of``, in this process
        self.bill = Bill(self._as_chat, rates)
        self.canonical = _encoded(canonical_json(self._as_chat))
        self.stream = bool(self._as_chat.get("stream"))
        self.accepted: tuple[object, float] = None, 0  # one value, since threads share it

    @property
    def as_chat(self) -> Json:
        return self._as_chat

    def look_around(self, body: bytes) -> None:
        """Find out, once, how a body of these terms begins and ends."""
        if self._key is not None:
            self._around, self._key = _around(body, self._key), None

    def messages_in(self, body: bytes) -> list[Any] | None:
        """Return the messages of a body that begins and ends as one of these terms; None for any other body."""
        if (around := self._around) is None:
            return None
        before, after = around
        if not (body.startswith(before) and body.endswith(after)):
            return None
        try:  # within an array, since several values may stand there
            found = from_json(b"[%b]" % body[len(before) : len(body) - len(after)], allow_inf_nan=False)
        except ValueError:
            return None
        return found[0] if len(found) == 1 and isinstance(found[0], list) else None


class KnownMessage(Billed):
    """A message. accepted: by whom it was accepted last. own_text: its ``text`` where no id of a call is in it."""

    __slots__ = ("_ids", "_text", "accepted", "own_text")

    def __init__(self, key: bytes) -> None:
        message = loads(key)
        super().__init__(message if isinstance(message, dict) else {})  # anything else is never accepted
        self.accepted: object = None
        if self.is_plain:
            # Never the text of another message, whose JSON begins with a brace.
            self.own_text: bytes | None = _encoded(f"{self.role} {message['content']}")
            return
        names: dict[str, str] = {}
        text = _encoded(message_text(self.message, names))
        self.own_text = None if names else text
        self._ids = tuple(names)
        self._text = list(range(len(names))), text  # one value, since threads share it

    def text(self, numbers: dict[str, int]) -> bytes:
        """Return what tells the message from others, the same whatever the ids of calls in it.

        numbers: of the ids in the messages before it, in order of appearance; takes new ones.
        """
        if self.own_text is not None:
            return self.own_text
        numbered, text = self._text
        if numbered != (wanted := [numbers.setdefault(call_id, len(numbers)) for call_id in self._ids]):
            names = {call_id: f"call_{number}" for call_id, number in zip(self._ids, wanted, strict=True)}
            text = _encoded(message_text(self.message, names))
            self._text = wanted, text
        return text


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class BodyFacts:
    """What is known of the body of a request: its hash, its price, whether it was accepted."""

    __slots__ = ("_tokens", "accepted", "canonical", "data", "messages", "terms", "to_chat")

    terms: KnownTerms
    """What it says beside its messages."""
    canonical: bytes
    """A hash, equal for requests of equal canonical JSON."""

    def __init__(self, data: bytes, to_chat: Callable[[Json], Json] | None = None) -> None:
        self.data = data
        self.to_chat = to_chat
        """Makes chat's form of the decoded body; None where it is that form."""
        self.accepted: tuple[object, str, bytes] | None = None
        """By whom, for which model and with which key it was accepted when it was checked last; None before."""
        self._tokens: int | None = None
        self.messages: Sequence[KnownMessage] = ()
        """Its messages, in chat's form."""

    def learn(self, terms: KnownTerms, messages: Sequence[KnownMessage], prompt_tokens: int | None) -> None:
        """Find out about the body.

        messages: in chat's form. prompt_tokens: what it is billed; None for what its messages are, in a chat.
        """
        self.terms = terms
        numbers: dict[str, int] = {}
        self.canonical = hashed([terms.canonical, *[one.own_text or one.text(numbers) for one in messages]])
        self._tokens, self.messages = prompt_tokens, messages

    @property
    def prompt_tokens(self) -> int:
        """What the prompt is billed; counted when somebody wants to know."""
        if self._tokens is None:
            self._tokens = self.terms.bill.count_prompt(self.messages)
        return self._tokens
