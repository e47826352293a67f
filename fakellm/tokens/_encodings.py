"""tiktoken's encodings, built from the vocabularies that ship with the package."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, overload

from fakellm.tokens._vocabulary import Vocabulary, read_shipped

if TYPE_CHECKING:
    import tiktoken

__all__ = ["Encoding", "count", "encoding_for_model"]

# Source: tiktoken 0.14, ``tiktoken_ext.openai_public`` (the patterns are those of the models' makers).
_CL100K_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|"
    r"\s*[\r\n]|\s+(?!\S)|\s"
)
_O200K_PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
_PATTERNS = {"cl100k_base": _CL100K_PATTERN, "o200k_base": _O200K_PATTERN}

_ALIASES = {"o200k_harmony": "o200k_base"}  # the same but for special tokens, which are no part of it here

# Counts of texts that were seen; the texts of an agent's history come back on every call.
_REMEMBERED_TEXTS = 4096


class Encoding:
    """One vocabulary. Special tokens such as ``<|endoftext|>`` are counted as the text they are."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._bpe = _load(name)
        self.count = lru_cache(_REMEMBERED_TEXTS)(self._count)

    def _count(self, text: str) -> int:
        return len(self._bpe.encode_ordinary(text))

    def split(self, text: str) -> tuple[str, ...]:
        """Cut text into the pieces that its tokens stand for; joined they are the text again.

        Tokens that share a character stay together, so that every piece is valid Unicode.
        """
        pieces: list[str] = []
        rest = b""
        for token in self._bpe.decode_tokens_bytes(self._bpe.encode_ordinary(text)):
            rest += token
            try:
                pieces.append(rest.decode())
            except UnicodeDecodeError:
                continue  # the character goes on in the next token
            rest = b""
        return tuple(pieces)


@cache
def get_encoding(name: str) -> Encoding:
    """Return the encoding of this name, loaded once in a process."""
    return Encoding(name)


@overload
def encoding_for_model(model: str) -> Encoding: ...
@overload
def encoding_for_model(model: str, *, default: None) -> Encoding | None: ...
def encoding_for_model(model: str, *, default: str | None = "o200k_base") -> Encoding | None:
    """Return the encoding of a model by tiktoken's own table; default is for a model that it does not know.

    Names of dated and fine-tuned models count as known by their prefix.
    """
    from tiktoken.model import encoding_name_for_model

    try:
        name: str | None = encoding_name_for_model(model)
    except KeyError:
        name = default
    name = _ALIASES.get(name or "", name)
    return None if name is None else get_encoding(name if name in _PATTERNS else "cl100k_base")


def count(text: str, *, model: str) -> int:
    """Count the tokens of a text as the tokenizer of a model cuts it.

    >>> count("hello world", model="gpt-4o")
    2
    """
    return encoding_for_model(model).count(text)


def _load(name: str) -> tiktoken.Encoding:
    import tiktoken

    tokens = Vocabulary(read_shipped(f"{name}.vocabulary"), name).tokens()
    ranks = dict(zip(tokens, range(len(tokens)), strict=True))
    return tiktoken.Encoding(name, pat_str=_PATTERNS[name], mergeable_ranks=ranks, special_tokens={})
