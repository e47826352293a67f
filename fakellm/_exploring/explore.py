"""Run the same code once for each trouble that each of its model calls can meet."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import fakellm.faults as f
import fakellm.framings as g
from fakellm._errors import UsageError, shown
from fakellm._exploring.control import Control
from fakellm._exploring.trials import Trial, Trials
from fakellm._exploring.trouble import Trouble, delivers, troubles
from fakellm._fake import FakeLLM
from fakellm._script.journal import Call, Outcome, Play
from fakellm._script.reply import ErrorReply
from fakellm._wire.events import Head, WireEvent, WireRequest

if TYPE_CHECKING:
    from fakellm._script.transform import Fault, Framing

__all__ = ["FAULTS", "FRAMINGS", "TRIAL_VARIABLE", "Experiment", "explore"]

FAULTS: tuple[Fault | ErrorReply, ...] = (
    ErrorReply.rate_limited(),
    ErrorReply.server_error(),
    f.connect_error(),
    f.read_timeout(),
    f.drop(after=0),
    f.drop(after=2),
    f.truncate(200),
    f.malformed_json(),
    f.bad_chunk(),
    f.error_event(),
    f.html_page(),
    f.empty_body(),
    f.no_done(),
)
"""The troubles of ``explore`` unless it is given others."""

FRAMINGS: tuple[Framing, ...] = (
    g.one_block(),
    g.bytewise(),
    g.split_utf8(),
    g.crlf(),
    g.multi_line_data(),
    g.comments(),
    g.bom(),
)
"""The framings of ``explore`` unless it is given others."""

TRIAL_VARIABLE = "FAKELLM_TRIAL"
"""Environment variable with the name of the one trial to run."""


P = ParamSpec("P")
R = TypeVar("R")


def _naming_the_fake(explore: Callable[P, R]) -> Callable[P, R]:
    """Have ``explore`` say what to type where it was given no fake."""

    @wraps(explore)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True
        if "llm" not in kwargs:
            raise UsageError(
                "explore() needs the fake that answers the body\n"
                "  type: explore(body, llm=fake_llm) with the fixture, or llm=llm with llm = FakeLLM()"
            )
        return explore(*args, **kwargs)

    return told


@_naming_the_fake
def explore(
    body: Callable[[], object],
    *,
    llm: FakeLLM,
    faults: Iterable[Fault | ErrorReply] = FAULTS,
    framings: Iterable[Framing] = FRAMINGS,
) -> Trials:
    """Run a body clean to learn its model calls, then once for each fault and each framing of each call.

    body: the code under test, called without arguments, sync or async; what it raises in the clean run is raised
    here. llm: the fake that answers it, scripted before or by the body. faults: from ``fakellm.faults``, or an
    ErrorReply that comes in place of the answer. framings: from ``fakellm.framings``.

    Before each trial rules and journal are what they were when the body first started. The attempt that is hit uses up
    no reply: a retry gets the one that it replaced. A trial survives when the body returns; unused replies do not
    count. What cannot take effect, such as a framing of an answer that is not streamed, is left out. All runs on
    virtual time. Afterwards the fake is as the clean run left it.

    Returns the trials; inside a running event loop, an async body is awaited: ``await explore(...)``.

    Raises:
        UsageError: no fake, something that is no fault or framing, or the body asked the fake nothing.

    >>> import httpx
    >>> from fakellm import FakeLLM, explore, faults
    >>> llm = FakeLLM()
    >>> rule = llm.reply("Hello!")
    >>> def agent():
    ...     body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    ...     key = {"authorization": "Bearer sk-fakellm"}
    ...     return httpx.post("https://api.openai.com/v1/chat/completions", json=body, headers=key).json()
    >>> trials = explore(agent, llm=llm, faults=[faults.connect_error(), faults.wrong_content_type()])
    >>> [(trial.name, trial.survived) for trial in trials]
    [('1:connect_error()', False), ("1:wrong_content_type('text/plain; charset=utf-8')", True)]
    """
    __tracebackhide__ = True
    experiment = Experiment(llm, faults=faults, framings=framings)
    if inspect.iscoroutinefunction(body) and _loop_runs():
        return Trials.awaited(partial(_explore_async, experiment, body))
    for attempt in experiment:
        with attempt:
            _run(body)
    return experiment.trials


async def _explore_async(experiment: Experiment, body: Callable[[], Awaitable[object]]) -> Trials:
    for attempt in experiment:
        with attempt:
            await body()
    return experiment.trials


def _run(body: Callable[[], object]) -> None:
    result = body()
    if not inspect.isawaitable(result):
        return
    if _loop_runs():
        raise UsageError(
            "the body of explore() returned something to await inside a running event loop\n"
            "  type: await explore(body, llm=llm), with body an async def"
        )
    asyncio.run(_awaited(result))


async def _awaited(result: Awaitable[object]) -> None:
    await result


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@dataclass(slots=True)
class _Heard:
    """An answer of the clean run."""

    call: Call
    events: list[WireEvent] = field(default_factory=list)


class _Listening:
    """Notes what answers the calls of the clean run."""

    def __init__(self, heard: list[_Heard]) -> None:
        self._heard = heard

    def before(self, request: WireRequest) -> None:
        """Nothing: what matters is the answer."""

    def over(self, call: Call, play: Play) -> Play:
        """Return what plays the same, and keeps it."""
        heard = _Heard(call)
        self._heard.append(heard)

        def played() -> Iterable[WireEvent]:
            heard.events = list(play())
            return heard.events

        return played


@dataclass(frozen=True, slots=True)
class _Planned:
    """A trial to come.

    call: the one of the clean run that is to be hit. place: its number among the answered ones of the body. after: the
    answered one behind it, None for the last. asked: what it asks.
    """

    call: Call
    place: int
    after: Call | None
    asked: str
    trouble: Trouble

    @property
    def name(self) -> str:
        return f"{self.place}:{self.trouble.name}"


class _Troubling:
    """Lays a trouble over one call, gives its reply back, and tells a retry from a body that went on."""

    def __init__(self, control: Control, planned: _Planned) -> None:
        self._control = control
        self._planned = planned
        self._hit: Call | None = None  # while its reply is given back

    def before(self, request: WireRequest) -> None:
        """Use up the reply of the call that was hit where the body goes on as if it had got it."""
        hit, self._hit = self._hit, None
        if hit is not None and self._goes_on(hit, request):
            self._control.use_up(hit)

    def over(self, call: Call, play: Play) -> Play:
        """Lay the trouble over the call that it is meant for."""
        if call.number != self._planned.call.number or call.outcome not in _ANSWERED:
            return play
        if not self._planned.trouble.is_framing:
            self._control.give_back(call)
            self._hit = call
        return partial(self._troubled, call, play)

    def _troubled(self, call: Call, play: Play) -> Iterator[WireEvent]:
        clean = list(play())
        trouble = self._planned.trouble
        played = trouble.over(call, clean)
        trouble.note(call)
        is_whole = delivers(clean, played, call.voice.marks)
        for left, event in zip(range(len(played) - 1, -1, -1), played, strict=True):
            if left == 0 and is_whole and self._hit is call:
                self._hit = None
                self._control.use_up(call)
            yield event

    def _goes_on(self, hit: Call, wire: WireRequest) -> bool:
        """Whether a request is the body's next one, made of the answer, rather than another attempt."""
        request = self._control.read(wire)
        if request is None or hit.request is None:
            return False
        after = self._planned.after.request if self._planned.after else None
        asked = request.facts.canonical
        if asked == hit.request.facts.canonical:
            return False
        return (after is not None and asked == after.facts.canonical) or request.turn > hit.request.turn


