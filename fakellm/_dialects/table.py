"""The dialects that are spoken, in the order in which they are asked. A new API is a room and a line here.

Each is imported when a request may be of it, and what is known of the others when none claims one, which takes 25 ms
for all: most tests ask the first one alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from fakellm._dialects.providers import provider_of
from fakellm._errors import UsageError
from fakellm._real_files import late
from fakellm._wire.dialect import Dialect
from fakellm._wire.table import Table

__all__ = ["DIALECTS", "dialects_with"]

_ROOMS = {
    "chat": "CHAT",
    "responses": "RESPONSES",
    "completions": "COMPLETIONS",
    "embeddings": "EMBEDDINGS",
    "moderations": "MODERATIONS",
    "models": "MODEL_LISTS",
}
"""Room -> the dialect in its module ``dialect``."""


_SPOKEN = [partial(late, f"fakellm._dialects.{room}.dialect", name) for room, name in _ROOMS.items()]

DIALECTS = Table(_SPOKEN, partial(late, "fakellm._dialects.unspoken.apis", "UNSPOKEN"), provider_of)


def dialects_with(own: Iterable[Dialect], *, given_to: str) -> Table:
    """Return the table with dialects of a test's own, which are asked first. given_to: who takes them, for messages.

    Raises:
        UsageError: one of them is no dialect.
    """
    if not (dialects := tuple(own)):
        return DIALECTS
    if wrong := [one for one in dialects if not isinstance(one, Dialect)]:
        raise UsageError(
            f"{given_to} dialects holds objects of fakellm.dialects.Dialect, got {wrong[0]!r}\n"
            "  type: dialects=[MyGateway()], where class MyGateway(Dialect) claims, reads, says and hears"
        )
    return DIALECTS.with_first(dialects)
