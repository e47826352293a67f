"""The conversation of a journal, as text that a person can read; the same on every run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fakellm._anyjson import readable
from fakellm._script.journal import Call
from fakellm._script.reply import ErrorReply, Reasoning, Reply, ToolCall, other_ways
from fakellm._script.transform import name_of
from fakellm._wire.asked import Message, text_of
from fakellm._wire.parts import Part
from fakellm._wire.voice import SOMEBODY

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Transcript", "transcript"]

# How the head of a call ends whose answer was an error.
_FAILED = re.compile(r"\[[45]\d\d[],]")


class Transcript(str):
    """The text, which rich prints in colours: ``rich.print(llm.transcript())``."""

    __slots__ = ()

    def __rich__(self) -> Text:
        from rich.text import Text

        text, answer = Text(), "green"
        for line in self.split("\n"):
            # A head stands at the margin; of what messages say, every line is indented by more than "=>".
            if line.startswith("call "):
                answer = "red" if _FAILED.search(line) else "green"
                text.append(line + "\n", "bold")
            else:
                text.append(line + "\n", answer if line.startswith("  => ") else "")
        text.right_crop(1)
        return text


def transcript(calls: Iterable[Call]) -> Transcript:
    """Return the calls as text: of each its head, the messages it added, the answer it got."""
    lines: list[str] = []
    before: list[Message] = []
    for call in calls:
        lines.append(_head(call))
        added = [line for message in _added(call.messages, before) for line in _message(message)]
        lines += [f"  {line}" for line in added or ["(nothing new)"] if call.messages]
        lines += [f"  => {line}" for line in (*_answer(call), *_ending(call))]
        before = call.messages
    return Transcript("\n".join(lines))


def _head(call: Call) -> str:
    attempt = f", retry {call.attempt}" if call.attempt else ""
    stream = ", stream" if call.stream else ""
    subject = f" {call.model}" if call.model else ""
    is_lost = call.ending is not None and call.ending.status is None
    status = "no response" if is_lost else call.status
    return f"call {call.number}: {call.wire.method} {call.wire.path}{subject} [{status}{stream}{attempt}]"


def _added(messages: list[Message], before: list[Message]) -> list[Message]:
    """Return what a conversation gained since the call before; all of it where it is another one."""
    return messages[len(before) :] if before and messages[: len(before)] == before else messages


def _message(message: Message) -> Iterator[str]:
    text = text_of(message)
    if text or not message.get("tool_calls"):
        yield f"{message.get('role')}: {_indented(text)}"
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        yield f"{message.get('role')} calls {_call(call)}"


def _call(call: Any) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return json.dumps(call)
    return f"{function.get('name')}({function.get('arguments')})"


def _answer(call: Call) -> Iterator[str]:
    match call.reply:
        case ErrorReply() as error:
            speaker = call.request.speaker if call.request else SOMEBODY
            yield f"error {speaker.status(error)}: {speaker.words(error, **error.facts).message}"
        case Reply() as reply:
            if call.explanation:
                yield call.headline
            yield from _scripted(reply) if (received := _received(call)) is None else _read(call, received)
        case None if call.recorded is not None:
            received = _received(call)
            yield from _read(call, call.recorded, " from the cassette") if received is None else _read(call, received)
        case _:
            yield call.headline or call.outcome.value


def _scripted(reply: Reply) -> Iterator[str]:
    if reply.reasoning is not None:
        yield f"(thinks) {_indented(reply.reasoning)}"
    if reply.text is not None:
        yield _indented(reply.text)
    if reply.parts is not None:
        yield from map(_part, reply.parts)
    else:
        yield from (f"{what}: {_indented(str(said))}" for what, said in other_ways(reply))
    yield from (f"calls {tool.name}({tool.arguments_text})" for tool in reply.tool_calls)


def _part(part: Part) -> str:
    match part:
        case ToolCall():
            return f"calls {part.name}({part.arguments_text})"
        case Reasoning():
            return f"(thinks) {_indented(part.text)}"
        case str():
            return _indented(part)
        case _:
            return readable(dict(part))


def _received(call: Call) -> bytes | None:
    """Return what came of an answer that may not have come as it was scripted; None where it came, or is to come."""
    if call.ending is None:
        return None
    if call.ending.status is None:
        return b""
    return None if call.ending.received is None else b"".join(call.ending.received)


def _ending(call: Call) -> Iterator[str]:
    if call.met is not None:
        yield f"fault: {name_of(call.met)}"
    if call.cancelled:
        yield f"cancelled after {_count(call.chunks, 'chunk')}"


def _read(call: Call, body: bytes, source: str = "") -> Iterator[str]:
    """Yield what an answer says, or how long it is where it says nothing. source: where it came from."""
    answer = call.hear(body)
    is_understood = answer is not None and bool(call.endpoint or answer.error)
    if body and not is_understood:
        yield f"{_count(len(body), 'byte')}{source}"
    if answer is None:
        return
    if answer.error:
        yield f"error: {answer.error}"
    if answer.reasoning:
        yield f"(thinks) {_indented(answer.reasoning)}"
    yield from (f"runs {name}({asked})" for name, asked in answer.hosted)
    if answer.text:
        yield _indented(answer.text)
    if answer.refusal:
        yield f"the refusal: {_indented(answer.refusal)}"
    yield from (f"calls {name}({arguments})" for name, arguments in answer.tool_calls)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _indented(text: str) -> str:
    return text.replace("\n", "\n     ")
