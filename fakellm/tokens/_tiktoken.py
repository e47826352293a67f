"""tiktoken itself, imported when there is no other way: its fast engine, and the encodings that do not ship."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from fakellm._errors import UsageError
from fakellm._real_files import real_files

if TYPE_CHECKING:
    import tiktoken

__all__ = ["build", "encoder", "load"]

# tiktoken's patterns look ahead behind white space, and its matcher keeps a note of each blank of a run: with more
# than a million it panics, which comes out as a BaseException. Half of them are safe. A run of twice as many holds
# a block of this many, wherever it begins.
_BLOCK = 250_000


def build(name: str, pattern: str, tokens: Sequence[bytes]) -> tiktoken.Encoding:
    """Return tiktoken's encoding of these tokens, whose ranks are 0, 1, 2 …, without special ones."""
    with real_files():
        import tiktoken

    ranks = dict(zip(tokens, range(len(tokens)), strict=True))
    return tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def encoder(encoding: tiktoken.Encoding, cut: Callable[[str], Sequence[str]]) -> Callable[[str], list[int]]:
    """Return the function that gives the ranks of the tokens of any text, however many blanks follow each other.

    cut: text to pieces, as the encoding's own pattern does.
    """

    def encode(text: str) -> list[int]:
        if not _has_long_run_of_blanks(text):
            return encoding.encode_ordinary(text)
        return list(chain.from_iterable(map(encoding._encode_single_piece, cut(text))))  # noqa: SLF001 - no public twin

    return encode


def _has_long_run_of_blanks(text: str) -> bool:
    # Python counts a few more characters as white space than tiktoken does, and none less.
    return any(text[at : at + _BLOCK].isspace() for at in range(0, len(text) - _BLOCK + 1, _BLOCK))


def load(name: str) -> tiktoken.Encoding:
    """Return an encoding as tiktoken has it, from its cache or its download.

    Raises: UsageError for a name that tiktoken does not know, or when there is neither cache nor network.
    """
    with real_files():
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
