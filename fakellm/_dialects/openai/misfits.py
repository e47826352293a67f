"""The sentence of each misfit, as the OpenAI API says it, with its code and param.

Source: as for ``rejections``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from fakellm._dialects.openai.rejections import kind_of, missing, unrecognized, wrong_type
from fakellm._dialects.shapes import (
    Also,
    AnyOf,
    Choice,
    Either,
    Kind,
    Later,
    ListOf,
    Members,
    Misfit,
    Number,
    Quick,
    Remembered,
    Shape,
    Text,
)
from fakellm._wire.errors import ErrorBody
from fakellm._wire.provider import Json

__all__ = ["explain_body", "sentence"]


def explain_body(shape: Members, body: Json) -> ErrorBody | None:
    """Return the error for the first thing that is wrong with a body; what is unknown at the top comes first."""
    if (misfit := shape.misfit(body)) is None:
        return None
    unknown = [name for name in body if name not in shape.members] if shape.closed else []
    return unrecognized(unknown) if unknown else sentence(misfit)


def sentence(misfit: Misfit) -> ErrorBody:
    """Return the error for what is wrong with a body."""
    return _SENTENCES[misfit.kind](_place(misfit.path), **misfit.facts)


def _place(path: tuple[str | int, ...]) -> str:
    """Return a path as the API writes it: ``messages[0].content``."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".")


def _alternatives(values: Iterable[str], conjunction: str) -> str:
    """Return ``'a', 'b', and 'c'``; two are joined without a comma."""
    return _joined([f"'{value}'" for value in values], conjunction)


def _joined(values: Sequence[str], conjunction: str) -> str:
    *rest, last = values
    if not rest:
        return last
    return f"{', '.join(rest)}{',' if len(rest) > 1 else ''} {conjunction} {last}"


def _expected(shape: Shape) -> str:
    """Return what the API calls a value of this shape, with its article."""
    match shape:
        case Also() | Later() | Quick() | Remembered():
            return _expected(shape.shape)
        case Kind():
            return kind_of(shape.kind())
        case Number():
            return "an integer" if shape.kind == "integer" else "a decimal"
        case Text():
            return "a string"
        case Choice():
            return f"one of {_alternatives(shape.values, 'or')}"
        case ListOf():
            return f"an array of {_several(shape.item)}"
        case Either():
            first, *others = dict.fromkeys(map(_expected, shape.shapes.values()))
            return f"one of {_joined([first, *map(_bare, others)], 'or')}"
        case AnyOf():
            return _expected(shape.shapes[0])
    return "an object"


def _bare(noun: str) -> str:
    return noun.removeprefix("a ").removeprefix("an ")


def _several(shape: Shape) -> str:
    """Return what the API calls several values of this shape: ``objects``, ``one of 'text' or 'audio'``."""
    noun = _expected(shape)
    if noun.startswith("one of"):
        return noun
    first, *others = _bare(noun).split(" ", 1)
    return " ".join([f"{first}s", *others])


def _wrong_shape(param: str, expected: Shape, got: object) -> ErrorBody:
    return wrong_type(param, _expected(expected), got)


def _wrong_value(param: str, supported: Sequence[str], got: object) -> ErrorBody:
    """A string that is none of those supported."""
    return ErrorBody(
        f"Invalid value: '{got}'. Supported values are: {_alternatives(supported, 'and')}.",
        param=param,
        code="invalid_value",
    )


def _out_of_range(param: str, *, got: float, kind: str, minimum: float | None, maximum: float | None) -> ErrorBody:
    """A number outside of its bounds. kind: integer or decimal."""
    below = minimum is not None and got < minimum
    side, bound = ("below minimum", f">= {minimum}") if below else ("above maximum", f"<= {maximum}")
    return ErrorBody(
        f"Invalid '{param}': {kind} {side} value. Expected a value {bound}, but got {got} instead.",
        param=param,
        code=f"{kind}_below_min_value" if below else f"{kind}_above_max_value",
    )


def _too_short(param: str, kind: str, minimum: int, length: int) -> ErrorBody:
    """A string or an array that is too short; for one that is not empty the pattern of its neighbours."""
    found, got = f"empty {kind}", f"an empty {kind}"
    if length:
        found, got = f"{kind} too short", f"{_a(kind)} with length {length}"
    return ErrorBody(
        f"Invalid '{param}': {found}. Expected {_a(kind)} with minimum length {minimum}, but got {got} instead.",
        param=param,
        code=f"{kind}_below_min_length" if length else f"empty_{kind}",
    )


def _too_long(param: str, kind: str, maximum: int, length: int) -> ErrorBody:
    """A string or an array that is too long."""
    return ErrorBody(
        f"Invalid '{param}': {kind} too long. Expected {_a(kind)} with maximum length {maximum}, "
        f"but got {_a(kind)} with length {length} instead.",
        param=param,
        code=f"{kind}_above_max_length",
    )


def _a(noun: str) -> str:
    return f"an {noun}" if noun == "array" else f"a {noun}"


def _too_many_properties(param: str, maximum: int, count: int) -> ErrorBody:
    """An object with too many members."""
    return ErrorBody(
        f"Invalid '{param}': too many properties. Expected an object with at most {maximum} properties, "
        f"but got an object with {count} properties instead.",
        param=param,
        code="object_above_max_properties",
    )


def _long_property_name(param: str, name: str, maximum: int) -> ErrorBody:
    """A member whose name is too long."""
    holder = param.removesuffix(f".{name}")
    return ErrorBody(
        f"Invalid property name in '{holder}': '{name[:3]}...{name[-3:]}' is too long. Expected a string with maximum "
        f"length {maximum}, but got a string with length {len(name)} instead.",
        param=param,
        code="property_name_above_max_length",
    )


def _mismatched(param: str, pattern: str) -> ErrorBody:
    """A string that does not match its pattern."""
    return ErrorBody(
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '{pattern}'.",
        param=param,
        code="invalid_value",
    )


def _unknown_parameter(param: str) -> ErrorBody:
    """A member, not at the top, that nothing is known of."""
    return ErrorBody(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


def _wrong_function_schema(param: str, name: str, error: str) -> ErrorBody:
    """Parameters of a function that are no schema as the API takes it."""
    return ErrorBody(f"Invalid schema for function '{name}': {error}", param=param, code="invalid_function_parameters")


def _wrong_format_schema(param: str, name: str, error: str) -> ErrorBody:
    """A schema of the answer that the API does not take."""
    return ErrorBody(f"Invalid schema for response_format '{name}': {error}", param=param.partition(".")[0])


def _image_of_another_role(param: str, role: str) -> ErrorBody:
    """An image in a message of another role than user."""
    message = param.partition(".")[0]
    return ErrorBody(
        f"Invalid '{message}'. Image URLs are only allowed for messages with role 'user', but this message with role "
        f"'{role}' contains an image URL.",
        param=message,
        code="invalid_value",
    )


# By the kind of a misfit; its facts are their arguments.
_SENTENCES: Mapping[str, Callable[..., ErrorBody]] = MappingProxyType(
    {
        "type": _wrong_shape,
        "value": _wrong_value,
        "missing": missing,
        "unknown": _unknown_parameter,
        "range": _out_of_range,
        "short": _too_short,
        "long": _too_long,
        "pattern": _mismatched,
        "members": _too_many_properties,
        "name": _long_property_name,
        "function_schema": _wrong_function_schema,
        "format_schema": _wrong_format_schema,
        "image": _image_of_another_role,
    }
)
