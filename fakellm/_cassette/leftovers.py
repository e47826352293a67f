"""What a test session left over: recordings without a test, interactions that no test played.

The plugin knows it at the end of a session of all tests and keeps it in pytest's cache; ``fakellm cassette prune``
takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fakellm._cassette.interaction import Interaction
from fakellm._wire.canonical import digest

__all__ = ["CACHE_KEY", "Leftovers", "fingerprint", "leftovers_of", "without"]

CACHE_KEY = "fakellm/leftovers"
"""Where the plugin puts it: ``config.cache.set(CACHE_KEY, leftovers_of(...))``."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Paths relative to the root of the session; of each file a fingerprint, to know it again.

    orphans: path -> fingerprint. unused: path -> (fingerprint, numbers of interactions).
    """

    orphans: Mapping[str, str]
    unused: Mapping[str, tuple[str, tuple[int, ...]]]

    @classmethod
    def from_json(cls, value: Any) -> Leftovers:
        """Read what ``leftovers_of`` gave.

        Raises:
            ValueError: it is something else.
        """
        try:
            unused = {path: (mark, tuple(map(int, numbers))) for path, (mark, numbers) in value["unused"].items()}
            return cls(dict(value["orphans"]), unused)
        except (TypeError, KeyError, AttributeError, ValueError) as err:
            raise ValueError(f"no leftovers: {err!r}") from err


def leftovers_of(
    *, orphans: Iterable[str], unused: Mapping[str, Iterable[int]], read: Callable[[str], bytes]
) -> dict[str, Any]:
    """Return leftovers as JSON. read: gives the bytes of a file by the path used here."""
    return {
        "orphans": {path: fingerprint(read(path)) for path in orphans},
        "unused": {path: [fingerprint(read(path)), list(numbers)] for path, numbers in unused.items()},
    }


def fingerprint(data: bytes) -> str:
    """Return what tells whether a file is still the one that was looked at."""
    return digest(data).hex()


def without(interactions: Iterable[Interaction], numbers: Iterable[int]) -> list[Interaction]:
    """Return interactions without those of these numbers."""
    gone = set(numbers)
    return [one for one in interactions if one.number not in gone]
