"""How the items of a conversation follow each other, and what the API says where they do not.

Calls have outputs and outputs have calls. Of reasoning and of seals, what the fake itself has issued is judged; a
history may come from elsewhere.

Source: answers of api.openai.com and api.deepseek.com as recorded, September 2025 and July 2026, and as users report
them, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from fakellm._anyjson import objects_of
from fakellm._dialects.responses.quirks import quirks_of
from fakellm._dialects.responses.read import call_id_of, is_message
from fakellm._dialects.responses_items.seals import bears_mark, is_intact, is_same, is_wellformed
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.provider import Json, Provider

__all__ = ["Issued", "check_history", "no_item"]


class Issued(NamedTuple):
    """An item of the fake's own, and its neighbours in the same output. is_stored: whether it may be referred to."""

    item: Json
    before: Json | None
    behind: Json | None
    is_stored: bool


def check_history(
    items: Sequence[Json], provider: Provider, *, issued: Mapping[str, Issued], is_given: Callable[[str], bool]
) -> None:
    """Raise Rejected for a conversation that the API of a provider does not take.

    issued: by the ids of items. is_given: whether the test itself has given an encrypted content.
    """
    if provider.rules is None:
        errors = _explain_adjacent(items) if quirks_of(provider).asks_adjacent_outputs else iter(())
        _raise_first(errors)
        return
    _raise_first(_explain_repeated(items))
    for item in items:
        own = issued.get(str(item.get("id")))
        if _is_broken(item, own) and (own is not None or not is_given(item["encrypted_content"])):
            raise Rejected(_not_verified(item))
    for place, item in enumerate(items):
        if (own := issued.get(str(item.get("id")))) is not None:
            _check_own(own, items, place)
    _raise_first(_explain_calls(items))


def _raise_first(errors: Iterator[ErrorBody]) -> None:
    if error := next(errors, None):
        raise Rejected(error)


def _explain_repeated(items: Sequence[Json]) -> Iterator[ErrorBody]:
    """Yield an error for each item that comes again, as where a request sends what it builds on.

    Source: github.com/openai/openai-agents-python/issues/1789 (September 2025).
    """
    names: set[str] = set()
    for name in (item.get("id") for item in items):
        if isinstance(name, str) and name in names:
            yield _error(f"Duplicate item found with id {name}. Remove duplicate items from your input and try again.")
        elif isinstance(name, str):
            names.add(name)


def _check_own(own: Issued, items: Sequence[Json], place: int) -> None:
    name, kind = own.item["id"], own.item["type"]
    if kind == "reasoning":
        if not own.is_stored and not items[place].get("encrypted_content"):
            raise Rejected(no_item(name), status=404)
        following = items[place + 1] if place + 1 < len(items) else {}
        if own.behind is not None and not _is_same(own.behind, following, may_lack_id=not own.is_stored):
            raise Rejected(_error(f"Item '{name}' of type '{kind}' was provided without its required following item."))
    elif own.is_stored and own.before is not None and own.before["type"] == "reasoning":
        needed = own.before["id"]
        if all(item.get("id") != needed for item in items[:place]):
            without = f"was provided without its required 'reasoning' item: '{needed}'."
            raise Rejected(_error(f"Item '{name}' of type '{kind}' {without}"))


def _is_same(item: Json, sent: Json, *, may_lack_id: bool) -> bool:
    """Whether an item of the fake's own has come back. Calls are known by their own ids as well.

    One that was added to a conversation without its id has another there, so a message is known by its text, too.
    """
    if sent.get("id") is not None and sent["id"] == item["id"]:
        return True
    if item.get("call_id") is not None:
        return bool(sent.get("call_id") == item["call_id"])
    is_answer = is_message(sent) and sent["role"] == "assistant"
    return is_answer and (may_lack_id if sent.get("id") is None else _texts(sent) == _texts(item))


def _texts(message: Json) -> list[object]:
    return [part.get("text") for part in objects_of(message.get("content"))]


_CALLS = frozenset(
    {"apply_patch_call", "computer_call", "custom_tool_call", "function_call", "local_shell_call", "shell_call"}
)
_OUTPUTS = frozenset(f"{kind}_output" for kind in _CALLS)


def _explain_calls(items: Sequence[Json]) -> Iterator[ErrorBody]:
    """Yield an error for each output without call, and each call without output."""
    calls = {call_id_of(item): item["type"] for item in items if item.get("type") in _CALLS}
    outputs = {call_id_of(item): item["type"] for item in items if item.get("type") in _OUTPUTS}
    for name, kind in outputs.items():
        if name not in calls:
            yield _error(f"No tool call found for {_spoken(kind)} with call_id {name}.")
    for name, kind in calls.items():
        if name not in outputs:
            yield _error(f"No tool output found for {_spoken(kind)} {name}.")


def _explain_adjacent(items: Sequence[Json]) -> Iterator[ErrorBody]:
    """Yield DeepSeek's error for each call whose output does not stand right behind its group of calls."""
    groups = [(side, list(group)) for side, group in groupby(items, key=_side)]
    for (side, group), (next_side, following) in pairwise([*groups, ("", [])]):
        if side == "calls":
            answered = {None, *map(call_id_of, following if next_side == "outputs" else ())}
            missing = (name for name in map(call_id_of, group) if name not in answered)
            yield from (
                ErrorBody(f"No tool output found for tool call {name}.", code="invalid_request_error")
                for name in missing
            )


def _side(item: Json) -> str:
    kind = item.get("type")
    return "outputs" if kind in _OUTPUTS else "calls" if kind in _CALLS or kind == "reasoning" else ""


def _spoken(kind: str) -> str:
    return kind.replace("_", " ")


def _error(message: str) -> ErrorBody:
    return ErrorBody(message, param="input")


def _is_broken(item: Json, own: Issued | None) -> bool:
    """Whether no API could have issued an encrypted content, or it is one of the fake's own that was changed."""
    content = item.get("encrypted_content")
    if not isinstance(content, str):
        return False
    given = own.item.get("encrypted_content") if own else None
    if isinstance(given, str) and not bears_mark(given):  # the test's own, which may be anything
        return not is_same(content, given)
    name = item.get("id")
    return not is_intact(content, name) if bears_mark(content) else not is_wellformed(content)


def _not_verified(item: Json) -> ErrorBody:
    content, name = item["encrypted_content"], item.get("id")
    what = f"{content[:4]}...{content[-4:]}" if name is None else f"for item {name}"
    return ErrorBody(
        f"The encrypted content {what} could not be verified. Reason: Encrypted content could not be decrypted or "
        "parsed.",
        code="invalid_encrypted_content",
    )


def no_item(name: str) -> ErrorBody:
    """Return the error for an item that was never stored, or is not there any more."""
    return _error(
        f"Item with id '{name}' not found. Items are not persisted when `store` is set to false. Try again with "
        "`store` set to true, or remove this item from your input."
    )
