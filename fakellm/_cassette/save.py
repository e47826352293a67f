"""Recorded interactions into a file: behind what it holds, or instead of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fakellm._cassette.file import locked, read_cassette, replace_text, written_since
from fakellm._cassette.format import read_interactions
from fakellm._cassette.interaction import Interaction
from fakellm._cassette.recorded import fit_for_file
from fakellm._cassette.redact import Redactor
from fakellm._cassette.scan import check_no_secrets
from fakellm._cassette.write import write_interactions
from fakellm._errors import CassetteError, CassetteFormatError, CassetteNotFoundError

__all__ = ["change_cassette", "save_cassette"]

Change = Callable[[list[Interaction]], Sequence[Interaction]]


def save_cassette(
    path: str,
    interactions: Sequence[Interaction],
    *,
    secrets: Sequence[str],
    redactor: Redactor,
    replaces_before: float | None = None,
) -> bool:
    """Add interactions to a file, or replace what it holds by them; return whether it has changed.

    secrets: exact texts that must not get into it; redactor takes them out, this looks once more. replaces_before:
    what was written before that moment (seconds since 1970) is replaced; None for nothing.

    Raises:
        UnredactedSecretError: something that looks like a secret is left.
        CassetteFormatError: the file that is there is damaged; it is left as it is.
    """

    def change(held: list[Interaction]) -> list[Interaction]:
        replaces = replaces_before is not None and not written_since(path, replaces_before)
        return fit_for_file(interactions if replaces else [*held, *interactions], redactor)

    return change_cassette(path, change, secrets=secrets)


def change_cassette(path: str, change: Change, *, secrets: Sequence[str] = ()) -> bool:
    """Read a file, change what it holds, and write it, while nobody else does; return whether it has changed.

    Raises:
        UnredactedSecretError: something that looks like a secret would be in it.
        CassetteFormatError: the file is damaged; it is left as it is.
        CassetteError: it cannot be written, or would not be read again.
    """
    try:
        with locked(path):
            text = write_interactions(change(_held(path)))
            check_no_secrets(text, path=path, secrets=secrets)
            _check_readable(text, path)
            return replace_text(path, text)
    except OSError as err:
        raise CassetteError(f"{path} was not saved: {err.strerror or err}") from err


def _check_readable(text: str, path: str) -> None:
    """Refuse what would not be read again, such as the answer of a server that breaks HTTP."""
    try:
        read_interactions(text, path=path)
    except CassetteFormatError as err:
        raise CassetteError(f"{path} was not saved, since it could not be read again: {err}") from err


def _held(path: str) -> list[Interaction]:
    try:
        return read_cassette(path)
    except CassetteNotFoundError:
        return []
