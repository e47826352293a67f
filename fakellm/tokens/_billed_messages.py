"""Messages as they are billed: text, names, images, calls of tools and their results.

Source: recorded calls. A call and its result are messages with a recipient; several calls at once are one
call of a wrapper, and their results one result of it. Names of authors: the cookbook's example (124 tokens on
gpt-4o, https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, part 6). No recorded call
shows several calls at once on a reasoning model: there each is counted by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from fakellm._anyjson import compact, object_of, objects_of, parsed, spaced, text_of
from fakellm.tokens._encodings import Encoding
from fakellm.tokens._image_prices import Patches, Tiles
from fakellm.tokens._image_size import data_uri_size
from fakellm.tokens._rates import Rates

__all__ = ["WRAPPER", "Billed", "MessageBill", "ToolUse", "is_plain", "wrap_calls"]

WRAPPER = "multi_tool_use.parallel"
"""The tool that a model calls to call several tools at once."""

# Calls and results that were rewritten; those of an agent's history come back on every call.
_REMEMBERED = 1024

# Width and height assumed for an image whose size is not in the request: a URL, an unknown format.
_UNKNOWN_SIZE = (1024, 1024)

_RESULT_ROLES = frozenset({"tool", "function"})


class ToolUse(NamedTuple):
    """One call in the history. arguments: its text, JSON as a rule."""

    id: str
    name: str
    arguments: str


class Billed:
    """A message, with what it costs: remembered while who bills it and the results that follow it are the same."""

    __slots__ = ("cost", "is_plain", "message", "role")

    def __init__(self, message: dict[str, Any]) -> None:
        self.message = message
        self.role = text_of(message.get("role"))
        self.is_plain = is_plain(message)
        self.cost: tuple[MessageBill, Sequence[Billed], int] | None = None
        """By whom it was billed last, what followed it, tokens of both; one value, since threads share it."""


def is_plain(message: object) -> bool:
    """Say whether a message is a role and a text, as most are."""
    return (
        type(message) is dict
        and len(message) == 2
        and type(message.get("content")) is str
        and message.get("role") in _SPEAK  # not looked up by its hash, since a role may be anything
    )


_SPEAK = ("user", "assistant", "system", "developer")


class MessageBill:
    """Counts messages for one model, by the rates of an API.

    image: what the model takes for one. is_reasoning: whether it thinks first.
    """

    __slots__ = ("encoding", "image", "is_reasoning", "rates")

    def __init__(self, encoding: Encoding, image: Tiles | Patches, rates: Rates, *, is_reasoning: bool) -> None:
        self.encoding = encoding
        self.image = image
        self.rates = rates
        self.is_reasoning = is_reasoning

    def count(self, messages: Sequence[Billed]) -> int:
        """Count the tokens of a conversation, without what the request costs beside it."""
        tokens = self._shown(messages) if self.is_reasoning else 0
        place = len(messages)
        results: tuple[Billed, ...] = ()
        for one in reversed(messages):  # results come before what they follow
            place -= 1
            if place and one.role in _RESULT_ROLES:
                results = one, *results
                continue
            if (known := one.cost) is None or known[0] is not self or known[1] != results:
                one.cost = known = self, results, self._turn(one, results)
            tokens += known[2]
            results = ()
        return tokens

    def _turn(self, first: Billed, after: Sequence[Billed]) -> int:
        """Count a message with the results that follow it; results that begin a conversation follow nothing."""
        message = first.message
        if first.is_plain and not after:
            return 4 + self._spoken(first) + self.encoding.count(message["content"])  # what the rest comes to, sooner
        results = [one.message for one in after]
        if first.role in _RESULT_ROLES:
            message, results = {}, [message, *results]
        uses = _tool_uses(message)
        content = self._content(message)
        # Text beside calls is a message of its own; without it there is none.
        is_told = bool(message and (content or not uses))
        tokens = 4 + self._spoken(first) + content + self._name(message) if is_told else 0
        if self.is_reasoning:
            return tokens + sum(map(self._reasoning_call, uses)) + self._results(uses, results)
        if len(uses) > 1:
            return tokens + self._wrapped(uses, results)
        return tokens + sum(map(self._call, uses)) + self._results(uses, results)

    def _spoken(self, billed: Billed) -> int:
        """Count what a message costs for being the assistant's."""
        return self.rates.reasoning_turn if self.is_reasoning and billed.role == "assistant" else 0

    def _name(self, message: dict[str, Any]) -> int:
        name = text_of(message.get("name"))
        return 1 + self.encoding.count(name) if name else 0

    def _content(self, message: dict[str, Any]) -> int:
        content = message.get("content")
        if isinstance(content, str) and "refusal" not in message:  # nearly always
            return self.encoding.count(content)
        images = sum(_count_image(part, self.image) for part in objects_of(content) if _is_image(part))
        refusal = text_of(message.get("refusal"))
        return images + sum(map(self.encoding.count, _texts(content))) + self.encoding.count(refusal)

    def _shown(self, messages: Sequence[Billed]) -> int:
        """Return one for images in a conversation with results, as eight calls of gpt-5-mini are billed."""
        if not any(one.role in _RESULT_ROLES for one in messages):
            return 0
        return 1 if any(_is_image(part) for one in messages for part in objects_of(one.message.get("content"))) else 0

    def _call(self, use: ToolUse) -> int:
        name = self.encoding.count(f" to=functions.{use.name}")
        return self.rates.call + name + self.encoding.count(_compacted(use.arguments))

    def _reasoning_call(self, use: ToolUse) -> int:
        return 7 + self.encoding.count(f" to=functions.{use.name}") + self.encoding.count(use.arguments)

    def _results(self, uses: list[ToolUse], results: list[dict[str, Any]]) -> int:
        names = {use.id: use.name for use in uses}
        return sum(self._result(_result_name(result, names), result) for result in results)

    def _result(self, name: str, result: dict[str, Any]) -> int:
        if self.is_reasoning:
            return 8 + self.encoding.count(f"functions.{name}") + self._content(result)
        return self.rates.result + self.encoding.count(name) + self._content(result)

    def _wrapped(self, uses: list[ToolUse], results: list[dict[str, Any]]) -> int:
        calls = wrap_calls(tuple((use.name, use.arguments) for use in uses))
        tokens = 4 + self.encoding.count(f" to={WRAPPER}") + self.encoding.count(calls)
        if not results:
            return tokens
        answers = _wrap_results(tuple("".join(_texts(result.get("content"))) for result in results))
        return tokens + 6 + self.encoding.count(WRAPPER) + self.encoding.count(answers)


