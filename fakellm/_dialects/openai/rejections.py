"""The sentences with which the OpenAI API rejects a request, each with its code and param.

Source: answers of api.openai.com as users report them, in issues of openai-python, langchain, AutoGen,
litellm and others, read in November 2026. What is no more than a pattern carried over from its neighbours
is marked as such where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence

from fakellm._wire.errors import ErrorBody

__all__ = [
    "INVALID_JSON",
    "NO_KEY",
    "NO_MODEL",
    "kind_of",
    "missing",
    "model_not_found",
    "only_when",
    "only_with",
    "prompt_too_long",
    "unrecognized",
    "unsupported_parameter",
    "unsupported_value",
    "wrong_type",
]

INVALID_JSON = ErrorBody(
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
    "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
)
NO_MODEL = ErrorBody("you must provide a model parameter")
NO_KEY = ErrorBody(
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
    "auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're "
    "accessing the API from your browser and are prompted for a username and password. You can obtain an API "
    "key from https://platform.openai.com/account/api-keys."
)

_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (str, "a string"),
    (int, "an integer"),
    (float, "a decimal number"),
    (list, "an array"),
    (dict, "an object"),
)


def kind_of(value: object) -> str:
    """Return what the API calls a JSON value of this type."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


def missing(param: str) -> ErrorBody:
    """A member that must be there is not."""
    return ErrorBody(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def wrong_type(param: str, expected: str, got: object) -> ErrorBody:
    """A value of another JSON type. expected: with its article, as in "an array of objects"."""
    return ErrorBody(
        f"Invalid type for '{param}': expected {expected}, but got {kind_of(got)} instead.",
        param=param,
        code="invalid_type",
    )


def unrecognized(names: Sequence[str]) -> ErrorBody:
    """Members at the top that nothing is known of."""
    noun = "argument" if len(names) == 1 else "arguments"
    return ErrorBody(f"Unrecognized request {noun} supplied: {', '.join(names)}")


def only_with(param: str, other: str) -> ErrorBody:
    """A parameter that stands only beside a list of others, such as tools."""
    return ErrorBody(
        f"Invalid value for '{param}': '{param}' is only allowed when '{other}' are specified.", param=param
    )


def only_when(param: str, other: str) -> ErrorBody:
    """A parameter that stands only beside a switch, such as stream."""
    return ErrorBody(f"The '{param}' parameter is only allowed when '{other}' is enabled.", param=param)


def unsupported_parameter(param: str, hint: str = "") -> ErrorBody:
    """A parameter that the model does not take."""
    return ErrorBody(
        f"Unsupported parameter: '{param}' is not supported with this model.{hint}",
        param=param,
        code="unsupported_parameter",
    )


def unsupported_value(param: str, got: object, hint: str = "") -> ErrorBody:
    """A value that the model does not take. got: as it is to be written."""
    return ErrorBody(
        f"Unsupported value: '{param}' does not support {got} with this model.{hint}",
        param=param,
        code="unsupported_value",
    )


def prompt_too_long(most: int, prompt: int, completion: int = 0) -> ErrorBody:
    """A prompt, with the completion that it asks for, that is longer than the model's context; not of chats."""
    return ErrorBody(
        f"This model's maximum context length is {most} tokens, however you requested {prompt + completion} tokens "
        f"({prompt} in your prompt; {completion} for the completion). Please reduce your prompt; or completion length."
    )


def model_not_found(model: str) -> ErrorBody:
    """A model that does not exist (recorded from api.openai.com)."""
    return ErrorBody(f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found")
