"""The last look at a finished file: whether something in it still looks like a secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fakellm._cassette.secrets import find_presented, spellings
from fakellm._cassette.shapes import PEM, find_shapes
from fakellm._errors import UnredactedSecretError
from fakellm._secret_names import REDACTED

__all__ = ["check_no_secrets"]

_SHOWN = 5  # findings, and characters of each


def check_no_secrets(text: str, *, path: str, secrets: Iterable[str] = ()) -> None:
    """Look for secrets in the text of a cassette file that is about to be written to path.

    secrets: exact texts, as ``environment_secrets`` finds them.

    Raises:
        UnredactedSecretError: there is one; says where and what, without giving it away.
    """
    held = tuple(secret for secret in spellings(secrets) if secret in text)
    # As a whole first: line by line takes longer, and hardly a file has anything to tell.
    found = list(_findings(text, held)) if any(True for _ in _secrets_in(text, held)) else []
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
    yield from (("a key", found) for found in find_shapes(line))
    yield from (("a private key", found[0]) for found in PEM.finditer(line))
    yield from ((what, found) for what, found in find_presented(line) if REDACTED not in found)


def _masked(secret: str) -> str:
    return f"{secret[:_SHOWN]}… ({len(secret)} characters)"
