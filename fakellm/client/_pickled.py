"""The arguments of a client on their way through a pickle: without secrets, which the environment gives back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from fakellm._errors import UsageError
from fakellm._secret_names import is_secret_name, is_secret_parameter, is_secret_variable

__all__ = ["revealed", "sealed"]

Path = tuple[str, ...]
_FROM_THE_ENVIRONMENT = frozenset({("api_key",), ("azure_ad_token",)})
"""Arguments that a client takes from the environment by itself."""


def sealed(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Path, str]]:
    """Return arguments without secrets, and for each secret that a variable of the environment holds, which.

    Raises:
        UsageError: a secret that no variable holds, and that a client does not ask the environment for.
    """
    variables = {value: name for name, value in os.environ.items() if is_secret_variable(name)}
    found = dict(_secrets(settings, ()))
    names = {path: variables[value] for path, value in found.items() if value in variables}
    if lost := next((path for path in found if path not in names and path not in _FROM_THE_ENVIRONMENT), None):
        raise UsageError(
            f"a client with the secret {'.'.join(lost)} cannot be pickled: a pickle holds no secret, and no variable "
            "of the environment holds this one\n  put it into one with a name such as MY_API_KEY before you pickle"
        )
    return _without(settings, (), found.keys()), names


def revealed(settings: Mapping[str, Any], names: Mapping[Path, str]) -> dict[str, Any]:
    """Return arguments with the secrets that `sealed` took out, from the environment.

    Raises:
        UsageError: a variable is not set here.
    """
    whole = dict(settings)
    for path, name in names.items():
        if (value := os.environ.get(name)) is None:
            raise UsageError(
                f"a pickled client holds no secret: its {'.'.join(path)} was the value of {name}, which is not set here"
                f"\n  type: export {name}=…"
            )
        _put(whole, path, value)
    return whole


def _secrets(value: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    is_secret = is_secret_parameter if path == ("default_query",) else is_secret_name
    for name, held in value.items():
        if isinstance(held, Mapping):
            yield from _secrets(held, (*path, name))
        elif isinstance(held, str) and held and is_secret(name):
            yield (*path, name), held


def _without(value: Mapping[str, Any], path: Path, secrets: Any) -> dict[str, Any]:
    return {
        name: _without(held, (*path, name), secrets) if isinstance(held, Mapping) else held
        for name, held in value.items()
        if (*path, name) not in secrets
    }


def _put(settings: dict[str, Any], path: Path, value: str) -> None:
    *outer, last = path
    for name in outer:
        settings[name] = settings = dict(settings[name])
    settings[last] = value
