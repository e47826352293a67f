"""An object as the model's answer, in whichever way the request asked for it.

Clients ask for structured output in three ways: by ``response_format``; by a tool that the request forces, named
after the model class; by a tool that is there to end the run, ``final_result`` or ``final_answer``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from fakellm._anyjson import object_of
from fakellm._real_files import real_files
from fakellm._script.reply import Reply, ToolCall
from fakellm._wire.terms import Terms

__all__ = ["delivered", "misfit"]

# pydantic-ai (with several output types ``final_result_Name``) and smolagents.
_FINAL_TOOLS = ("final_result", "final_answer")


def delivered(reply: Reply, terms: Terms) -> Reply:
    """Return a reply whose ``parsed`` is turned into the text or the tool call that the request asks for."""
    value = from_json(to_json(reply.parsed, by_alias=True))
    if (name := _tool_for(type(reply.parsed).__name__, terms)) is None:
        return replace(reply, parsed=None, text=to_json(_fitted(value, terms.schema)).decode())
    return replace(reply, parsed=None, tool_calls=(ToolCall(name, _arguments(value, terms.parameters_of(name))),))


def _tool_for(class_name: str, terms: Terms) -> str | None:
    """Return the tool that takes an object of this class; None where the answer's text takes it."""
    if forced := terms.forced_tool:
        return forced
    if terms.response_format.get("type") in ("json_schema", "json_object"):
        return None
    offered = terms.tool_names
    made_for_it = (class_name, *(f"{name}_{class_name}" for name in _FINAL_TOOLS), *_FINAL_TOOLS)
    if found := next((name for name in made_for_it if name in offered), None):
        return found
    return offered[0] if terms.must_call and len(offered) == 1 else None


def _arguments(value: object, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a value as the arguments of a tool; one that is no object goes into its first parameter."""
    fitted = _fitted(value, parameters)
    return fitted if isinstance(fitted, dict) else {next(iter(_properties(parameters)), "value"): fitted}


def _fitted(value: object, schema: Mapping[str, Any]) -> object:
    """Return a value as a schema wants it: in its only property, where it stands there rather than in its place.

    Clients wrap what is no object of a class, such as a list or a number, as models answer with objects alone.
    """
    names = list(_properties(schema))
    if len(names) != 1 or (isinstance(value, dict) and names[0] in value):
        return value
    wrapped = {names[0]: value}
    return value if isinstance(value, dict) and misfit(wrapped, schema) else wrapped


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    return object_of(schema.get("properties"))


def misfit(value: object, schema: Mapping[str, Any]) -> str | None:
    """Say where a JSON value does not fit a JSON Schema, and why; None where it fits."""
    validator = _validator(to_json(schema))
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    most = _LEAST_STEPS + _STEPS_PER_BYTE * len(to_json(value))
    token = _steps.set(iter(range(most)))
    try:
        error = best_match(validator.iter_errors(value))
    except (_TooManyStepsError, RecursionError):
        return f"that cannot be told in {most:,} steps; its references have no end, or too many ways lead through it"
    except Unresolvable as err:
        return f"the schema holds nothing at its reference {err.ref!r}"
    finally:
        _steps.reset(token)
    return None if error is None else f"{error.json_path}: {error.message}"


class _TooManyStepsError(Exception):
    """A schema takes more steps than any that the API accepts."""


# Keywords applied to values. A schema whose alternatives refer to alternatives takes twice as many with each level.
_LEAST_STEPS = 10_000
_STEPS_PER_BYTE = 50
_steps: ContextVar[Iterator[int]] = ContextVar("steps of a validation")


def _counted(keyword: Callable[..., Any]) -> Callable[..., Any]:
    """Return what applies a keyword of JSON Schema, and counts how often one was applied."""

    def apply(*args: Any) -> Any:
        if next(_steps.get(), None) is None:
            raise _TooManyStepsError
        return keyword(*args)

    return apply


@cache
def _validator_class() -> Any:
    with real_files():  # its own schemas are files
        from jsonschema import Draft202012Validator, validators  # takes 60 ms to import, and few tests script objects

    keywords = {name: _counted(keyword) for name, keyword in Draft202012Validator.VALIDATORS.items()}
    return validators.extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Any:
    from referencing import Registry

    # An empty registry, since the one by default fetches what a reference names.
    return _validator_class()(from_json(schema), registry=Registry())
