"""The last look at a finished file: whether something in it still looks like a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fakellm._cassette.secrets import BEARER, PEM, USER_INFO, VALUE, spellings
from fakellm._errors import UnredactedSecretError

__all__ = ["check_no_secrets"]

_SHAPES = ((VALUE, "a key"), (PEM, "a private key"), (BEARER, "a token"), (USER_INFO, "a password in a URL"))
_SHOWN = 5  # findings, and characters of each


def check_no_secrets(text: str, *, path: str, secrets: Iterable[str] = ()) -> None:
    """Look for secrets in the text of a cassette file that is about to be written to path.

    secrets: exact texts, as ``environment_secrets`` finds them.

    Raises:
        UnredactedSecretError: there is one; says where and what, without giving it away.
    """
    found = list(_findings(text, spellings(secrets)))
    if found:
        more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise UnredactedSecretError(
            "\n".join(
                [
                    f"{path} was not saved: it would hold what looks like a secret",
                    *(f"  {finding}" for finding in found[:_SHOWN]),
                    *more,
                    "  keep it out of what is sent, or name it: use_cassette(..., redact=['text', re.compile('…')])",
                ]
            )
        )


def _findings(text: str, secrets: tuple[str, ...]) -> Iterator[str]:
    interaction, side = 0, "request"
    for number, line in enumerate(text.split("\n"), 1):
        if line == "- request:":
            interaction, side = interaction + 1, "request"
        elif line == "  response:":
            side = "response"
        for what, value in _secrets_in(line, secrets):
            yield f"interaction {interaction}, {side}, line {number}: {what}, {_masked(value)}"


def _secrets_in(line: str, secrets: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield from (("the value of an environment variable", secret) for secret in secrets if secret in line)
    for shape, what in _SHAPES:
        yield from ((what, _secret_part(found)) for found in shape.finditer(line) if "REDACTED" not in found[0])


def _secret_part(found: re.Match[str]) -> str:
    return found[0][len(found.groupdict().get("before") or "") :]


def _masked(secret: str) -> str:
    return f"{secret[:_SHOWN]}… ({len(secret)} characters)"
