"""Scenarios about the two figures at the end of an answer: its usage and its finish reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakellm._fake import FakeLLM
from fakellm._script.reply import Reply
from fakellm.scenarios._conversations import PARIS, WEATHER, asks
from fakellm.scenarios._expected import Expected
from fakellm.scenarios._scenario import Scenario
from fakellm.scenarios._usage import usage

__all__ = ["FINISH_REASONS", "USAGES"]

_ZERO = usage(0, 0)


def _billed(name: str, description: str, billed: dict[str, Any] | None) -> Scenario:
    """Return a scenario with this usage, None for an answer without one."""
    return Scenario(
        name,
        Reply(chunks=["Hello", "!"], usage=False if billed is None else billed),
        request=asks("Hello!"),
        expected=Expected(content="Hello!", chunks=["Hello", "!"], finish_reason="stop", usage=billed),
        families="usage",
        description=description,
    )


USAGES = (
    _billed(
        "details",
        "every count that the API has a name for",
        usage(1200, 340, cached=1024, reasoning=128, audio=16, accepted=20, rejected=4),
    ),
    _billed("cached", "most of the prompt came from the cache", usage(2006, 300, cached=1920)),
    _billed("reasoning", "most of the answer was thought, not said", usage(75, 1186, reasoning=1024)),
    _billed("absent", "an answer without usage", None),
    _billed("zero", "every count is 0", _ZERO),
)


def _ended(
    name: str,
    reason: str | None,
    texts: list[str],
    description: str,
    *,
    billed: dict[str, Any],
    elsewhere: Mapping[str, Expected | None] | None = None,
) -> Scenario:
    """Return a scenario with a text that ends for this reason, None for JSON null."""
    return Scenario(
        name,
        Reply(chunks=texts, finish_reason=reason or "null", usage=billed),
        request=asks("Tell me a story."),
        expected=Expected(content="".join(texts), chunks=texts, finish_reason=reason, usage=billed),
        families="finish_reason",
        description=description,
        elsewhere=elsewhere,
    )


def _call_a_tool(llm: FakeLLM) -> None:
    llm.when(tool_result=lambda _: True).reply("It is 18 °C in Paris.", times=None)
    llm.reply(Reply(tool_calls=(PARIS,), usage=usage(50, 14)), times=None)


_CUT = ["Once", " upon", " a"]
_TOLD = [*_CUT, " time", "."]

FINISH_REASONS = (
    _ended("stop", "stop", _TOLD, "the answer is complete", billed=usage(12, 5)),
    _ended("length", "length", _CUT, "the token limit cut it", billed=usage(12, 3)),
    Scenario(
        "tool_calls",
        _call_a_tool,
        request=asks("What is the weather in Paris?", tools=[WEATHER]),
        expected=Expected(tool_calls=[PARIS], finish_reason="tool_calls", usage=usage(50, 14)),
        families="finish_reason",
        description="the model wants a tool run",
    ),
    _ended("content_filter", "content_filter", _CUT, "a filter withheld the rest", billed=usage(12, 3)),
    # Responses end with a status, which has no word for these two.
    _ended(
        "function_call",
        "function_call",
        _TOLD,
        "the reason of the API before tools",
        billed=usage(12, 5),
        elsewhere={"responses": None},
    ),
    _ended("null", None, _TOLD, "none at all", billed=usage(12, 5), elsewhere={"responses": None}),
    _ended(
        "unknown",
        "insufficient_system_resource",
        _CUT,
        "one that is not in the API's list; DeepSeek's, when it is interrupted",
        billed=usage(12, 3),
    ),
)
