"""From the chunks of a stream to its pieces of text and, at the end, CreateResult."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fakellm.client._answer import Answer
from fakellm.client._assembly import Assembly
from fakellm.client._warn import warn
from fakellm.models import CreateResult, FinishReasons

__all__ = ["StreamCollector"]

_MANY_EMPTY = 10  # chunks without a choice, in a row, that are worth a warning


class StreamCollector:
    """Puts a CreateResult together from chunks.

    family: the model's. begun: called when the first chunk has come.
    """

    def __init__(self, family: str, *, begun: Callable[[], None]) -> None:
        self._family = family
        self._begun: Callable[[], None] | None = begun
        self._answer = Assembly()
        self._empty = 0
        self._warned = False

    @property
    def text(self) -> str:
        """The text that has arrived."""
        return self._answer.text

    @property
    def finish_reason(self) -> FinishReasons:
        """Why the model stopped."""
        return self._answer.finish_reason

    @property
    def progress(self) -> int:
        """How many chunks carried a part of the answer."""
        return self._answer.progress

    def add(self, chunks: Iterable[Answer]) -> Iterator[str]:
        """Take chunks; yield the text in them, and the reasoning with tags around."""
        for chunk in chunks:
            if self._begun is not None:
                self._begun()
                self._begun = None
            if len(chunk.choices) == 1:
                self._empty = 0
            else:
                self._note_choices(len(chunk.choices))
            yield from self._answer.take(chunk)

    def end(self) -> Iterator[str]:
        """Take the end of the stream; yield what was kept back for it."""
        yield from self._answer.end()

    def result(self) -> CreateResult:
        """Return the answer that the chunks make up.

        Raises:
            ValueError: the model called a function in the way that the API gave up.
        """
        reason = self.finish_reason
        if self._answer.calls:
            reason = "function_calls" if reason == "unknown" else reason
        else:
            if self._answer.reason == "function_call":
                raise ValueError(
                    "the stream ends in a function_call, which is deprecated and not supported; offer tools"
                )
            if not self.text:
                warn("the stream held neither text nor tool calls; the result is empty")
        return self._answer.result(self._family, reason=reason)

    def arrived(self) -> str:
        """Say how much has arrived, for an error."""
        return f"{len(self.text)} characters of text and {len(self._answer.calls)} tool calls"

    def _note_choices(self, count: int) -> None:
        if count > 1:
            warn(f"a chunk holds {count} choices; only the first is used")
        self._empty = self._empty + 1 if count == 0 else 0
        if self._empty >= _MANY_EMPTY and not self._warned:
            self._warned = True
            warn(f"{_MANY_EMPTY} chunks in a row hold no choice; such chunks are skipped")
