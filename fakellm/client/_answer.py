"""What the API answers, as far as the client reads it: whole, or one chunk of a stream.

Providers leave out, add and null what they like, so only what is used is declared and nothing is required.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, TypeAdapter

from fakellm.models import ChatCompletionTokenLogprob, FinishReasons, RequestUsage

__all__ = [
    "Answer",
    "Choice",
    "Message",
    "ToolCallPart",
    "Usage",
    "finish_reason",
    "read_answer",
    "request_usage",
    "usage_of",
]


class _Wire(BaseModel): ...


class Usage(_Wire):
    """Token counts, either of which may be null."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Function(_Wire):
    name: str | None = None
    arguments: Any = None  # a str by the book; some send the object itself


class ToolCallPart(_Wire):
    """A tool call, or a fragment of one."""

    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class Message(_Wire):
    """A message, or the change to one. content: text, or Mistral's list of parts."""

    content: str | list[Any] | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: list[ToolCallPart] | None = None
    function_call: Any = None


class _Logprobs(_Wire):
    content: list[ChatCompletionTokenLogprob] | None = None


class Choice(_Wire):
    """One alternative. usage: where Moonshot puts it in streams."""

    finish_reason: str | None = None
    message: Message | None = None
    delta: Message | None = None
    logprobs: _Logprobs | None = None
    usage: Usage | None = None


class _Groq(_Wire):
    usage: Usage | None = None


class Answer(_Wire):
    """A completion or a chunk. x_groq: where Groq puts the usage of streams that did not ask for it."""

    choices: list[Choice] | None = None
    usage: Usage | None = None
    model: str | None = None
    error: Any = None
    x_groq: _Groq | None = None


read_answer: Callable[[str | bytes], Answer] = TypeAdapter(Answer).validator.validate_json
"""Read a completion or a chunk from JSON; raises ValidationError.

What ``Answer.model_validate_json`` does around it would be a third of the time that a chunk takes.
"""


def usage_of(answer: Answer) -> Usage | None:
    """Return the token counts, wherever they are."""
    usage = answer.usage
    if usage is None and answer.choices:
        usage = answer.choices[0].usage
    if usage is None and answer.x_groq is not None:
        usage = answer.x_groq.usage
    return usage


_FINISH_REASONS: Mapping[str, FinishReasons] = MappingProxyType(
    {
        "stop": "stop",
        "end_turn": "stop",
        "length": "length",
        "content_filter": "content_filter",
        "function_calls": "function_calls",
        "tool_calls": "function_calls",
    }
)


def finish_reason(reason: str | None) -> FinishReasons:
    """Return the word for a reason, in whatever case a provider writes it; ``unknown`` for what has none."""
    return _FINISH_REASONS.get((reason or "").lower(), "unknown")


def request_usage(usage: Usage | None) -> RequestUsage:
    """Return token counts, 0 for those that are absent."""
    if usage is None:
        return RequestUsage(prompt_tokens=0, completion_tokens=0)
    return RequestUsage(prompt_tokens=usage.prompt_tokens or 0, completion_tokens=usage.completion_tokens or 0)
