"""A rule: a matcher, and the replies it gives, each once or as often as the test said."""

from __future__ import annotations

import sys
from functools import lru_cache
from itertools import repeat
from os.path import basename
from types import FrameType
from typing import Self, Unpack

from fakellm._errors import UsageError
from fakellm._numbers import AT_LEAST_ONE
from fakellm._script.fields import Headers
from fakellm._script.match import Matcher, Mismatch
from fakellm._script.reply import ErrorReply, Reply
from fakellm._script.scripted import ReplyFields, ReplyLike, Scripted, as_reply
from fakellm._wire.asked import ChatRequest

__all__ = ["Fallback", "Rule", "RuleState", "caller", "is_own"]

RuleState = tuple[tuple[Scripted, ...], int | None, int]
"""The replies of a rule, how often they are given, how many were."""


class Rule:
    """What ``when()`` and ``reply()`` return; the test holds it, the engine asks it.

    number: its place in the order of registration, from 1. where: ``file:line`` that registered it. is_owed:
    whether a reply that nothing asks for fails the test.
    """

    def __init__(self, matcher: Matcher, *, number: int, where: str) -> None:
        self.matcher = matcher
        self.number = number
        self.where = where
        self.is_owed = True
        self.is_live = False
        """Whether there is a reply left to give."""
        self._replies: tuple[Scripted, ...] = ()
        self._times: int | None = 1
        self._given = 0
        self._owed = 0  # times all replies
        self._gives_vectors = False

    def reply(self, *replies: ReplyLike, times: int | None = 1, **reply_fields: Unpack[ReplyFields]) -> Self:
        """Say what this rule answers: each reply once, in turn.

        replies: for each, a str, a Reply, a ToolCall or a list of them, an ErrorReply, or a callable that
        computes one from the ChatRequest. times: how often the whole sequence is given; None for ever.
        reply_fields: fields of Reply that apply to each, such as ``finish_reason=`` or ``fault=``.

        Raises:
            UsageError: no reply, a thing that is none, or a rule that has its replies already.
        """
        __tracebackhide__ = True
        if self._replies:
            raise UsageError(f"{self} has its replies already; give all of them in one reply(...) call")
        if not replies and reply_fields:
            replies = (Reply(),)
        if not replies:
            raise UsageError("reply() needs something to say: reply('Hello!') or reply(ToolCall('name', {}))")
        if times is not None and times not in AT_LEAST_ONE:
            raise UsageError(f"times is how often the replies are given, 1 or more, or None for ever; got {times!r}")
        if reply_fields and all(isinstance(reply, ErrorReply) for reply in replies):
            raise UsageError(f"an ErrorReply takes no {min(reply_fields)}=; give it to a Reply")
        # map, since the frame of a generator would stand in the traceback of a usage mistake
        self._hold(tuple(map(as_reply, replies, repeat(reply_fields))), times, 0)
        return self

    @property
    def replies(self) -> tuple[Scripted, ...]:
        """The replies of one round, in order."""
        return self._replies

    def is_for(self, request: ChatRequest) -> bool:
        """Whether a request is of a kind that this rule answers.

        What the API answers by itself is answered by a rule that names its endpoint, or that has what only it takes;
        what was stored, by none.
        """
        if not request.claim.by_itself:
            return not (self._gives_vectors and self._has_vectors)
        if request.claim.stored is not None:
            return False
        return "vectors" in request.voice.takes if self._has_vectors else self.matcher.names_endpoint

    def mismatches(self, request: ChatRequest, headers: Headers) -> list[Mismatch]:
        """Return why this rule does not answer a request; empty where it would."""
        found = self.matcher.mismatches(request, headers)
        if self.is_for(request):
            return found
        if self._has_vectors:
            return [*found, Mismatch("vectors", "an endpoint that takes them", request.voice.spoken_at)]
        hint = f"to answer in its place, type: when(endpoint={request.endpoint!r})"
        return [*found, Mismatch("endpoint", "a model", f"{request.endpoint!r}, which answers by itself", hint)]

    @property
    def _has_vectors(self) -> bool:
        return self._gives_vectors and isinstance(reply := self.upcoming, Reply) and reply.vectors is not None

    @property
    def has_replies(self) -> bool:
        """Whether ``reply()`` was called at all."""
        return bool(self._replies)

    @property
    def unused(self) -> int:
        """How many replies nothing has asked for; 0 for a rule that answers for ever or owes none."""
        return 0 if self._times is None or not self.is_owed else self._owed - self._given

    @property
    def given(self) -> int:
        """How many replies were given."""
        return self._given

    @property
    def upcoming(self) -> Scripted:
        """The reply that is given next; the rule has replies."""
        return self._replies[self._given % len(self._replies)]

    def next_reply(self) -> Scripted:
        """Use up one reply and return it; the engine holds its lock meanwhile."""
        reply = self._replies[self._given % len(self._replies)]
        self._given += 1
        self.is_live = self._times is None or self._given < self._owed
        return reply

    def give_back(self) -> None:
        """Take back the last reply: the next request gets it again."""
        self._given -= 1
        self.is_live = True

    @property
    def state(self) -> RuleState:
        """What it says and how much of it was given, for ``restore``."""
        return self._replies, self._times, self._given

    def restore(self, state: RuleState) -> None:
        """Restore what ``state`` returned: replies, times, how many were given."""
        self._hold(*state)

    def __str__(self) -> str:
        return f"rule {self.number} {self.matcher} at {self.where}"

    __repr__ = __str__

    def _hold(self, replies: tuple[Scripted, ...], times: int | None, given: int) -> None:
        """Have these replies, of which so many were given."""
        self._replies = replies
        self._times = times
        self._given = given
        self._owed = len(replies) * (times or 0)
        self.is_live = times is None or given < self._owed
        self._gives_vectors = False
        for reply in replies:
            if isinstance(reply, Reply) and reply.vectors is not None:
                self._gives_vectors = True


class Fallback(Rule):
    """What ``otherwise()`` returns: it answers what nothing else does, and owes nothing."""

    def __init__(self, *, where: str) -> None:
        super().__init__(Matcher(), number=0, where=where)
        self.is_owed = False

    def __str__(self) -> str:
        return f"otherwise() at {self.where}"

    __repr__ = __str__


def caller() -> str:
    """Return ``file:line`` of the nearest frame outside this package: where the user wrote the call."""
    frame = sys._getframe(1)  # noqa: SLF001  # inspect.stack() reads the source of every frame
    while _is_own_name(str(frame.f_globals.get("__name__"))) and frame.f_back is not None:
        frame = frame.f_back
    return f"{_file_name(frame.f_code.co_filename)}:{frame.f_lineno}"


_file_name = lru_cache(maxsize=256)(basename)


def is_own(frame: FrameType) -> bool:
    """Whether a frame runs this package's code rather than a user's."""
    return _is_own_name(str(frame.f_globals.get("__name__")))


@lru_cache(maxsize=256)
def _is_own_name(name: str) -> bool:
    return name == "fakellm" or name.startswith("fakellm.")
