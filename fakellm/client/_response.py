"""From the API's answers to CreateResult: whole, or put together from a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError

from fakellm._errors import APIError
from fakellm.models import CreateResult, FinishReasons, FunctionCall, RequestUsage

__all__ = ["StreamResult", "parse_chunk", "parse_completion"]


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Function(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(BaseModel):
    index: int = 0
    id: str | None = None
    function: _Function = _Function()


class _Message(BaseModel):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice]
    usage: _Usage | None = None


class _StreamChoice(BaseModel):
    finish_reason: str | None = None
    delta: _Message = _Message()


class StreamChunk(BaseModel):
    """One object of a stream, as far as the client reads it."""

    choices: list[_StreamChoice] = []
    usage: _Usage | None = None


_FINISH_REASONS: Mapping[str, FinishReasons] = {
    "stop": "stop",
    "end_turn": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "function_calls": "function_calls",
    "tool_calls": "function_calls",
}


def parse_completion(body: bytes, *, status: int) -> CreateResult:
    """Read a whole answer.

    Raises:
        APIError: the body is no chat completion; shows the status and how the body begins.
    """
    try:
        completion = _Completion.model_validate_json(body)
        choice = completion.choices[0]
    except (ValidationError, IndexError) as err:
        start = body[:200].decode("utf-8", "replace")
        raise APIError(f"the answer (status {status}) is no chat completion: {start!r}", body=start) from err
    calls = [_call(call) for call in choice.message.tool_calls or ()]
    text = choice.message.content
    return _result(text or "", calls, choice.finish_reason, completion.usage)


def parse_chunk(data: str) -> StreamChunk:
    """Read one object of a stream.

    Raises:
        APIError: it is an error object, or no chunk.
    """
    try:
        return StreamChunk.model_validate_json(data)
    except ValidationError as err:
        raise APIError(f"the stream holds something that is no chunk: {data[:200]!r}", body=data[:200]) from err


class StreamResult:
    """Puts a CreateResult together from chunks, however the calls in them are fragmented.

    is_empty: no chunk was added.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: dict[int, FunctionCall] = {}
        self._finish_reason: str | None = None
        self._usage: _Usage | None = None
        self.is_empty = True

    def add(self, chunk: StreamChunk) -> Iterator[str]:
        """Take a chunk and yield the text in it."""
        self.is_empty = False
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices[:1]:
            self._finish_reason = choice.finish_reason or self._finish_reason
            for delta in choice.delta.tool_calls or ():
                self._add_call(delta)
            if choice.delta.content:
                self._text.append(choice.delta.content)
                yield choice.delta.content

    def result(self) -> CreateResult:
        """Return what the chunks amount to."""
        return _result("".join(self._text), list(self._calls.values()), self._finish_reason, self._usage)

    @property
    def characters(self) -> int:
        """How many characters of text have arrived."""
        return sum(map(len, self._text))

    def _add_call(self, delta: _ToolCall) -> None:
        call = self._calls.setdefault(delta.index, FunctionCall(id="", arguments="", name=""))
        call.id += delta.id or ""
        call.name += delta.function.name or ""
        call.arguments += delta.function.arguments or ""


def _call(call: _ToolCall) -> FunctionCall:
    return FunctionCall(id=call.id or "", arguments=call.function.arguments or "", name=call.function.name or "")


def _result(text: str, calls: list[FunctionCall], finish_reason: str | None, usage: _Usage | None) -> CreateResult:
    return CreateResult(
        finish_reason=_FINISH_REASONS.get((finish_reason or "").lower(), "unknown"),
        content=calls or text,
        # Text beside calls is what the model thought aloud before calling.
        thought=text if calls and text else None,
        usage=RequestUsage(
            prompt_tokens=(usage.prompt_tokens if usage else None) or 0,
            completion_tokens=(usage.completion_tokens if usage else None) or 0,
        ),
        cached=False,
    )
