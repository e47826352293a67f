"""Encodings as users hold them: tiktoken's tokens, without a network for the models that are in use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Protocol, overload

from fakellm._errors import UsageError
from fakellm._memo import Memo
from fakellm.tokens._models import encoding_name_for_model
from fakellm.tokens._pieces import PATTERNS, cutter
from fakellm.tokens._shipped import ShippedEngine
from fakellm.tokens._tiktoken import encoder, load

__all__ = ["Encoding", "count", "counting_encoding", "encoding_for_model", "get_encoding"]

# The same but for special tokens, which are text here.
_ALIASES = MappingProxyType({"o200k_harmony": "o200k_base"})
_SHIPPED = frozenset({*PATTERNS, *_ALIASES})

# Characters of the texts whose counts are kept: those of an agent's history come back on every call.
_COUNTED = 4 << 20
# Of those whose tokens are kept, which take ten times the room: replies that are streamed come back.
_ENCODED = _COUNTED // 16


class _Engine(Protocol):
    """What knows the tokens."""

    def encode(self, text: str, /) -> list[int]: ...
    def count(self, text: str, /) -> int: ...
    def token(self, rank: int, /) -> bytes: ...


class Encoding:
    """One way of cutting text into tokens. Special tokens such as ``<|endoftext|>`` are the text they are.

    A lone surrogate, which UTF-8 has no bytes for, counts as U+FFFD.

    >>> encoding = get_encoding("o200k_base")
    >>> encoding.encode("hello world")
    [24912, 2375]
    >>> encoding.split("hello world")
    ('hello', ' world')
    """

    def __init__(self, name: str, engine: _Engine) -> None:
        self.name = name
        self._engine = engine
        self._counts = Memo(self._count, limit=_COUNTED)
        self._tokens = Memo(self._encode, limit=_ENCODED)
        self._pieces = _Pieces(self._token)

    def __repr__(self) -> str:
        return f"<Encoding {self.name}>"

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return self._counts[text]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, as the numbers that the model knows them by."""
        return list(self._tokens[text])

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens; bytes that are not UTF-8, such as half a character, become U+FFFD."""
        return self.decode_bytes(tokens).decode(errors="replace")

    def decode_bytes(self, tokens: Iterable[int]) -> bytes:
        """Return the bytes of tokens. Raises: UsageError for a number that no token has."""
        return b"".join(map(self._token, tokens))

    def split(self, text: str) -> tuple[str, ...]:
        """Cut text into the pieces that its tokens stand for; joined they are the text again.

        Tokens that share a character stay together, so that every piece is valid Unicode.
        """
        pieces = tuple(map(self._pieces.__getitem__, self._tokens[text]))
        return pieces if all(pieces) else self._whole_characters(self._tokens[text])

    def _whole_characters(self, ranks: Iterable[int]) -> tuple[str, ...]:
        """Return the pieces of tokens of which some are but a part of a character."""
        tokens = list(map(self._token, ranks))
        data = b"".join(tokens)
        ends = accumulate(map(len, tokens), initial=0)
        # A byte 10xxxxxx continues a character.
        cuts = [end for end in ends if end == len(data) or data[end] & 0xC0 != 0x80]
        return tuple(data[start:end].decode() for start, end in pairwise(cuts))

    def _count(self, text: str) -> int:
        if (tokens := self._tokens.get(text)) is not None:
            return len(tokens)
        try:
            return self._engine.count(text)
        except UnicodeEncodeError:
            return self._engine.count(_without_surrogates(text))

    def _encode(self, text: str) -> tuple[int, ...]:
        try:
            return tuple(self._engine.encode(text))
        except UnicodeEncodeError:
            return tuple(self._engine.encode(_without_surrogates(text)))

    def _token(self, rank: int) -> bytes:
        try:
            return self._engine.token(rank)
        except (KeyError, IndexError):
            raise UsageError(f"{self.name} has no token {rank!r}; special tokens are encoded as text") from None


class _Pieces(dict[int, str]):
    """The text of each token, empty for a part of a character. token: its bytes."""

    __slots__ = ("_token",)

    def __init__(self, token: Callable[[int], bytes]) -> None:
        super().__init__()
        self._token = token

    def __missing__(self, rank: int) -> str:
        # Needs no bound: there are no more tokens than the vocabulary has.
        try:
            piece = self._token(rank).decode()
        except UnicodeDecodeError:
            piece = ""
        self[rank] = piece
        return piece


class _TiktokenEngine:
    """An encoding of tiktoken's, loaded by tiktoken."""

    def __init__(self, name: str) -> None:
        encoding = load(name)

        def cut(text: str) -> Sequence[str]:  # asked when need be: a pattern of others may name kinds unknown here
            return cutter(encoding._pat_str)(text)  # noqa: SLF001 - no public twin

        self.encode = encode = encoder(encoding, cut)
        self.count = lambda text: len(encode(text))
        self.token = encoding.decode_single_token_bytes


@cache
def get_encoding(name: str) -> Encoding:
    """Return the encoding of this name, made once in a process.

    cl100k_base and o200k_base ship; o200k_harmony is o200k_base here; others are loaded by tiktoken.

    Raises: UsageError for a name that there is not, or when tiktoken can neither find nor download it.
    """
    if name in _ALIASES:
        return get_encoding(_ALIASES[name])
    return Encoding(name, ShippedEngine(name) if name in PATTERNS else _TiktokenEngine(name))


@overload
def encoding_for_model(model: str, *, default: str = ...) -> Encoding: ...
@overload
def encoding_for_model(model: str, *, default: None) -> Encoding | None: ...
def encoding_for_model(model: str, *, default: str | None = "o200k_base") -> Encoding | None:
    """Return the encoding of a model by tiktoken's own rules; dated and fine-tuned names are known by their beginning.

    default: the name for a model that they do not know; an encoding that does not ship is then replaced by
    cl100k_base, so that nothing is downloaded. With None, an unknown model gives None, and what does not ship is
    loaded by tiktoken.

    Raises: UsageError, with None only, when tiktoken cannot load the encoding.
    """
    name = encoding_name_for_model(model)
    if default is None:
        return None if name is None else get_encoding(name)
    wanted = name or default
    return get_encoding(wanted if wanted in _SHIPPED else "cl100k_base")


@overload
def count(text: str, *, model: str) -> int: ...
@overload
def count(text: str, *, encoding: str) -> int: ...
def count(text: str, *, model: str | None = None, encoding: str | None = None) -> int:
    """Count the tokens of a text as a model cuts it, or as an encoding does.

    A model that tiktoken does not know counts, with a warning, as cl100k_base.

    Raises: UsageError when not one of the two is named, or the encoding is not to be had.

    >>> count("hello world", model="gpt-4o")
    2
    """
    if (model is None) == (encoding is None):
        raise UsageError("count() takes a model or an encoding: count(text, model='gpt-4o')")
    return (get_encoding(encoding) if encoding is not None else counting_encoding(str(model))).count(text)


def counting_encoding(model: str) -> Encoding:
    """Return the encoding of a model; of one that tiktoken does not know, with a warning in the log, cl100k_base."""
    if (encoding := encoding_for_model(model, default=None)) is not None:
        return encoding
    import logging

    # Where and how AutoGen says it, so that one filter serves both.
    logging.getLogger("autogen_core.trace").warning("Model %s not found. Using cl100k_base encoding.", model)
    return get_encoding("cl100k_base")


def _without_surrogates(text: str) -> str:
    """Join surrogates that make a character, and replace the others, as tiktoken does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
