"""The watch of one test: what it asked, played and tried to reach, collected by fixtures, told by hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

# All at once: a fake file system takes modules away again that were imported while it was there, and what is
# imported anew has classes of its own. Not those of cassettes, which tests import that have one: they take a third.
from fakellm import FakeLLM, FakeLLMError, UsageError
from fakellm._real_files import real_files
from pytest_fakellm.reports import hints, journal_lines, other_lines, tally

if TYPE_CHECKING:
    import pytest

    from fakellm import Cassette
    from pytest_fakellm.guard import Guard, Refusal
    from pytest_fakellm.tapes import Tape

__all__ = ["Watch"]


class Watch:
    """Holds what a test used; the hooks ask it what to say. node: the id of the test.

    blocks: what lasts until the last fixture of the test has ended. made: what the test and its own fixtures made.
    explained: whether its report says what went wrong beside its own assertions. error: what it failed with itself.
    """

    def __init__(self, node: str) -> None:
        self.node = node
        self.guard: Guard | None = None
        self.blocks = ExitStack()
        self.answering: list[FakeLLM | Cassette] = []
        self.made: list[FakeLLM | Cassette] = []
        self.tapes: list[Tape] = []
        self.refusals: list[Refusal] = []
        self.failed = False
        self.checked = False
        self.explained = False
        self.error: BaseException | None = None

    def made_under(self, made: FakeLLM | Cassette, guard: Guard, *, shared: pytest.FixtureRequest | None) -> None:
        """Take note of what the test made; from now on providers are guarded, or all let pass to be recorded.

        shared: the fixture that made it, where several tests share that. Another test may enter such a fake.
        """
        self.guard = guard
        what = "none" if getattr(made, "is_recording", False) else "providers"
        guard.begin(what)
        if shared is None:
            self.made.append(made)
            self.blocks.callback(guard.end, what)
        else:
            shared.addfinalizer(partial(guard.end, what))

    @property
    def passed(self) -> bool:
        """Whether the body of the test has run, and nothing was wrong so far."""
        return self.checked and not self.failed

    def end(self) -> str | None:
        """Return why the test must fail, or None; then what was recorded is saved, and it may fail for that."""
        self.checked = True
        return self.problem() or "\n\n".join(self._unsaved()) or None

    def problem(self) -> str | None:
        """Return what went wrong beside the test's own assertions, or None."""
        self._take_refusals()
        # What a fake would have answered came to the guard.
        blocked = self._not_entered() or [f"BlockedConnectionError: {refusal}" for refusal in self.refusals]
        return "\n\n".join(self._unanswered() + blocked) or None

    def sections(self, *, with_problems: bool) -> Iterator[tuple[str, str]]:
        """Yield (title, text) for the report of a failed test."""
        for answering in self.answering:
            if answering.calls:
                # A plain str: pytest-xdist sends nothing else from worker to controller.
                yield "fakellm transcript", str(answering.transcript())
                yield "fakellm journal", "\n".join(journal_lines(answering))
            if answering.other_traffic:
                yield "fakellm other traffic", "\n".join(other_lines(answering))
        if with_problems:
            problem = self.problem()
            self.explained = problem is not None
            if told := [*([problem] if problem else []), *self._hints()]:
                yield "fakellm check", "\n\n".join(told)

    @contextmanager
    def told_once(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Iterator[Callable[[object], None]]:
        """Report a failure by the user's lines alone while the block runs, if its message or the sections explain it.

        Yields: what takes from the representation of the exception that is made there what is said in the sections.
        """
        with real_files():
            from pytest_fakellm.tracebacks import is_a_mistake, is_of_a_request, say_once, users_lines

        told_below = self.explained and is_of_a_request(excinfo.value)
        if not told_below and not is_a_mistake(excinfo.value):
            yield lambda longrepr: None
            return
        with users_lines(excinfo) as left_out:
            if told_below:
                yield partial(say_once, headlines=self._headlines, left_out=left_out)
            else:
                yield lambda longrepr: None

    @property
    def _headlines(self) -> list[str]:
        """The first words of each explanation, of calls that nothing answered and of connections that were refused."""
        calls = [call for answering in self.answering for call in answering.calls if call.explanation]
        return [*(call.headline for call in calls), *(str(refusal).partition(": ")[0] for refusal in self.refusals)]

    def tally(self, *, with_lines: bool) -> dict[str, Any] | None:
        """Return the figures for the summary, as JSON can hold them; None for none. with_lines: a line per call too."""
        refused = [f"{refusal.host} in {self.node}" for refusal in self.refusals]
        return tally(self.answering, self.tapes, refused=refused, has_passed=self.passed, with_lines=with_lines)

    def _unanswered(self) -> list[str]:
        """Return the complaints of fakes and cassettes or, without any, the unplayed rest of recordings."""
        if complaints := [text for answering in self.answering if (text := _complaint(answering.check))]:
            return [text for text in complaints if not self._says_only_what_follows(text)]
        if isinstance(self.error, UsageError):
            return []
        return [_left(tape, self.node) for tape in self.tapes if tape.must_play and tape.cassette.unplayed]

    def _says_only_what_follows(self, complaint: str) -> bool:
        """Whether nothing but unused replies is told where the test never came to ask, or was kept from it."""
        kept = bool(self.refusals) and not any(answering.calls for answering in self.answering)
        return complaint.startswith("UnusedReplyError") and (kept or isinstance(self.error, UsageError))

    def _hints(self) -> Iterator[str]:
        """Yield hints: no mistakes by themselves, and likely reasons of a failure."""
        for answering in self.answering:
            yield from hints(answering)

    def _not_entered(self) -> list[str]:
        """Return which fakes were scripted and never given to anybody, so that the test asked something else."""
        # The plugin is part of the project.
        explained = [made._explain_not_entered() for made in self.made if isinstance(made, FakeLLM)]  # noqa: SLF001
        return [f"UnusedReplyError: {complaint}" for complaint in explained if complaint]

    def _unsaved(self) -> list[str]:
        """Save what was recorded; return why that could not be."""
        return [text for tape in self.tapes if (text := _complaint(tape.cassette.save))]

    def close(self) -> None:
        """End fake, recording and guard. What was refused since the check is this test's, not the next one's."""
        self._take_refusals()
        self.blocks.close()

    def _take_refusals(self) -> None:
        if self.guard is not None:
            self.refusals += self.guard.take()


def _complaint(act: Callable[[], object]) -> str | None:
    """Return the error of a check or a save as text, or None."""
    try:
        act()
    except FakeLLMError as err:
        return f"{type(err).__name__}: {err}"
    return None


def _left(tape: Tape, node: str) -> str:
    left, count = tape.cassette.unplayed, len(tape.cassette.interactions)
    shown = [f"  interaction {one.number}: {one.request.method} {one.request.shown_url}" for one in left[:10]]
    more = [f"  and {len(left) - 10} more"] if len(left) > 10 else []
    return "\n".join(
        [
            f"UnusedReplyError: {len(left)} of {count} recorded interaction{'s' * (count > 1)} never asked for: "
            f"{tape.path}",
            *shown,
            *more,
            f"  to record again: pytest '{node}' --llm-record=rewrite",
            "  if the test means it: @pytest.mark.llm_cassette(allow_unused=True)",
        ]
    )
