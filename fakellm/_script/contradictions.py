"""What a reply cannot say to a request: a mistake of the test's author, which no model would make.

Objects are held to the schema of the request, a str to none; calls to what is offered, and to how the request chooses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from fakellm._errors import ContradictionError, did_you_mean
from fakellm._script.reply import Reply, ToolCall
from fakellm._script.structured import misfit
from fakellm._wire.asked import ChatRequest
from fakellm._wire.parts import Part, Reasoning
from fakellm._wire.terms import Terms
from fakellm._wire.voice import MESSAGE_FIELDS

__all__ = ["check_fields", "check_parts", "check_reply"]

_DELIBERATE = "if the test means it: Reply(..., deliberate=True)"


def check_fields(reply: Reply, request: ChatRequest) -> None:
    """Raise where a reply says what the API that is asked has no place for, or more or less than is asked for.

    Raises:
        ContradictionError: with the field, and those that there is a place for; with both numbers of vectors and
            inputs, or of alternatives.
    """
    takes = request.voice.takes
    for name in _without_place(takes):
        is_given = bool(reply.tool_calls) if name == "tool_calls" else getattr(reply, name) is not None
        if is_given:
            known = ", ".join(f"{name}=" for name in sorted(takes)) or "an ErrorReply, a fault, or raw="
            raise ContradictionError(
                f"the reply has {name}, for which {request.voice.spoken_at} has no place\n  to answer it, type: {known}"
            )
    if reply.vectors is not None and len(reply.vectors) != len(request.messages) and not reply.deliberate:
        raise ContradictionError(
            f"the reply has {len(reply.vectors)} vectors, the request {len(request.messages)} inputs\n"
            f"  script a vector for each input; {_DELIBERATE}"
        )
    if reply.choices is not None and len(reply.choices) != (n := request.facts.terms.n) and not reply.deliberate:
        raise ContradictionError(
            f"the reply has {len(reply.choices)} choices, the request asks for n={n}\n"
            f"  script as many choices as the request asks for; {_DELIBERATE}"
        )


_CONTENT = MESSAGE_FIELDS | {"vectors"}


@lru_cache(maxsize=64)
def _without_place(takes: frozenset[str]) -> list[str]:
    """Return the fields that an API has no place for. takes: those that it has one for."""
    return sorted(_CONTENT - takes)


def check_parts(parts: Sequence[Part], request: ChatRequest) -> None:
    """Raise where a part has no place in the API that is asked; it would be lost, so that nothing allows it.

    Raises:
        ContradictionError: the part, the API, what to type.
    """
    voice = request.voice
    if voice.part_kind:
        return
    for part in parts:
        if isinstance(part, Mapping) or (isinstance(part, Reasoning) and (part.signature or part.redacted)):
            what = "mapping" if isinstance(part, Mapping) else "sealed Reasoning"
            raise ContradictionError(
                f"the reply has the part {part!r}, and {voice.spoken_at} has no place for a {what}\n"
                f"  leave it out, or answer this API by a rule of its own: when(endpoint={voice.endpoint!r})"
            )


def check_reply(scripted: Reply, said: Reply, terms: Terms) -> None:
    """Raise where a reply contradicts the terms.

    scripted: as the test wrote it. said: the same with its object delivered.

    Raises:
        ContradictionError: what the reply says, what the request allows, what to type.
    """
    if scripted.deliberate:
        return
    if (problem := next(_problems(scripted, said, terms), None)) is not None:
        raise ContradictionError(f"{problem}; {_DELIBERATE}")


def _problems(scripted: Reply, said: Reply, terms: Terms) -> Iterator[str]:
    if said.tool_calls:
        yield from _problems_of_calls(said.tool_calls, terms)
    elif _ends_itself(said) and (forced := terms.must_call):
        yield (
            f"the reply calls no tool, the request has {forced}\n  script a call: ToolCall({_example(terms)}, {{...}})"
        )
    if scripted.parsed is None or said.text is None or (schema := terms.strict_schema) is None:
        return
    yield from _misfits("the parsed object does", from_json(said.text), schema, "the strict schema of response_format")


def _ends_itself(said: Reply) -> bool:
    """Whether it is a whole answer in text: one that broke off, or declined, calls no tool however it is asked."""
    return said.refusal is None and said.finish_reason in (None, "stop")


def _example(terms: Terms) -> str:
    return repr(terms.forced_tool or next(iter(terms.allowed_tools or terms.tool_names), "name"))


def _problems_of_calls(calls: Sequence[ToolCall], terms: Terms) -> Iterator[str]:
    offered = terms.tool_names
    for call in calls:
        if call.name not in offered:
            listed = ", ".join(map(repr, offered)) or "no tools"
            yield (f"the reply calls {call.name!r}, the request offers {listed}\n  {_nearest(call.name, offered)}")
    allowed = terms.allowed_tools
    if allowed is not None and (barred := [call.name for call in calls if call.name not in allowed]):
        listed = ", ".join(map(repr, allowed))
        yield f"the reply calls {barred[0]!r}, tool_choice allows {listed}\n  script a call of what it allows"
    if forbidden := terms.must_not_call:
        yield f"the reply calls {calls[0].name!r}, the request has {forbidden}\n  script a text"
    if (forced := terms.forced_tool) and calls[0].name != forced:
        yield f"the reply calls {calls[0].name!r}, the request forces {forced!r}\n  script a call of {forced!r}"
    if len(calls) > 1 and terms.one_call_at_most:
        why = "parallel_tool_calls is false" if terms.tools else "functions allow one call"
        yield f"the reply makes {len(calls)} tool calls, {why} in the request\n  script one call a reply"
    for call in calls:
        schema = terms.strict_parameters_of(call.name)
        if schema is not None and isinstance(call.arguments, Mapping):
            what, of = f"the arguments of {call.name!r} do", "the strict schema of the tool"
            yield from _misfits(what, from_json(call.arguments_text), schema, of)


def _nearest(name: str, offered: Sequence[str]) -> str:
    if hint := did_you_mean(name, offered):
        return f"{hint.removeprefix('; ')} A call names a tool that the request offers"
    return "offer the tool in the code under test, or script another call"


def _misfits(what: str, value: Any, schema: Mapping[str, Any], of: str) -> Iterator[str]:
    if (why := misfit(value, schema)) is not None:
        yield f"{what} not fit {of}: {why}\n  correct the object, or give the text to send as a str"
