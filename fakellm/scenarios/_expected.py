"""What a correct client reports for a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from fakellm._script.reply import ToolCall
from fakellm.models import CreateResult, FinishReasons, FunctionCall, RequestUsage

__all__ = ["Expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a correct client reports.

    content: the text, None where the message has none. chunks: the texts of a stream in order, empty ones left out;
    where a Scenario is given none, its text a token each. tool_calls: the calls, each with its id. refusal,
    reasoning: their texts; reasoning is seen where the provider shows it. usage: by its wire names, None where none is
    sent. finish_reason: as on the wire, None for JSON null. create_result: what OpenAIChatCompletionClient reports;
    made from the others where it is not given. error: the exception class of ``fakellm`` that its client raises,
    None where it answers; the OpenAI SDK's has the same name.

    >>> Expected(content="half an ans", finish_reason="length").create_result.finish_reason
    'length'
    """

    content: str | None = None
    chunks: list[str] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)
    refusal: str | None = None
    reasoning: str | None = None
    usage: dict[str, Any] | None = None
    finish_reason: str | None = None
    create_result: CreateResult | None = None
    error: type[Exception] | None = None

    def __post_init__(self) -> None:
        if self.create_result is None and self.error is None:
            object.__setattr__(self, "create_result", self._create_result())

    def without_usage(self) -> Expected:
        """Return the same for a stream that was not asked for its usage."""
        if self.create_result is None:
            return self
        unbilled = self.create_result.model_copy(update={"usage": RequestUsage(0, 0)})
        return replace(self, usage=None, create_result=unbilled)

    def _create_result(self) -> CreateResult:
        usage = self.usage or {}
        return CreateResult(
            finish_reason=_FINISH_REASONS.get(self.finish_reason or "", "unknown"),
            content=[_function_call(call) for call in self.tool_calls] or self.content or "",
            usage=RequestUsage(usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)),
            cached=False,
            thought=(self.content or None) if self.tool_calls else None,
        )


def _function_call(call: ToolCall) -> FunctionCall:
    return FunctionCall(id=call.id or "", arguments=call.arguments_text, name=call.name)


_FINISH_REASONS: Mapping[str, FinishReasons] = MappingProxyType(
    {
        "stop": "stop",
        "length": "length",
        "tool_calls": "function_calls",
        "content_filter": "content_filter",
    }
)
"""What AutoGen calls the reasons that it knows."""
