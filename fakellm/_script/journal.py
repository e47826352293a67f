"""What was asked, in order, and what was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, NamedTuple, overload

from pydantic_core import from_json

from fakellm._errors import UsageError, shown
from fakellm._script.reply import ErrorReply, Reply, ToolCall
from fakellm._script.rule import Rule
from fakellm._script.transform import Fault
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest, Message
from fakellm._wire.events import RequestHeaders, Whole, WireEvent, WireRequest
from fakellm._wire.voice import SOMEBODY, Heard, Voice

__all__ = ["Answer", "Call", "Ending", "Journal", "Outcome", "Play", "Undecoded"]


class Outcome(Enum):
    """How a call ended."""

    ANSWERED = "answered by a rule"
    ITSELF = "answered by itself"
    REPLAYED = "answered from a cassette"
    RECORDED = "sent on and recorded"
    UNMATCHED = "asked but not scripted"
    REJECTED = "asked in a way that the API refuses"
    OTHER = "no model call"


class Ending(NamedTuple):
    """How the playing of an answer ended, as its player reports it.

    status: the HTTP status sent, None where not even the head was. chunks: how many chunks of a stream the
    client got. seconds: from the request to the end. cancelled: whether the client left before the head, or
    while chunks of a stream were left. received: the parts of the body that the client got, where the answer may not
    have come as it was scripted.
    """

    status: int | None
    chunks: int
    seconds: float
    cancelled: bool
    received: Sequence[bytes] | None = None


Undecoded = partial[ChatRequest | None]
"""What decodes a request when somebody looks at it."""


@dataclass(slots=True, repr=False)
class Call:
    """One HTTP request and what became of it."""

    number: int
    """Its place in its list, ``calls`` or ``other_traffic``, from 1."""
    wire: WireRequest
    outcome: Outcome
    status: int
    """The HTTP status sent; of an answer that was lost before its head, the one it would have had."""
    _request: ChatRequest | Undecoded | None = None
    rule: Rule | None = None
    """The rule that answered; None where none did."""
    reply: Reply | ErrorReply | None = None
    """What the rule said."""
    explanation: str = ""
    """Of a call that nothing answered: what happened and what to type."""
    cause: Exception | None = None
    """The exception that the test's own predicate or callable raised."""
    recorded: bytes | None = None
    """The body that a cassette gave."""
    fault: Fault | None = None
    """What was laid over the answer."""
    completion: Completion | None = None
    """The answer of a rule as it was rendered."""
    ending: Ending | None = None
    """How the answer was played; None until then."""
    voice: Voice = SOMEBODY.voice
    """The API that was asked."""
    source: Any = None
    """The recording that answered."""

    @property
    def request(self) -> ChatRequest | None:
        """The decoded request, one that the API rejects as well; None where it is not well-formed."""
        if isinstance(self._request, partial):
            self._request = self._request()
        return self._request

    @property
    def met(self) -> Fault | None:
        """The fault that its answer met, the reply's own or one that was laid over it; None for none."""
        return self.fault or (self.reply.fault if isinstance(self.reply, Reply) else None)

    @property
    def headline(self) -> str:
        """The first words of the explanation, without the request that they tell of; empty where there is none."""
        return self.explanation.partition("\n")[0].partition(f": {self.wire.method} ")[0]

    @property
    def duration(self) -> float | None:
        """The seconds from the request to the end of the answer, on the fake's clock; None until then."""
        return self.ending.seconds if self.ending else None

    @property
    def cancelled(self) -> bool:
        """Whether the client left before the head of the answer, or closed its stream before the last chunk."""
        return self.ending is not None and self.ending.cancelled

    @property
    def chunks(self) -> int:
        """How many chunks of a stream the client got; 0 until the stream ended."""
        return self.ending.chunks if self.ending else 0

    @property
    def model(self) -> str:
        """The model asked for; empty where the request is not well-formed."""
        return self.request.model if self.request else ""

    @property
    def messages(self) -> list[Message]:
        """The messages sent, oldest first."""
        return self.request.messages if self.request else []

    @property
    def last_user(self) -> str | None:
        """The text of the newest user message."""
        return self.request.last_user if self.request else None

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The tools offered."""
        return self.request.tools if self.request else []

    @property
    def stream(self) -> bool:
        """Whether a stream was asked for."""
        return self.request is not None and self.request.stream

    @property
    def headers(self) -> Mapping[str, str]:
        """The request headers; look them up in lower case. Printed, secret ones do not show their values."""
        return RequestHeaders(self.wire.headers)

    @property
    def attempt(self) -> int:
        """Which attempt of the SDK this was, 0 for the first; from ``x-stainless-retry-count``."""
        count = self.wire.headers.get("x-stainless-retry-count", "")
        # int() refuses digits by the thousand, and nothing that was sent may raise here.
        return int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 0

    @property
    def rejected(self) -> bool:
        """Whether the real API would have refused the request."""
        return self.outcome is Outcome.REJECTED

    @property
    def endpoint(self) -> str:
        """Which API was asked, such as ``chat``; empty where it is none that fakellm speaks."""
        return self.voice.endpoint

    @property
    def heard(self) -> Heard | None:
        """What a recorded answer says; None where there is none, or its API is not understood."""
        return self.hear(self.recorded) if self.recorded else None

    def hear(self, body: bytes) -> Heard | None:
        """Read an answer of this API; None where it cannot be read, as one that was cut may be."""
        try:
            return self.voice.hear(body)
        except Exception:  # noqa: BLE001  # of a dialect of the test's own: a transcript says as much as it can
            return None

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """The usage of the answer by chat's names, whatever the API, sent or not; None where there is none."""
        usage = self.shared_usage
        return usage and {name: dict(count) if isinstance(count, Mapping) else count for name, count in usage.items()}

    @property
    def shared_usage(self) -> Mapping[str, Any] | None:
        """The same, which equal answers share: to be read alone."""
        if self.completion is not None:
            return self.completion.usage
        return self.heard.usage if self.heard else None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the answer; arguments that are a JSON object are a dict, others the text as it was."""
        if self.completion is not None:
            calls = [call for choice in self.completion.choices for call in choice.tool_calls]
            return tuple(ToolCall(call.name, _parsed(call.arguments), id=call.id) for call in calls)
        calls_heard = self.heard.tool_calls if self.heard else []
        return tuple(ToolCall(name, _parsed(arguments)) for name, arguments in calls_heard)

    def __repr__(self) -> str:
        asked = "" if self.last_user is None else f" user={shown(self.last_user, 60)}"
        subject = f" {self.model}" if self.model else ""
        return f"<Call {self.number}: {self.wire.method} {self.wire.path}{subject} [{self.status}]{asked}>"


Play = Callable[[], Iterable[WireEvent]]
"""Gives the events of an answer."""


class Answer:
    """A call and, once it has begun, the events that answer it; iterated, it gives the events.

    began: when the request came, by the clock of who plays it. play: gives the events. take: where the request is to be
    recorded, what takes the real answer. A player that can send the request on does so instead of playing the events.
    whole: the answer in one piece; None where a pace, a fault or a framing lies over it.
    """

    __slots__ = ("_events", "began", "call", "play", "take", "whole")

    def __init__(self, call: Call, play: Play, take: Any = None) -> None:
        self.call = call
        self.play = play
        self.take = take
        self.began = 0.0
        self._events: Iterable[WireEvent] = ()
        self.whole: Whole | None = None

    def begin(self, now: float) -> None:
        """Find out what the answer is. now: when the request came."""
        self.began = now
        self._events = events = self.play()
        if isinstance(events, Whole):
            self.whole = events

    def __iter__(self) -> Iterator[WireEvent]:
        return iter(self._events)

    def finished(self, ending: Ending) -> None:
        """Write down how the events were played; what the client got where that is not what was scripted."""
        if ending.status is not None:
            self.call.status = ending.status
        if ending.received is not None and not ending.cancelled and self.call.met is None:
            ending = ending._replace(received=None)
        self.call.ending = ending


class Journal(Sequence[Call]):
    """The calls of one fake or cassette, oldest first: those that asked a model or, in a second one, the others."""

    def __init__(self, calls: Sequence[Call] = ()) -> None:
        self._calls = list(calls)

    def append(self, call: Call) -> None:
        """Add the newest call."""
        self._calls.append(call)

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()

    def hold(self, calls: Sequence[Call]) -> None:
        """Have these calls and no others."""
        self._calls[:] = calls

    def to(self, endpoint: str) -> Journal:
        """Return the calls to one endpoint, such as ``chat``."""
        return Journal([call for call in self._calls if call.endpoint == endpoint])

    def with_tool(self, name: str) -> Journal:
        """Return the calls that offered a tool of this name."""
        return Journal([call for call in self._calls if call.request and name in call.request.tool_names])

    @property
    def tool_calls(self) -> list[ToolCall]:
        """All tool calls that the model made, in order, with their arguments parsed."""
        return [made for call in self._calls for made in call.tool_calls]

    @property
    def usage(self) -> dict[str, Any]:
        """The usage of all answers together, by chat's names; counts that are nested are added up as well."""
        total: dict[str, Any] = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)
        for call in self._calls:
            _add(total, call.shared_usage or {})
        return total

    def assert_tool_called(self, name: str, /, **arguments: Any) -> None:
        """Fail unless the model called a tool, with at least these arguments equal.

        Raises:
            AssertionError: it did not; the text shows what it called.
        """
        __tracebackhide__ = True
        if any(made.name == name and _has(made, arguments) for made in self.tool_calls):
            return
        wanted = f"{name}({_shown_arguments(arguments)})" if arguments else f"the tool {name!r}"
        raise AssertionError(f"the model did not call {wanted}\n{self._called()}")

    def assert_order(self, *names: str) -> None:
        """Fail unless the model called these tools in this order; other calls may lie before, between and after.

        Raises:
            AssertionError: it did not; the text shows what it called.
            UsageError: no name.
        """
        __tracebackhide__ = True
        if not names:
            raise UsageError("assert_order() needs the names of tools: assert_order('search', 'book')")
        called = iter([made.name for made in self.tool_calls])
        missing = next((n for n, name in enumerate(names) if name not in called), None)
        if missing is None:
            return
        after = f" after {names[missing - 1]!r}" if missing else ""
        order = ", ".join(map(repr, names))
        raise AssertionError(f"the model did not call {names[missing]!r}{after}; expected {order}\n{self._called()}")

    def _called(self) -> str:
        lines = [f"  call {call.number}: {_shown(made)}" for call in self._calls for made in call.tool_calls]
        return "\n".join(["it called:", *lines]) if lines else "it called no tool"

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> Journal: ...
    def __getitem__(self, index: int | slice) -> Call | Journal:
        if isinstance(index, slice):
            return Journal(self._calls[index])
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls))

    def __repr__(self) -> str:
        return f"<Journal of {len(self)} calls>"


def _parsed(arguments: str) -> dict[str, Any] | str:
    try:
        value = from_json(arguments, allow_inf_nan=False)
    except ValueError:
        return arguments
    return value if isinstance(value, dict) else arguments


def _has(made: ToolCall, arguments: Mapping[str, Any]) -> bool:
    """Whether a tool call has these arguments, among others."""
    got = made.arguments
    if isinstance(got, str):
        return not arguments
    return all(name in got and got[name] == wanted for name, wanted in arguments.items())


def _shown(made: ToolCall) -> str:
    arguments = made.arguments
    return f"{made.name}({shown(arguments) if isinstance(arguments, str) else _shown_arguments(arguments)})"


def _shown_arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _add(total: dict[str, Any], usage: Mapping[str, Any]) -> None:
    for name, count in usage.items():
        if isinstance(count, Mapping):
            _add(total.setdefault(name, {}), count)
        elif isinstance(count, int | float) and not isinstance(count, bool):
            total[name] = total.get(name, 0) + count
