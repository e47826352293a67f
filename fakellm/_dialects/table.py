"""The dialects that are spoken, in the order in which they are asked. A new API is a folder and a line here."""

from __future__ import annotations

from collections.abc import Iterable

from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.completions.dialect import CompletionsDialect
from fakellm._dialects.embeddings.dialect import EmbeddingsDialect
from fakellm._dialects.models.dialect import ModelsDialect
from fakellm._dialects.moderations.dialect import ModerationsDialect
from fakellm._dialects.providers import provider_of
from fakellm._dialects.responses.dialect import RESPONSES
from fakellm._dialects.unspoken.apis import UNSPOKEN
from fakellm._errors import UsageError
from fakellm._wire.dialect import Dialect
from fakellm._wire.table import Table

__all__ = ["DIALECTS", "dialects_with"]

DIALECTS = Table(
    (CHAT, RESPONSES, CompletionsDialect(), EmbeddingsDialect(), ModerationsDialect(), ModelsDialect()),
    UNSPOKEN,
    provider_of,
)


def dialects_with(own: Iterable[Dialect], *, given_to: str) -> Table:
    """Return the table with dialects of a test's own, which are asked first. given_to: who takes them, for messages.

    Raises:
        UsageError: one of them is no dialect.
    """
    dialects = tuple(own)
    if wrong := [one for one in dialects if not isinstance(one, Dialect)]:
        raise UsageError(
            f"{given_to} dialects holds objects of fakellm.dialects.Dialect, got {wrong[0]!r}\n"
            "  type: dialects=[MyGateway()], where class MyGateway(Dialect) claims, reads, says and hears"
        )
    return DIALECTS.with_first(dialects)
