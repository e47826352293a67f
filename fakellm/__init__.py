"""Testing and mocking for code that talks to language models.

A test scripts what the model answers; the code under test runs unchanged, whichever client it uses:

>>> from fakellm import FakeLLM
>>> with FakeLLM() as llm:
...     rule = llm.reply("Hello!")
...     # run the code under test here

Everything public is importable from here and loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakellm._real_files import late, real_module

if TYPE_CHECKING:
    from fakellm import client, dialects, faults, framings, messages, models, scenarios, tokens
    from fakellm._clock import Clock, MockClock, SystemClock
    from fakellm._errors import (
        APIConnectionError,
        APIError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        CassetteError,
        CassetteFormatError,
        CassetteMismatchError,
        CassetteNotFoundError,
        ConflictError,
        ContentFilterFinishReasonError,
        ContradictionError,
        FakeLLMError,
        InternalServerError,
        LengthFinishReasonError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RejectedRequestError,
        ScriptFormatError,
        UnmatchedRequestError,
        UnprocessableEntityError,
        UnredactedSecretError,
        UnusedReplyError,
        UsageError,
    )
    from fakellm._exploring.explore import explore
    from fakellm._exploring.trials import Trial, Trials
    from fakellm._fake import FakeLLM
    from fakellm._script.journal import Call, Journal
    from fakellm._script.match import Mismatch
    from fakellm._script.pace import Pace
    from fakellm._script.reply import ErrorReply, Reasoning, Reply, ToolCall
    from fakellm._script.rule import Rule
    from fakellm._time.virtual_time import VirtualTime
    from fakellm._use_cassette import Cassette, use_cassette
    from fakellm._wire.asked import ChatRequest
    from fakellm.client import AzureOpenAIChatCompletionClient, ChatCompletionClient, OpenAIChatCompletionClient

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "AzureOpenAIChatCompletionClient",
    "BadRequestError",
    "Call",
    "Cassette",
    "CassetteError",
    "CassetteFormatError",
    "CassetteMismatchError",
    "CassetteNotFoundError",
    "ChatCompletionClient",
    "ChatRequest",
    "Clock",
    "ConflictError",
    "ContentFilterFinishReasonError",
    "ContradictionError",
    "ErrorReply",
    "FakeLLM",
    "FakeLLMError",
    "InternalServerError",
    "Journal",
    "LengthFinishReasonError",
    "Mismatch",
    "MockClock",
    "NotFoundError",
    "OpenAIChatCompletionClient",
    "Pace",
    "PermissionDeniedError",
    "RateLimitError",
    "Reasoning",
    "RejectedRequestError",
    "Reply",
    "Rule",
    "ScriptFormatError",
    "SystemClock",
    "ToolCall",
    "Trial",
    "Trials",
    "UnmatchedRequestError",
    "UnprocessableEntityError",
    "UnredactedSecretError",
    "UnusedReplyError",
    "UsageError",
    "VirtualTime",
    "client",
    "dialects",
    "explore",
    "faults",
    "framings",
    "messages",
    "models",
    "scenarios",
    "tokens",
    "use_cassette",
]

_MODULES = frozenset({"client", "dialects", "faults", "framings", "messages", "models", "scenarios", "tokens"})
_HOMES = {
    "AzureOpenAIChatCompletionClient": "client",
    "Call": "_script.journal",
    "Cassette": "_use_cassette",
    "ChatCompletionClient": "client",
    "ChatRequest": "_wire.asked",
    "Clock": "_clock",
    "ErrorReply": "_script.reply",
    "FakeLLM": "_fake",
    "Journal": "_script.journal",
    "Mismatch": "_script.match",
    "MockClock": "_clock",
    "OpenAIChatCompletionClient": "client",
    "Pace": "_script.pace",
    "Reasoning": "_script.reply",
    "Reply": "_script.reply",
    "Rule": "_script.rule",
    "SystemClock": "_clock",
    "ToolCall": "_script.reply",
    "Trial": "_exploring.trials",
    "Trials": "_exploring.trials",
    "VirtualTime": "_time.virtual_time",
    "explore": "_exploring.explore",
    "use_cassette": "_use_cassette",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _MODULES:
        return real_module(f"fakellm.{name}")
    # What has no home of its own in the table is an error class.
    value: object = late(f"fakellm.{_HOMES.get(name, '_errors')}", name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
