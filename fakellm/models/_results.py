"""An answer of a model: content, the reason it stopped, the tokens it cost."""

from dataclasses import dataclass
from typing import Literal

from fakellm.models._calls import FunctionCall
from fakellm.models._lazy import LazyModel

FinishReasons = Literal["stop", "length", "function_calls", "content_filter", "unknown"]
"""Why the model stopped: done, out of tokens, wants functions run, withheld by a filter, not known.

The wire's `tool_calls` is called `function_calls` here.
"""


@dataclass
class RequestUsage:
    """Tokens of one request: `prompt_tokens` read by the model, `completion_tokens` written by it."""

    prompt_tokens: int
    completion_tokens: int


@dataclass
class TopLogprob:
    """One candidate for a token: its natural-log probability `logprob`, and its UTF-8 `bytes` if known."""

    logprob: float
    bytes: list[int] | None = None


class ChatCompletionTokenLogprob(LazyModel):
    """A written token with its natural-log probability.

    `token`: its text; `top_logprobs`: the most likely candidates at its position; `bytes`: its UTF-8 bytes,
    for tokens that are parts of a character.
    """

    token: str
    logprob: float
    top_logprobs: list[TopLogprob] | None = None
    bytes: list[int] | None = None


class CreateResult(LazyModel):
    """One answer of a model.

    `content`: its text, or the function calls it asks for; `usage`: tokens read and written; `cached`:
    whether a stored answer was reused; `logprobs`: one entry per written token when they were asked for;
    `thought`: reasoning, or text that came along with function calls.
    """

    finish_reason: FinishReasons
    content: str | list[FunctionCall]
    usage: RequestUsage
    cached: bool
    logprobs: list[ChatCompletionTokenLogprob] | None = None
    thought: str | None = None
