"""Log probabilities of a scripted text: made up, the same on every run, and possible."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from math import expm1, log
from random import Random
from typing import Any

from fakellm._errors import ContradictionError
from fakellm.tokens import Encoding

__all__ = ["token_logprobs"]


def token_logprobs(
    pieces: Sequence[str],
    encoding: Encoding,
    *,
    seed: int,
    top: int,
    given: Sequence[float | Mapping[str, Any]] | None = None,
    texts: Iterable[str] = (),
) -> tuple[tuple[Mapping[str, Any], ...], ...]:
    """Return the entries of each piece's tokens.

    texts: what the pieces join to, where they are several texts, whose tokens never run together. top: how many of
    the likeliest tokens to list for each place; the one that was said is the first of them. given: a number or an
    entry for each token, in place of those made up.

    Raises:
        ContradictionError: given holds fewer than there are tokens.
    """
    said = tuple(texts) or ("".join(pieces),)
    tokens = [encoding.decode_bytes([token]) for text in said for token in encoding.encode(text)]
    if given is not None and len(given) < len(tokens):
        raise ContradictionError(
            f"the reply has {len(given)} logprobs, its text {len(tokens)} tokens: {list(pieces)!r}\n"
            "  give one for each token, or leave them out"
        )
    random = Random(seed)
    values: Iterable[float | Mapping[str, Any]] = given or (_drawn(random) for _ in tokens)
    entries = [_given(value, token, random, encoding, top) for value, token in zip(values, tokens, strict=False)]
    return tuple(_by_piece(pieces, tokens, entries))


def _by_piece(
    pieces: Sequence[str], tokens: Sequence[bytes], entries: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], ...]]:
    """Yield the entries of the tokens that end in each piece."""
    left = deque(zip(accumulate(map(len, tokens)), entries, strict=True))
    for end in accumulate(len(piece.encode()) for piece in pieces):
        ended = []
        while left and left[0][0] <= end:
            ended.append(left.popleft()[1])
        yield tuple(ended)


def _drawn(random: Random) -> float:
    return log(0.55 + 0.44 * random.random())


def _given(
    value: float | Mapping[str, Any], token: bytes, random: Random, encoding: Encoding, top: int
) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else _entry(token, float(value), random, encoding, top)


def _entry(token: bytes, logprob: float, random: Random, encoding: Encoding, top: int) -> dict[str, Any]:
    said = {**_shown(token), "logprob": logprob}
    others = [{**_shown(other), "logprob": p} for other, p in _others(token, logprob, random, encoding, top - 1)]
    ranked = sorted([said, *others], key=lambda entry: -entry["logprob"]) if top else []
    return {**said, "top_logprobs": ranked}


def _others(
    token: bytes, logprob: float, random: Random, encoding: Encoding, count: int
) -> Iterator[tuple[bytes, float]]:
    """Yield other tokens, each with half of the probability that is left, so that all never exceed 1."""
    left = -expm1(logprob)
    seen = {token}
    while len(seen) <= count:
        other = encoding.decode_bytes([random.randrange(256, 50_000)])
        if other not in seen:
            seen.add(other)
            left /= 2
            yield other, log(left) if left > _LEAST else _NEVER


# What api.openai.com answers for a token that is as good as impossible (``ChatCompletionTokenLogprob``).
_NEVER = -9999.0
_LEAST = 1e-300


def _shown(token: bytes) -> dict[str, Any]:
    """Return a token as the API shows it; half a character by its bytes."""
    try:
        text = token.decode()
    except UnicodeDecodeError:
        text = "bytes:" + "".join(f"\\x{byte:02x}" for byte in token)
    return {"token": text, "logprob": 0.0, "bytes": list(token)}
