"""Results of moderations: nothing is flagged, unless the test says so in ``extra``.

Source: ``CreateModerationResponse`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakellm._anyjson import list_of, object_of, objects_of
from fakellm._errors import ContradictionError, did_you_mean
from fakellm._wire.asked import Message
from fakellm._wire.provider import Json

__all__ = ["results_of", "told"]

# Each with whether it is found in images as well.
_CATEGORIES = {
    "harassment": False,
    "harassment/threatening": False,
    "sexual": True,
    "hate": False,
    "hate/threatening": False,
    "illicit": False,
    "illicit/violent": False,
    "self-harm/intent": True,
    "self-harm/instructions": True,
    "self-harm": True,
    "sexual/minors": False,
    "violence": True,
    "violence/graphic": True,
}
_UNLIKELY, _LIKELY = 0.00001, 0.9
_PER_CATEGORY = ("categories", "category_scores", "category_applied_input_types")


def results_of(messages: Sequence[Message], extra: Json) -> list[Json]:
    """Return what is found in each input. extra: what the test says of the answer, less what is taken for them."""
    given = _given(extra, len(messages))
    return [_result(_kinds_of(message), one) for message, one in zip(messages, given, strict=True)]


def _given(extra: Json, inputs: int) -> list[Json]:
    """Take from ``extra`` what the test says of each input: of all alike, or one by one in ``results``."""
    common = {name: extra.pop(name) for name in ("flagged", *_PER_CATEGORY) if name in extra}
    if (each := extra.pop("results", None)) is None:
        return [common] * inputs
    if len(list_of(each)) != inputs:
        raise ContradictionError(
            f"the reply has {len(list_of(each))} results, the request {inputs} inputs\n"
            "  give one for each input: extra={'results': [{'categories': {'violence': True}}, {}]}"
        )
    return [common | object_of(one) for one in each]


def _kinds_of(message: Message) -> list[str]:
    """Return of what an input is made, text and images."""
    parts = objects_of(message.get("content"))
    kinds = {"image" if "image_url" in part else "text" for part in parts} or {"text"}
    return sorted(kinds, reverse=True)


def _result(kinds: list[str], given: Mapping[str, Any]) -> Json:
    """Return what is found in one input. kinds: of what it is made. given: what the test says of it."""
    _check_names(given)
    categories = dict.fromkeys(_CATEGORIES, False) | object_of(given.get("categories"))
    looked_at = {
        name: [kind for kind in kinds if in_images or kind == "text"] for name, in_images in _CATEGORIES.items()
    }
    scores = {name: _LIKELY if categories[name] else _UNLIKELY for name in _CATEGORIES}
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": scores | object_of(given.get("category_scores")),
        "category_applied_input_types": looked_at | object_of(given.get("category_applied_input_types")),
        **{name: value for name, value in given.items() if name not in _PER_CATEGORY},
    }


def _check_names(given: Mapping[str, Any]) -> None:
    unknown = [name for member in _PER_CATEGORY for name in object_of(given.get(member)) if name not in _CATEGORIES]
    if unknown:
        raise ContradictionError(
            f"moderations have no category {unknown[0]!r}{did_you_mean(unknown[0], _CATEGORIES)}\n"
            f"  type one of {', '.join(_CATEGORIES)}"
        )


def told(result: Json) -> str:
    """Return a result in words."""
    found = [name for name, is_found in object_of(result.get("categories")).items() if is_found]
    return f"flagged: {', '.join(found)}" if result.get("flagged") else "not flagged"
