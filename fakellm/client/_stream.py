"""From the chunks of a stream to its pieces of text and, at the end, CreateResult."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fakellm.client._answer import Answer, Choice, Message, ToolCallPart, Usage, finish_reason, request_usage, usage_of
from fakellm.client._completion import arguments_text, together
from fakellm.client._failures import is_json
from fakellm.client._names import normalized_name
from fakellm.client._reasoning import THINK_END, THINK_START, reasoning_of, split_tagged, text_of
from fakellm.client._warn import warn
from fakellm.models import ChatCompletionTokenLogprob, CreateResult, FunctionCall, ModelFamily

__all__ = ["StreamCollector"]

_NOTHING = Message()
_MANY_EMPTY = 10  # chunks without a choice, in a row, that are worth a warning


class StreamCollector:
    """Puts a CreateResult together, however the answer is fragmented.

    family: the model's. begun: called when the first chunk has come. reason: the finish reason as on the wire.
    """

    def __init__(self, family: str, *, begun: Callable[[], None]) -> None:
        self._family = family
        self._begun: Callable[[], None] | None = begun
        self._text: list[str] = []
        self._thought: list[str] = []
        self._thinks = False
        self._calls = _Calls()
        self._logprobs: list[ChatCompletionTokenLogprob] = []
        self._usage: Usage | None = None
        self._empty = 0
        self._warned = False
        self.reason: str | None = None

    @property
    def text(self) -> str:
        """The text that has arrived."""
        return "".join(self._text)

    def add(self, chunks: Iterable[Answer]) -> Iterator[str]:
        """Take chunks; yield the text in them, and the reasoning with tags around."""
        for chunk in chunks:
            if self._begun is not None:
                self._begun()
                self._begun = None
            if (usage := usage_of(chunk)) is not None:
                self._usage = usage
            if chunk.choices:
                self._empty = 0
                if len(chunk.choices) > 1:
                    warn(f"a chunk holds {len(chunk.choices)} choices; only the first is used")
                yield from self._take(chunk.choices[0])
            else:
                self._skip()

    def result(self) -> CreateResult:
        """Return what the chunks amount to.

        Raises:
            ValueError: the model called a function in the way that the API gave up.
        """
        if self.reason == "function_call":
            raise ValueError("the stream ends in a function_call, which is deprecated and not supported; offer tools")
        content, thought = self._calls_and_thought() if self._calls else self._text_and_thought()
        return CreateResult(
            finish_reason=finish_reason(self.reason),
            content=content,
            usage=request_usage(self._usage),
            cached=False,
            logprobs=self._logprobs or None,
            thought=thought,
        )

    def arrived(self) -> str:
        """Say how much has arrived, for an error."""
        return f"{len(self.text)} characters of text and {len(self._calls.results())} tool calls"

    def _skip(self) -> None:
        self._empty += 1
        if self._empty >= _MANY_EMPTY and not self._warned:
            self._warned = True
            warn(f"{_MANY_EMPTY} chunks in a row hold no choice; such chunks are skipped")

    def _take(self, choice: Choice) -> list[str]:
        delta = choice.delta or choice.message or _NOTHING
        self.reason = self.reason or choice.finish_reason
        if choice.logprobs is not None:
            self._logprobs += choice.logprobs.content or ()
        for part in delta.tool_calls or ():
            self._calls.add(part)
        content = delta.content
        if delta.reasoning_content is delta.reasoning is None and not self._thinks and isinstance(content, str):
            pieces = []  # nearly every chunk of nearly every stream
        else:
            reasoning = reasoning_of(delta)
            pieces = self._think(reasoning) if reasoning is not None or self._thinks else []
            content = text_of(delta)
        if content:
            self._text.append(content)
            pieces.append(content)
        return pieces

    def _think(self, reasoning: str | None) -> list[str]:
        """Take reasoning; None ends the run of it, an empty text does not."""
        if reasoning:
            piece = reasoning if self._thinks else THINK_START + reasoning
            self._thinks = True
        elif reasoning is None:
            piece = THINK_END
            self._thinks = False
        else:
            return []
        self._thought.append(piece)
        return [piece]

    def _reasoning(self) -> str | None:
        """Return what was thought without the outer tags; those between two runs stay."""
        if not self._thought:
            return None
        closed = self._thought[:-1] if self._thought[-1] == THINK_END else self._thought
        return "".join(closed).removeprefix(THINK_START)

    def _calls_and_thought(self) -> tuple[list[FunctionCall], str | None]:
        return self._calls.results(), together(self._reasoning(), self.text)

    def _text_and_thought(self) -> tuple[str, str | None]:
        text, thought = self.text, self._reasoning()
        if not text:
            warn("the stream held neither text nor tool calls; the result is empty")
        if self._family == ModelFamily.R1 and thought is None:
            thought, text = split_tagged(text)
        return text, thought


class _Calls:
    """Tool calls in the order in which they began, put together from fragments."""

    def __init__(self) -> None:
        self._calls: list[FunctionCall] = []
        self._places: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, part: ToolCallPart) -> None:
        """Take a fragment: id, name and arguments each go on where they stopped."""
        call = self._call_of(part)
        if part.id and part.id != call.id:  # some repeat the id in every fragment
            call.id += part.id
        if part.function is not None:
            call.name += part.function.name or ""
            call.arguments += arguments_text(part.function.arguments)

    def results(self) -> list[FunctionCall]:
        """Return the calls, their names as the API will accept them."""
        return [FunctionCall(id=c.id, arguments=c.arguments, name=normalized_name(c.name)) for c in self._calls]

    def _call_of(self, part: ToolCallPart) -> FunctionCall:
        """Return the call that a fragment belongs to: that of its index, or the last one where it has none."""
        name = part.function.name if part.function else None
        index = part.index if part.index is not None else max(self._places, default=0)
        call = self._calls[self._places[index]] if index in self._places else None
        # Some providers number all calls alike: a head after a call that is complete begins the next one.
        is_head = bool(part.id and name)
        is_next = call is not None and is_head and part.id != call.id and is_json(call.arguments)
        if call is None or is_next:
            call = FunctionCall(id="", arguments="", name="")
            self._calls.append(call)
            self._places[index] = len(self._calls) - 1
        return call
