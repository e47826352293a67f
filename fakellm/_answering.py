"""What a scripted fake and a replayed cassette have in common: an engine that answers while a block runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import ModuleType, TracebackType
from typing import Any, Self

from fakellm._clock import Clock
from fakellm._forks import hear_children, watch_forks
from fakellm._io.flavour import check_module
from fakellm._io.intercept import activate, deactivate
from fakellm._io.transport import transport_class
from fakellm._real_files import real_files
from fakellm._script.engine import Engine
from fakellm._script.journal import Journal

__all__ = ["Answering"]


class Answering:
    """Base of FakeLLM and Cassette.

    As a context manager, sync or async, it answers for every client of httpx, httpx2, requests and aiohttp in the
    process and, when the block ends without an exception, checks that nothing passed by accident.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._ends: list[Callable[[], None]] = []  # of the blocks that are open
        self._is_in_use = False  # whether anything was given to ask it by: a block, a transport, a client, a route
        self.clock = clock

    def _folders(self) -> Sequence[Any]:
        """Return the folders to look for files of the running test, in this order; none outside of tests."""
        return () if (plugin := _plugin()) is None else plugin.folders_of_test()

    def _announce(self) -> None:
        """Tell the pytest plugin, where it runs, that there is something now that answers."""
        if (plugin := _plugin()) is not None:
            plugin.note_made(self)

    def _put_to_use(self) -> None:
        """Take note that somebody can ask from now on, in this process and in those that are forked from it."""
        if not self._is_in_use:
            self._is_in_use = True
            watch_forks(self._engine)

    @property
    def calls(self) -> Journal:
        """Everything that asked a model, oldest first."""
        hear_children(self._engine)
        return self._engine.journal

    @property
    def other_traffic(self) -> Journal:
        """Everything else that came here, oldest first: traces, lists of models, counts of tokens, downloads.

        It stands apart, since much of it comes from threads at its own time.
        """
        hear_children(self._engine)
        return self._engine.other_traffic

    def transcript(self) -> str:
        """Return the conversation as readable text, call by call; a str that rich prints in colours."""
        with real_files():
            from fakellm._script.transcript import transcript  # told of failures, for the most part

        return transcript(self.calls)

    def check(self) -> None:
        """Fail for requests that nothing answered or the API rejects, and for replies that nothing asked for.

        Raises:
            UnmatchedRequestError: such a request; unused replies are listed below it.
            CassetteMismatchError: a request that the recording does not hold.
            UnusedReplyError: a scripted reply that nothing asked for.
        """
        __tracebackhide__ = True
        self._put_to_use()  # replies that nothing could ask for are told here
        hear_children(self._engine)
        self._engine.check()

    def transport(self, module: ModuleType) -> Any:
        """Return a transport for one client, sync or async: ``httpx.Client(transport=llm.transport(httpx))``.

        module: httpx or httpx2, the one that the client comes from. Every request of that client is answered
        here, whatever its host.

        Raises:
            UsageError: another module.
        """
        self._put_to_use()
        return transport_class(check_module(module))(self._engine, self.clock)

    @contextmanager
    def intercept(self, *, everywhere: bool = False) -> Iterator[Self]:
        """Answer for every client in the process while the block runs; checks nothing at its end.

        everywhere: in tasks and workers as well that were begun under another fake, which asks that one otherwise.
        """
        end = self._begin(everywhere=everywhere)
        try:
            yield self
        finally:
            end()

    def _begin(self, *, everywhere: bool) -> Callable[[], None]:
        """Begin to answer; return what ends it."""
        self._put_to_use()
        return partial(deactivate, activate(self._engine, self.clock, is_everywhere=everywhere))

    def __enter__(self) -> Self:
        self._ends.append(self._begin(everywhere=False))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self._ends.pop()()
        if exc is None:
            self.check()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.__exit__(exc_type, exc, tb)


def _plugin() -> Any:
    """Return the pytest plugin, None where it is not loaded; looked up by name, since it stands above."""
    return sys.modules.get("pytest_fakellm.plugin")
