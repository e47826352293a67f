"""Which arguments of a client, and of a call, are parameters of the API."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, cast

from fakellm.client._known_models import known_model_info
from fakellm.models import ModelFamily, ModelInfo, validate_model_info

__all__ = ["call_arguments", "model_info_from", "request_defaults"]

# Source: the parameters of the API (https://platform.openai.com/docs/api-reference/chat/create, November 2026);
# extra_body and timeout are the SDK's.
_PARAMETERS = frozenset(
    {
        "audio", "extra_body", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
        "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n",
        "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier",
        "stop", "store", "stream", "stream_options", "temperature", "timeout", "tool_choice", "tools", "top_logprobs",
        "top_p", "user", "verbosity", "web_search_options",
    }
)  # fmt: skip

# Several answers cannot be told apart in one result, and the others belong to each call.
_FORBIDDEN_DEFAULTS = frozenset({"stream", "messages", "function_call", "functions", "n"})
_GIVEN_BY_THE_CALL = ("messages", "stream", "tools")


def request_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings of a client that go into every request.

    Raises:
        ValueError: no model, or a parameter that cannot be a default.
    """
    if "model" not in settings:
        raise ValueError("model is required; pass model='gpt-4o'")
    if forbidden := sorted(_FORBIDDEN_DEFAULTS & settings.keys()):
        raise ValueError(f"{forbidden} cannot be set for every request; only one choice of a reply is read")
    return {name: value for name, value in settings.items() if name in _PARAMETERS}


def call_arguments(defaults: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of one call.

    Raises:
        ValueError: extra_create_args holds what is no parameter of the API.
        TypeError: a parameter that ``create`` has as an argument of its own.
    """
    if unknown := sorted(extra.keys() - _PARAMETERS):
        raise ValueError(f"extra_create_args are invalid: the API has no parameters {unknown}")
    arguments = {**defaults, **extra}
    for name in _GIVEN_BY_THE_CALL:
        if name in arguments:
            raise TypeError(f"{name} is given twice; pass it as an argument of create() or create_stream() alone")
    return arguments


def model_info_from(settings: Mapping[str, Any]) -> ModelInfo:
    """Return what the model can do: as the caller says, or else as its name says.

    Raises:
        ValueError: neither says it, or what the caller says lacks a field; or response_format asks for JSON
            that it cannot give.
    """
    info: ModelInfo | None = settings.get("model_info")
    older = settings.get("model_capabilities")
    if info is not None and older is not None:
        raise ValueError("model_capabilities and model_info are mutually exclusive; pass model_info alone")
    if older is not None:
        warnings.warn("model_capabilities is deprecated, use model_info instead", DeprecationWarning, stacklevel=4)
        info = cast("ModelInfo", {**older, "family": ModelFamily.UNKNOWN})
    if info is None:
        info = known_model_info(settings["model"])
    validate_model_info(info)
    form = settings.get("response_format")
    if not info["json_output"] and isinstance(form, Mapping) and form.get("type") == "json_object":
        raise ValueError("Model does not support JSON output: its model_info has json_output=False")
    return info
