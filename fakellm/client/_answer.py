"""An answer of the API, whole or one chunk of a stream, as far as the client reads it.

Providers leave out, add and null what they like, so nothing is required. What carries the answer (choices, messages,
texts, calls) is an error where it cannot be read; what stands beside it (counts, reasons, ids, log probabilities) is
then taken as not said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic_core import from_json

from fakellm.client._reasoning import read_content
from fakellm.client._warn import warn
from fakellm.models import ChatCompletionTokenLogprob, FinishReasons, TopLogprob

__all__ = [
    "Answer",
    "CallPart",
    "Choice",
    "Message",
    "decode_json",
    "finish_reason",
    "read_answer",
    "token_logprobs",
]

Wire = Mapping[str, Any]


class CallPart(NamedTuple):
    """A tool call, or a fragment of one; empty for what it does not say.

    place: its index on the wire. arguments: JSON text, or a piece of it.
    """

    place: int | None
    id: str
    name: str
    arguments: str


class Message(NamedTuple):
    """A message, or the change to one; empty for what it does not say."""

    text: str
    reasoning: str
    calls: list[CallPart]
    function_call: Any


class Choice(NamedTuple):
    """One alternative. reason, logprobs: as on the wire."""

    reason: Any
    delta: Message | None
    message: Message | None
    logprobs: Any


class Answer(NamedTuple):
    """A completion or a chunk.

    model: empty where none is named. usage: tokens of prompt and completion, 0 for those that are not said.
    """

    choices: list[Choice]
    model: str
    usage: tuple[int, int]
    error: Any


def read_answer(data: str | bytes) -> Answer:
    """Read a completion or a chunk from JSON.

    Raises:
        ValueError: it is no JSON object, or what carries the answer in it cannot be read.
    """
    body = decode_json(data)
    if not isinstance(body, dict):
        raise ValueError("an answer is an object")
    choices = _objects(body.get("choices"))
    read = [_choice(choice) for choice in choices]
    return Answer(read, _text(body.get("model")), _usage(body, choices), body.get("error"))


def _choice(choice: Wire) -> Choice:
    delta, message = _message(choice.get("delta")), _message(choice.get("message"))
    return Choice(choice.get("finish_reason"), delta, message, choice.get("logprobs"))


def _message(value: Any) -> Message | None:
    """Read a message.

    Where reasoning is: reasoning_content (DeepSeek, SiliconFlow, Z.AI), reasoning (OpenRouter, Groq, Cerebras, vLLM),
    or a part of the content (Mistral).
    """
    if not value:
        return None
    for message in (value,) if isinstance(value, dict) else _objects(value):
        content, calls = message.get("content"), message.get("tool_calls")
        said, thought = (content, "") if isinstance(content, str) else read_content(content)
        reasoning = _text(message.get("reasoning_content")) or _text(message.get("reasoning")) or thought
        parts = [_call(call) for call in _objects(calls)] if calls else []
        return Message(said, reasoning, parts, message.get("function_call"))
    return None


def _call(call: Wire) -> CallPart:
    for function in _objects(call.get("function")):
        name, arguments = _text(function.get("name")), _arguments(function.get("arguments"))
        return CallPart(_place(call.get("index")), _id(call.get("id")), name, arguments)
    return CallPart(_place(call.get("index")), _id(call.get("id")), "", "")


def _arguments(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments
    if arguments is None:
        return ""
    warn(f"the arguments of a tool call are no text but {arguments!r}; they are written as JSON")
    return json.dumps(arguments)


def decode_json(data: str | bytes) -> Any:
    """Return a JSON value; half a character in it is kept (a lone surrogate) or replaced (a broken byte).

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return from_json(data)
    except ValueError as err:
        if "hex escape" not in str(err) and "unicode code point" not in str(err):
            raise
    try:
        return json.loads(data if isinstance(data, str) else data.decode("utf-8", "replace"))
    except RecursionError as err:
        raise ValueError("nested too deeply") from err