@lru_cache(_REMEMBERED)
def wrap_calls(calls: tuple[tuple[str, str], ...]) -> str:
    """Write several calls, (name, arguments text) each, as the arguments of their wrapper."""
    uses = [{"recipient_name": f"functions.{name}", "parameters": parsed(arguments)} for name, arguments in calls]
    return compact({"tool_uses": uses})


@lru_cache(_REMEMBERED)
def _wrap_results(texts: tuple[str, ...]) -> str:
    # With the spaces and in the ASCII that Python writes by default: so it is billed.
    return spaced([parsed(text) for text in texts])


@lru_cache(_REMEMBERED)
def _compacted(arguments: str) -> str:
    value = parsed(arguments)
    return arguments if value is arguments else compact(value)


def _tool_uses(message: dict[str, Any]) -> list[ToolUse]:
    if message.keys().isdisjoint(("tool_calls", "function_call")):
        return []
    uses = [_tool_use(call) for call in objects_of(message.get("tool_calls"))]
    legacy = object_of(message.get("function_call"))
    return [*uses, _tool_use({"function": legacy})] if legacy else uses


def _tool_use(call: dict[str, Any]) -> ToolUse:
    called = object_of(call.get("function")) or object_of(call.get("custom"))
    arguments = text_of(called.get("arguments")) or text_of(called.get("input"))
    return ToolUse(text_of(call.get("id")), text_of(called.get("name")), arguments)


def _result_name(result: dict[str, Any], names: dict[str, str]) -> str:
    """Return the tool that a result comes from: by its call, else by its own word, else the only one called."""
    answered = text_of(result.get("tool_call_id"))
    return names.get(answered) or text_of(result.get("name")) or (next(iter(names.values())) if names else "")


def _is_image(part: dict[str, Any]) -> bool:
    return part.get("type") == "image_url"


def _count_image(part: dict[str, Any], price: Tiles | Patches) -> int:
    image = object_of(part.get("image_url"))
    width, height = data_uri_size(text_of(image.get("url"))) or _UNKNOWN_SIZE
    return price.bill(width, height, text_of(image.get("detail")))


def _texts(content: object) -> Iterator[str]:
    """Yield the texts of a content, of refusals too; files and sounds have none."""
    yield text_of(content)
    for part in objects_of(content):
        yield text_of(part.get("text")) or text_of(part.get("refusal"))
