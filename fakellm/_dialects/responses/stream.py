"""The events of a streamed response, numbered from 0; after each name its grammar, as recorded from api.openai.com.

    stream    := created queued? in_progress item* (completed | incomplete | failed)
    item      := output_item.added body output_item.done
    message   := (content_part.added delta* annotation.added* text.done content_part.done)*
    reasoning := (summary_part.added delta* text.done summary_part.done)*, or content parts where thoughts are shown
    call      := delta* done

What hosted tools send between the two events of their item stands in the tables below. Members are in the order of the
alphabet behind ``type``, as they have been since 2026.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from pydantic_core import to_json

from fakellm._anyjson import list_of, object_of, objects_of, text_of
from fakellm._dialects.openai.answers import head_of_stream
from fakellm._dialects.responses.quirks import quirks_of
from fakellm._dialects.responses.say import begun, ended
from fakellm._dialects.responses_items.items import Item, output_items
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.events import Whole
from fakellm._wire.provider import Json
from fakellm._wire.sse import encode_event
from fakellm.tokens import encoding_for_model

__all__ = ["render_stream"]


def render_stream(answer: Completion, asked: ChatRequest, *, is_padded: bool = True) -> Whole:
    """Return the head and the events of a streamed answer. is_padded: whether deltas may be padded."""
    items, quirks = output_items(answer, asked), quirks_of(asked.provider)
    whole = begun(answer, asked)
    response = quirks.response(whole, is_final=False)
    stream = _Stream(asked, is_padded=is_padded)
    if asked.body.get("background") is True:
        waiting = {**response, "status": "queued"}
        stream.event("response.created", response=waiting)
        stream.event("response.queued", response=waiting)
    else:
        stream.event("response.created", response=response)
    stream.event("response.in_progress", response=response)
    for index, item in enumerate(items):
        stream.event("response.output_item.added", item=_added(item), output_index=index)
        if body := _BODIES.get(item.body["type"]):
            body(stream, item, index)
        stream.event("response.output_item.done", item=item.at("done"), output_index=index)
    last = quirks.response(ended(whole, answer, asked, items), is_final=True)
    stream.event(f"response.{last['status']}", response=last)
    return Whole(head_of_stream(answer), *stream.parts_and_chunks())


_PADDED_TO = 16  # letters of a delta and of what pads it together, as recorded
_PADDING = "fakellm-padding"
_PADS = [_PADDING[:length].encode() for length in range(_PADDED_TO)]
_PIECE, _PAD, _NUMBER = "\0the piece\0", "\0the padding\0", "\0the number\0"
_PIECE_JSON, _PAD_JSON, _NUMBER_JSON = to_json(_PIECE)[1:-1], to_json(_PAD)[1:-1], to_json(_NUMBER)


class _Stream:
    """Gathers the events of one answer.

    The law of chunks: what comes before the first piece is one, each piece is one, what closes the stream is one.
    """

    def __init__(self, asked: ChatRequest, *, is_padded: bool) -> None:
        quirks = quirks_of(asked.provider)
        self._model = asked.model
        self._before, self._after = quirks.before, quirks.after
        self._names_events = quirks.names_events
        options = object_of(asked.body.get("stream_options"))
        is_wanted = options.get("include_obfuscation") is not False and asked.body.get("background") is not True
        self._is_padded = is_padded and quirks.obfuscates and is_wanted
        self._parts: list[bytes] = []
        self._pieces: list[range] = []  # the places of pieces in it

    def event(self, name: str, **members: Any) -> None:
        """Send an event with these members and its number."""
        members["sequence_number"] = len(self._parts)
        data = to_json({"type": name, **dict(sorted(members.items()))})
        self._parts.append(encode_event(data, event=self._name(name)))

    def pieces(self, name: str, pieces: Sequence[str], **members: Any) -> None:
        """Send an event for each piece of a text.

        A stream is hundreds of events that differ in their piece and their number alone: writing JSON for each would
        take most of the time.
        """
        start = len(self._parts)
        head, middles, tail = self._frame(name, members)
        self._parts += [
            b"%b%b%b%d%b" % (head, to_json(piece)[1:-1], middles[-len(piece) % _PADDED_TO], number, tail)
            for number, piece in enumerate(pieces, start)
        ]
        self._pieces.append(range(start, len(self._parts)))

    def told(self, name: str, pieces: Iterable[tuple[str, Any]], **members: Any) -> None:
        """Send an event for each piece of a text, with its own log probabilities."""
        start = len(self._parts)
        for piece, entries in pieces:
            padding = {"obfuscation": _PADS[-len(piece) % _PADDED_TO].decode()} if self._is_padded else {}
            self.event(name, delta=piece, logprobs=entries, **padding, **members)
        self._pieces.append(range(start, len(self._parts)))

    def cut(self, text: str) -> tuple[str, ...]:
        """Return a text as the model streams it."""
        return encoding_for_model(self._model).split(text)

    def _frame(self, name: str, members: Mapping[str, Any]) -> tuple[bytes, list[bytes], bytes]:
        """Return what stands before the piece of an event, between it and the number, by padding, and behind that."""
        padding = {"obfuscation": _PAD} if self._is_padded else {}
        whole = {"delta": _PIECE, "sequence_number": _NUMBER, **padding, **members}
        data = encode_event(to_json({"type": name, **dict(sorted(whole.items()))}), event=self._name(name))
        head, _, rest = data.partition(_PIECE_JSON)
        middle, _, tail = rest.partition(_NUMBER_JSON)
        return head, [middle.replace(_PAD_JSON, pad) for pad in _PADS], tail

    def _name(self, name: str) -> str | None:
        return name if self._names_events else None

    def parts_and_chunks(self) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
        """Return the bytes of the events, and how many chunks end within each."""
        chunks = [0] * len(self._parts)
        places = [place for pieces in self._pieces for place in pieces]
        for place in places:
            chunks[place] = 1
        chunks[places[0] - 1 if places else len(chunks) - 2] = 1
        chunks[-1] = 1
        before, after = ([(data, 0)] if data else [] for data in (self._before, self._after))
        whole = [*before, *zip(self._parts, chunks, strict=True), *after]
        return tuple([data for data, _ in whole]), tuple([count for _, count in whole])


# What the members of an item hold when it is added; some are not there yet.
_EMPTY: Mapping[str, Json] = MappingProxyType(
    {
        "message": {"content": []},
        "reasoning": {"content": [], "summary": []},
        "function_call": {"arguments": ""},
        "custom_tool_call": {"input": ""},
        "file_search_call": {"queries": [], "results": None},
        "code_interpreter_call": {"code": "", "outputs": []},
        "mcp_call": {"arguments": "", "error": None, "output": None},
        "mcp_list_tools": {"tools": []},
        "image_generation_call": {"result": None},
        "shell_call_output": {"output": []},
        "tool_search_call": {"arguments": {}},
    }
)
_NOT_YET = MappingProxyType({"web_search_call": {"action"}})


def _added(item: Item) -> Json:
    """Return an item as it begins."""
    body = item.at("added")
    kind = body["type"]
    begins = {name: value for name, value in _EMPTY.get(kind, {}).items() if body.get(name) is not None}
    if kind == "shell_call":
        begins["action"] = {**object_of(body.get("action")), "commands": []}
    if "status" in body:
        begins["status"] = "in_progress"
    absent = _NOT_YET.get(kind, ())
    return {name: value for name, value in {**body, **begins}.items() if name not in absent}


def _message(stream: _Stream, item: Item, index: int) -> None:
    for place, part in enumerate(objects_of(item.body["content"])):
        at = {"content_index": place, "item_id": item.body["id"], "output_index": index}
        refusal = part.get("refusal")
        empty: Json = {"text": "", "annotations": [], "logprobs": []} if refusal is None else {"refusal": ""}
        begun_part = {name: empty.get(name, value) for name, value in part.items()}
        stream.event("response.content_part.added", part=begun_part, **at)
        if refusal is None:
            _text(stream, item, part, at)
        else:
            stream.pieces("response.refusal.delta", item.pieces or stream.cut(refusal), **at)
            stream.event("response.refusal.done", refusal=refusal, **at)
        stream.event("response.content_part.done", part=part, **at)


def _text(stream: _Stream, item: Item, part: Json, at: Json) -> None:
    """Send the pieces of a text, each annotation where it belongs between them."""
    text = text_of(part.get("text"))
    pieces = stream.cut(text) if item.pieces is None else item.pieces
    start = 0
    for number, annotation in enumerate(objects_of(part.get("annotations"))):
        end = max(start, _pieces_before(annotation, pieces))
        _said(stream, item, pieces, slice(start, end), at)
        added = {"annotation": annotation, "annotation_index": number}
        stream.event("response.output_text.annotation.added", **added, **at)
        start = end
    _said(stream, item, pieces, slice(start, len(pieces)), at)
    stream.event("response.output_text.done", text=text, logprobs=part.get("logprobs", []), **at)


def _pieces_before(annotation: Json, pieces: Sequence[str]) -> int:
    """Return behind which piece an annotation comes: the one that reaches its end; of a file, its closing bracket."""
    end = annotation.get("end_index", annotation.get("index"))
    if not isinstance(end, int):
        return len(pieces)
    end += annotation.get("type") == "container_file_citation"
    return min(bisect_left(list(accumulate(map(len, pieces))), end) + 1, len(pieces))


def _said(stream: _Stream, item: Item, pieces: Sequence[str], part: slice, at: Json) -> None:
    if item.logprobs:
        stream.told(_TEXT, zip(pieces[part], item.logprobs[part], strict=False), **at)
    elif pieces[part]:
        stream.pieces(_TEXT, pieces[part], logprobs=[], **at)


_TEXT = "response.output_text.delta"


def _reasoning(stream: _Stream, item: Item, index: int) -> None:
    at = {"item_id": item.body["id"], "output_index": index}
    for place, part in enumerate(objects_of(item.body.get("content"))):
        names = "content_part", "reasoning_text"
        _thought(stream, item, part, names, {**at, "content_index": place})
    for place, part in enumerate(objects_of(item.body.get("summary"))):
        names = "reasoning_summary_part", "reasoning_summary_text"
        _thought(stream, item, part, names, {**at, "summary_index": place})


def _thought(stream: _Stream, item: Item, part: Json, names: tuple[str, str], at: Json) -> None:
    """Send one part of what is thought. names: of events around it, of those with its text."""
    around, inside = names
    text = text_of(part.get("text"))
    stream.event(f"response.{around}.added", part={**part, "text": ""}, **at)
    stream.pieces(f"response.{inside}.delta", item.pieces or stream.cut(text), **at)
    stream.event(f"response.{inside}.done", text=text, **at)
    stream.event(f"response.{around}.done", part=part, **at)


def _written(name: str, member: str, *, before: str = "", after: str = "") -> Callable[[_Stream, Item, int], None]:
    """Return the body of an item of which the model writes one member.

    before, after: names of events around it, apart; ``completed`` is ``failed`` where the item says so.
    """

    def body(stream: _Stream, item: Item, index: int) -> None:
        at = {"item_id": item.body["id"], "output_index": index}
        text = text_of(item.body.get(member))
        _tell(stream, item, at, before.split())
        stream.pieces(f"response.{name}.delta", stream.cut(text) if item.pieces is None else item.pieces, **at)
        stream.event(f"response.{name}.done", **{member: text}, **at)
        _tell(stream, item, at, after.split())

    return body


def _hosted(names: str) -> Callable[[_Stream, Item, int], None]:
    """Return the body of an item that the API works on, with an event for each step."""
    return lambda stream, item, index: _tell(
        stream, item, {"item_id": item.body["id"], "output_index": index}, names.split()
    )


def _tell(stream: _Stream, item: Item, at: Json, steps: Iterable[str]) -> None:
    has_failed = bool(item.body.get("error")) or item.body.get("status") == "failed"
    for step in steps:
        name = "failed" if step == "completed" and has_failed and item.body["type"].startswith("mcp_") else step
        stream.event(f"response.{item.body['type']}.{name}", **at)


def _shell(stream: _Stream, item: Item, index: int) -> None:
    for place, command in enumerate(list_of(object_of(item.body.get("action")).get("commands"))):
        at = {"command_index": place, "output_index": index}
        stream.event("response.shell_call_command.added", command="", **at)
        stream.pieces("response.shell_call_command.delta", stream.cut(text_of(command)), **at)
        stream.event("response.shell_call_command.done", command=command, **at)


def _shell_output(stream: _Stream, item: Item, index: int) -> None:
    for place, content in enumerate(objects_of(item.body.get("output"))):
        at = {"command_index": place, "item_id": item.body["id"], "output_index": index}
        said = {name: content[name] for name in ("stdout", "stderr") if content.get(name)}
        if said:
            stream.event("response.shell_call_output_content.delta", delta=said, **at)
        stream.event("response.shell_call_output_content.done", output=[content], **at)


_BODIES: Mapping[str, Callable[[_Stream, Item, int], None]] = MappingProxyType(
    {
        "message": _message,
        "reasoning": _reasoning,
        "function_call": _written("function_call_arguments", "arguments"),
        "custom_tool_call": _written("custom_tool_call_input", "input"),
        "mcp_call": _written("mcp_call_arguments", "arguments", before="in_progress", after="completed"),
        "code_interpreter_call": _written(
            "code_interpreter_call_code", "code", before="in_progress", after="interpreting completed"
        ),
        "web_search_call": _hosted("in_progress searching completed"),
        "file_search_call": _hosted("in_progress searching completed"),
        "image_generation_call": _hosted("in_progress generating completed"),
        "mcp_list_tools": _hosted("in_progress completed"),
        "compaction": _hosted("compacting"),
        "shell_call": _shell,
        "shell_call_output": _shell_output,
    }
)