def _objects(value: Any) -> list[Wire]:
    """Return the objects in a list, or one that stands alone; nothing for null and whatever else is empty.

    Raises:
        ValueError: it is something else.
    """
    if not value:
        return []
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return [member for member in value if isinstance(member, dict)]
    raise ValueError(f"objects were expected, got {value!r}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _id(value: Any) -> str:
    return str(value) if isinstance(value, int) else _text(value)


def _number(value: Any) -> float | None:
    """Read a number, or a text of one as some write it; None for anything else."""
    try:
        return None if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _place(value: Any) -> int | None:
    if value is None or isinstance(value, int):
        return value
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _count(value: Any) -> int:
    number = _number(value)
    return int(number) if number is not None and 0 < number < float("inf") else 0


def _usage(body: Wire, choices: list[Wire]) -> tuple[int, int]:
    """Return the token counts: at the top, in the choice (Moonshot's streams), or in x_groq (Groq's, unasked)."""
    groq = body.get("x_groq")
    for usage in (body.get("usage"), choices and choices[0].get("usage"), groq and _member(groq, "usage")):
        if usage and isinstance(usage, dict):
            found = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
            if found != (0, 0):
                return found
    return 0, 0


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def token_logprobs(value: Any) -> list[ChatCompletionTokenLogprob]:
    """Return the log probabilities of a choice; tokens without a number are left out."""
    tokens = value.get("content") if isinstance(value, dict) else None
    return [
        ChatCompletionTokenLogprob(
            token=token["token"],
            logprob=logprob,
            top_logprobs=None if token.get("top_logprobs") is None else list(_top(token["top_logprobs"])),
            bytes=_bytes(token),
        )
        for token, logprob in _with_number(tokens)
        if isinstance(token.get("token"), str)
    ]


def _top(tokens: Any) -> Iterator[TopLogprob]:
    return (TopLogprob(logprob, _bytes(token)) for token, logprob in _with_number(tokens))


def _with_number(tokens: Any) -> Iterator[tuple[Wire, float]]:
    for token in tokens if isinstance(tokens, list) else ():
        logprob = _number(token.get("logprob")) if isinstance(token, dict) else None
        if logprob is not None:
            yield token, logprob


def _bytes(token: Wire) -> list[int] | None:
    value = token.get("bytes")
    return value if isinstance(value, list) and all(isinstance(byte, int) for byte in value) else None


# Sources, read in November 2026: OpenAI's and Mistral's API references; Anthropic, "Handling stop reasons"; Gemini,
# FinishReason of GenerateContentResponse; Cohere, finish_reason of v1 and v2; Amazon Bedrock, stopReason of Converse;
# Together AI and text-generation-inference (eos); Z.AI, Tencent and Baidu (sensitive, normal); watsonx; xAI.
_WORDS: Mapping[FinishReasons, str] = MappingProxyType(
    {
        "stop": "stop end_turn stop_sequence complete completed eos eos_token end_of_text normal",
        "length": "length max_tokens max_length max_output_tokens model_length model_context_window_exceeded "
        "error_limit token_limit limit max_len max_context",
        "function_calls": "function_calls tool_calls tool_call tool_use",
        "content_filter": "content_filter content_filtered refusal safety recitation blocklist prohibited_content spii "
        ""
        "language image_safety image_prohibited_content image_recitation model_armor guardrail_intervened error_toxic "
        "sensitive",
    }
)
_FINISH_REASONS: Mapping[str, FinishReasons] = MappingProxyType(
    {word: reason for reason, words in _WORDS.items() for word in words.split()}
)


def finish_reason(reason: Any) -> FinishReasons:
    """Return the neutral word for a provider's, ``stop`` for ``FINISH_REASON_STOP``; ``unknown`` where there is none.

    Gemini's compatible endpoint puts its own word behind OpenAI's: ``content_filter: RECITATION``.
    """
    if (known := _FINISH_REASONS.get(_text(reason))) is not None:  # nearly always
        return known
    word = _text(reason).partition(":")[0].strip().lower().replace("-", "_").replace(" ", "_")
    return _FINISH_REASONS.get(word.removeprefix("finish_").removeprefix("reason_"), "unknown")