class Experiment:
    """The runs of one body; iterated, it gives a context manager for each: the clean run, then the trials.

    A trial swallows what its block raises and adds to ``trials``.
    """

    def __init__(
        self, llm: FakeLLM, *, faults: Iterable[object] = FAULTS, framings: Iterable[object] = FRAMINGS
    ) -> None:
        __tracebackhide__ = True
        if not isinstance(llm, FakeLLM):
            raise UsageError(f"explore(llm=...) takes the FakeLLM that answers the body, got {llm!r}")
        self.trials = Trials()
        self._llm = llm
        self._control = Control(llm._engine)  # noqa: SLF001  # both are the project
        self._troubles = troubles(faults, framings)
        self._heard: list[_Heard] = []

    def __iter__(self) -> Iterator[AbstractContextManager[None]]:
        before = self._control.snapshot()
        yield self._clean()
        after = self._control.snapshot()
        try:
            for planned in self._plan():
                self._control.restore(before)
                yield self._trial(planned, start=len(before.calls))
        finally:
            self._control.restore(after)

    @contextmanager
    def _clean(self) -> Iterator[None]:
        with self._llm.intercept(), self._llm.virtual_time(), self._control.hooked(_Listening(self._heard)):
            yield

    @contextmanager
    def _trial(self, planned: _Planned, *, start: int) -> Iterator[None]:
        error: BaseException | None = None
        trouble = _Troubling(self._control, planned)
        with self._llm.intercept(), self._llm.virtual_time() as clock, self._control.hooked(trouble):
            try:
                yield
            except _NOT_A_RESULT:
                raise
            except BaseException as err:  # noqa: BLE001  # pytest's own outcomes are no Exception
                error = err
        calls = self._control.calls_from(start)
        self.trials.add(
            Trial(planned.place, planned.asked, planned.trouble.name, error=error, elapsed=clock.elapsed, calls=calls)
        )

    def _plan(self) -> list[_Planned]:
        """Return the trials to come, by call and trouble; the one that the environment names, where it does."""
        answers = [heard for heard in self._heard if _is_good(heard)]
        if not answers:
            raise UsageError(
                "the body of explore() asked this fake nothing, so there is nothing to explore\n"
                "  does it ask at all, through httpx, httpx2, requests or aiohttp, and while no other fake answers?"
            )
        following = [*(heard.call for heard in answers[1:]), None]
        planned = [
            _Planned(heard.call, place, after, _asked(heard.call), trouble)
            for place, (heard, after) in enumerate(zip(answers, following, strict=True), 1)
            for trouble in self._troubles
            if _takes_effect(trouble, heard)
        ]
        return _chosen(planned, os.environ.get(TRIAL_VARIABLE))


_ANSWERED = (Outcome.ANSWERED, Outcome.REPLAYED, Outcome.ITSELF)
_NOT_A_RESULT = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)


def _is_good(heard: _Heard) -> bool:
    """Whether there was an answer, which no fault or error of the script's own has met."""
    call = heard.call
    if call.outcome not in _ANSWERED or call.request is None or call.fault is not None:
        return False
    head = next((event for event in heard.events if isinstance(event, Head)), None)
    return head is not None and head.status == 200 and getattr(call.reply, "fault", None) is None


def _takes_effect(trouble: Trouble, heard: _Heard) -> bool:
    try:
        return trouble.over(heard.call, heard.events) != heard.events
    except UsageError:  # a fault behind more chunks than there are
        return False


def _asked(call: Call) -> str:
    return f"user={shown(call.last_user, 40)}" if call.last_user is not None else call.wire.path


def _chosen(planned: list[_Planned], name: str | None) -> list[_Planned]:
    if not name:
        return planned
    chosen = [one for one in planned if one.name == name]
    if not chosen:
        names = ", ".join(one.name for one in planned)
        raise UsageError(f"there is no trial {name!r}, which {TRIAL_VARIABLE} asks for; there are: {names}")
    return chosen
