"""The sentences with which the OpenAI API rejects a request, each with its code and param.

Source: answers of api.openai.com as users report them, in issues of openai-python, langchain, AutoGen,
litellm and others, read in November 2026. What is no more than a pattern carried over from its neighbours
is marked as such where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fakellm._wire.errors import ErrorBody

__all__ = [
    "INVALID_JSON",
    "NO_KEY",
    "NO_KEY_AZURE",
    "NO_MODEL",
    "alternatives",
    "deployment_not_found",
    "empty_array",
    "empty_string",
    "kind_of",
    "mismatched",
    "missing",
    "model_not_found",
    "only_when",
    "only_with",
    "out_of_range",
    "too_long",
    "too_many_properties",
    "unknown_parameter",
    "unrecognized",
    "unsupported_parameter",
    "unsupported_value",
    "wrong_type",
    "wrong_value",
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
NO_KEY_AZURE = ErrorBody(
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for "
    "an active subscription and use a correct regional API endpoint for your resource.",
    type=None,
    code="401",
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


def alternatives(values: Iterable[str], conjunction: str) -> str:
    """Return ``'a', 'b', and 'c'``; two are joined without a comma."""
    *rest, last = [f"'{value}'" for value in values]
    if not rest:
        return last
    return f"{', '.join(rest)}{',' if len(rest) > 1 else ''} {conjunction} {last}"


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


def wrong_value(param: str, supported: Sequence[str], got: object) -> ErrorBody:
    """A string that is none of those supported."""
    return ErrorBody(
        f"Invalid value: '{got}'. Supported values are: {alternatives(supported, 'and')}.",
        param=param,
        code="invalid_value",
    )


def out_of_range(param: str, got: float, *, kind: str, minimum: float | None, maximum: float | None) -> ErrorBody:
    """A number outside of its bounds. kind: integer or decimal."""
    below = minimum is not None and got < minimum
    side, bound = ("below minimum", f">= {minimum}") if below else ("above maximum", f"<= {maximum}")
    return ErrorBody(
        f"Invalid '{param}': {kind} {side} value. Expected a value {bound}, but got {got} instead.",
        param=param,
        code=f"{kind}_below_min_value" if below else f"{kind}_above_max_value",
    )


def empty_array(param: str) -> ErrorBody:
    """An array that must hold something holds nothing."""
    return ErrorBody(
        f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        param=param,
        code="empty_array",
    )


def empty_string(param: str) -> ErrorBody:
    """A string that must hold something holds nothing."""
    return ErrorBody(
        f"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string instead.",
        param=param,
        code="empty_string",
    )


def too_long(param: str, kind: str, maximum: int, length: int) -> ErrorBody:
    """A string or an array that is too long. kind: string or array."""
    article = "an" if kind == "array" else "a"
    return ErrorBody(
        f"Invalid '{param}': {kind} too long. Expected {article} {kind} with maximum length {maximum}, "
        f"but got {article} {kind} with length {length} instead.",
        param=param,
        code=f"{kind}_above_max_length",
    )


def too_many_properties(param: str, maximum: int, count: int) -> ErrorBody:
    """An object with too many members."""
    return ErrorBody(
        f"Invalid '{param}': too many properties. Expected an object with at most {maximum} properties, "
        f"but got an object with {count} properties instead.",
        param=param,
        code="object_above_max_properties",
    )


def mismatched(param: str, pattern: str) -> ErrorBody:
    """A string that does not match its pattern."""
    return ErrorBody(
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '{pattern}'.",
        param=param,
        code="invalid_value",
    )


def unknown_parameter(param: str) -> ErrorBody:
    """A member, not at the top, that nothing is known of."""
    return ErrorBody(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


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


def model_not_found(model: str) -> ErrorBody:
    """A model that does not exist (recorded from api.openai.com)."""
    return ErrorBody(f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found")


def deployment_not_found(_: str) -> ErrorBody:
    """A deployment that does not exist, on Azure."""
    return ErrorBody(
        "The API deployment for this resource does not exist. If you created the deployment within the last "
        "5 minutes, please wait a moment and try again.",
        type=None,
        code="DeploymentNotFound",
    )
