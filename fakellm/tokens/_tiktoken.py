"""tiktoken itself, imported when there is no other way: its fast engine, and the encodings that do not ship."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fakellm._errors import UsageError

if TYPE_CHECKING:
    import tiktoken

__all__ = ["build", "load"]


def build(name: str, pattern: str, tokens: Sequence[bytes]) -> tiktoken.Encoding:
    """Return tiktoken's encoding of these tokens, whose ranks are 0, 1, 2 …, without special ones."""
    import tiktoken

    ranks = dict(zip(tokens, range(len(tokens)), strict=True))
    return tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def load(name: str) -> tiktoken.Encoding:
    """Return an encoding as tiktoken has it, from its cache or its download.

    Raises: UsageError for a name that tiktoken does not know, or when there is neither cache nor network.
    """
    import tiktoken

    if name not in (known := tiktoken.list_encoding_names()):
        raise UsageError(f"there is no encoding {name!r}; tiktoken {tiktoken.__version__} has {', '.join(known)}")
    try:
        return tiktoken.get_encoding(name)
    # Errors of requests are OSErrors; a file that is not the expected one is a ValueError; pytest-socket and
    # other guards of the network raise RuntimeErrors.
    except (OSError, ValueError, RuntimeError) as err:
        raise UsageError(
            f"the encoding {name!r} does not ship with fakellm, and tiktoken cannot load it: {type(err).__name__}: "
            f"{err}; run tiktoken.get_encoding({name!r}) once where there is a network, with TIKTOKEN_CACHE_DIR "
            "set to a folder that you keep, and set it to that folder here"
        ) from err
