"""Output items: what an answer holds, each with its id, its status and what a stream cuts it into.

Source: recorded from api.openai.com, 2025 and 2026; the members of items that are not, ``OutputItem`` of the OpenAPI
document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

from fakellm._anyjson import objects_of, text_of
from fakellm._dialects.responses.quirks import quirks_of
from fakellm._dialects.responses.read import included, is_message
from fakellm._dialects.responses_items.ids import item_id
from fakellm._dialects.responses_items.seals import seal
from fakellm._errors import ContradictionError
from fakellm._wire.answer import (
    Choice,
    Completion,
    Logprobs,
    WirePart,
    WireReasoning,
    WireText,
    WireToolCall,
    whole,
)
from fakellm._wire.asked import ChatRequest
from fakellm._wire.parts import Reasoning, ToolCall
from fakellm._wire.provider import Json
from fakellm.tokens._models import facts_of

__all__ = ["Item", "given_item", "hear_item", "output_items"]

_CALLS = MappingProxyType({"function": "function_call", "function_call": "function_call", "custom": "custom_tool_call"})
_WITHOUT_STATUS = frozenset({"additional_tools", "compaction", "mcp_approval_request", "mcp_list_tools", "program"})

# Members that every item of a type has.
_MEMBERS: Mapping[str, Json] = MappingProxyType(
    {
        "message": {"role": "assistant", "content": []},
        "reasoning": {"summary": []},
        "function_call": {"arguments": ""},
        "custom_tool_call": {"input": ""},
        "file_search_call": {"queries": [], "results": None},
        "code_interpreter_call": {"code": "", "outputs": None},
        "computer_call": {"pending_safety_checks": []},
        "mcp_call": {"approval_request_id": None, "arguments": "{}", "error": None, "output": None},
        "mcp_list_tools": {"tools": []},
        "image_generation_call": {"result": None},
        "shell_call": {"environment": None},
        "shell_call_output": {"max_output_length": None, "output": []},
        "tool_search_call": {"call_id": None, "execution": "server", "arguments": {}},
        "tool_search_output": {"call_id": None, "execution": "server", "tools": []},
    }
)
_CALLED_BY_CLIENTS = frozenset({"computer_call", "local_shell_call", "shell_call", "apply_patch_call"})


@dataclass(frozen=True, slots=True)
class Item:
    """One output item.

    body: as it stands in the response. pieces: its text or arguments, cut as a stream sends them; None where the
    stream cuts it by tokens. logprobs: for each piece. thought: what its seal seals, which is another in each event.
    """

    body: Json
    pieces: Sequence[str] | None = None
    logprobs: Logprobs | None = None
    thought: str | None = None

    def at(self, stage: str) -> Json:
        """Return the item as an event has it. stage: ``added`` or ``done``."""
        if self.thought is None:
            return self.body
        return {**self.body, "encrypted_content": seal(self.body["id"], self.thought, stage)}


def given_item(item: Json, answer: Completion, number: int) -> Json:
    """Return an item of the input as it is listed: with an id, a message with its type and its parts."""
    kind = str(item.get("type") or "message")
    made = {"id": item_id(answer, kind, number), "type": kind, "status": "completed", **item}
    if is_message(item) and isinstance(text := item.get("content"), str):
        said = {"type": "output_text", "annotations": [], "logprobs": []}
        part = said if item["role"] == "assistant" else {"type": "input_text"}
        made["content"] = [{**part, "text": text}]
    return made


def output_items(answer: Completion, asked: ChatRequest) -> list[Item]:
    """Return the items of an answer, in order."""
    choice = answer.choices[0]
    if choice.deltas is not None:
        raise ContradictionError(
            "the reply has a mapping among its chunks, a delta of chat completions, which Responses have no place for\n"
            "  give the text's own boundaries as str, or whole items: Reply(parts=[{'type': 'web_search_call', ...}])"
        )
    return list(_Making(answer, asked).items(choice))


class _Making:
    """Makes the items of one answer."""

    def __init__(self, answer: Completion, asked: ChatRequest) -> None:
        self._answer = answer
        self._quirks = quirks_of(asked.provider)
        self._facts = facts_of(asked.model)
        self._sums_up = bool((asked.body.get("reasoning") or {}).get("summary"))
        self._seals = self._quirks.seals and (
            "reasoning.encrypted_content" in included(asked.body) or asked.body.get("store") is False
        )
        self._made = 0

    def items(self, choice: Choice) -> Iterator[Item]:
        parts = [part for part in choice.in_order if not _was_not_reached(part, choice)]
        calls = iter(choice.tool_calls)
        has_calls = bool(choice.tool_calls)
        for part in parts:
            is_last = part is parts[-1]
            status = "incomplete" if is_last and choice.finish_reason == "length" else "completed"
            match part:
                case WireText():
                    yield self._text(part, status, phase="commentary" if has_calls and not is_last else "final_answer")
                case WireReasoning():
                    yield self._reasoning(part)
                case WireToolCall():
                    yield self._call(next(calls), status)
                case _:
                    yield self._given(part, status, calls)

    def _new(self, kind: str, status: str, members: Json) -> Json:
        """Return an item with its id, its type and, where its kind has one, its status."""
        self._made += 1
        made = self._quirks.item_id(item_id(self._answer, kind, self._made))
        has_status = kind not in _WITHOUT_STATUS and (kind != "reasoning" or self._quirks.has_reasoning_status)
        usual = {"id": made, "type": kind, **({"status": status} if has_status else {})}
        return dict(sorted({**usual, **members}.items(), key=_place))

    def _text(self, text: WireText, status: str, *, phase: str) -> Item:
        said = whole(text.pieces)
        part = {"type": "refusal", "refusal": said}
        if not text.is_refusal:
            part = self._part({"text": said, "logprobs": list(chain.from_iterable(text.logprobs or ()))})
        members = {"content": [part], "role": "assistant"} | ({"phase": phase} if self._facts.has_phases else {})
        return Item(self._new("message", status, members), text.pieces, text.logprobs)

    def _part(self, members: Json) -> Json:
        """Return a text part with all its members."""
        full = {"type": "output_text", "annotations": [], "logprobs": [], **members}
        return {name: member for name, member in full.items() if name not in self._quirks.part_omits}

    def _reasoning(self, reasoning: WireReasoning) -> Item:
        text = whole(reasoning.pieces)
        members: Json = {"summary": []}
        if self._quirks.shows_thoughts or self._facts.has_modes:
            members["content"] = []
        if text and not reasoning.redacted and self._quirks.shows_thoughts:
            members["content"] = [{"type": "reasoning_text", "text": text}]
        elif text and not reasoning.redacted and self._sums_up:
            members["summary"] = [{"type": "summary_text", "text": text}]
        if reasoning.signature is not None:
            members["encrypted_content"] = reasoning.signature
        return self._sealed(self._new("reasoning", "completed", members), text, reasoning.pieces)

    def _sealed(self, body: Json, text: str, pieces: Sequence[str] | None = None) -> Item:
        if not self._seals or "encrypted_content" in body:
            return Item(body, pieces)
        sealed = {**body, "encrypted_content": seal(body["id"], text)}
        return Item(dict(sorted(sealed.items(), key=_place)), pieces, thought=text)

    def _call(self, call: WireToolCall, status: str) -> Item:
        argument = "input" if call.kind == "custom" else "arguments"
        members = {"call_id": call.id, "name": call.name, argument: call.arguments}
        return Item(self._new(_CALLS[call.kind], status, members), call.pieces)

    def _given(self, item: Mapping[str, Any], status: str, calls: Iterator[WireToolCall]) -> Item:
        """Return an item that the test gave, with what it left out."""
        kind = item.get("type") or ("message" if "role" in item else None)
        if not isinstance(kind, str):
            raise ContradictionError(
                f"the reply has the part {dict(item)!r}, which is no output item: it has no type\n"
                "  type: {'type': 'web_search_call', 'action': {...}}"
            )
        heard = hear_item(item)
        members = {**_MEMBERS.get(kind, {}), **item}
        if isinstance(heard, ToolCall):
            members.setdefault("call_id", next(calls).id)
        elif kind in _CALLED_BY_CLIENTS:
            members.setdefault("call_id", self._answer.identity.call_id(100 + self._made))
        elif kind == "message":
            members["content"] = [self._content(part) for part in _parts(item.get("content"))]
        body = self._new(kind, status, members)
        if kind == "compaction":
            body.setdefault("encrypted_content", seal(body["id"], ""))
        return self._sealed(body, heard.text) if isinstance(heard, Reasoning) else Item(body)

    def _content(self, part: Json) -> Json:
        return self._part(part) if part.get("type", "output_text") == "output_text" else part


def _place(member: tuple[str, Any]) -> tuple[int, str]:
    """Return where a member of an item stands: id, type and status first, the others by the alphabet."""
    return {"id": 0, "type": 1, "status": 2}.get(member[0], 3), member[0]


def _was_not_reached(part: WirePart, choice: Choice) -> bool:
    """Whether this is a text that the limit left nothing of, so that the model never came to it."""
    is_empty = isinstance(part, WireText) and not whole(part.pieces)
    return is_empty and choice.finish_reason == "length" and len(choice.in_order) > 1


def _parts(content: object) -> list[Json]:
    return [{"text": content}] if isinstance(content, str) else objects_of(content)


def hear_item(item: Mapping[str, Any]) -> str | ToolCall | Reasoning | None:
    """Return what an output item says: text, a call or what is thought; None for any other item."""
    match item.get("type") or ("message" if "role" in item else None):
        case "message":
            return "".join(text_of(part.get("text")) for part in _parts(item.get("content")))
        case "function_call" | "custom_tool_call":
            arguments = text_of(item.get("arguments")) or text_of(item.get("input"))
            return ToolCall(text_of(item.get("name")), arguments, id=text_of(item.get("call_id")) or None)
        case "reasoning":
            parts = objects_of(item.get("content")) + objects_of(item.get("summary"))
            return Reasoning("\n\n".join(text_of(part.get("text")) for part in parts))
        case _:
            return None
