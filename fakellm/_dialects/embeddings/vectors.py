"""Vectors for embeddings: from seed, model and text alone, near for texts that share words, far for others.

A text is a bag of features: its words and their runs of three letters, which words of one stem share. Each feature has
a hash that makes a bit for each dimension; a component of the vector is the weighted vote of the bits there. So two
vectors are as near as the features that their texts share are heavy, but for the noise of the hash, about one over
the root of the dimensions. What texts mean is not looked at: synonyms are far from each other.

All is done on integers until the one root and the divisions at the end, which IEEE 754 rounds in one way everywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import shake_128
from math import sqrt
from struct import Struct

from fakellm._wire.canonical import digest

__all__ = ["vector"]

# Scripts that are written without blanks between words: a sign is taken for a word. Thai, Lao, kana, Han, Hangul.
_WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")

# The commonest words of English, which say little about what a text is about; other languages have short ones as well,
# which weigh little as it is.
_COMMON_TEXT = """
a an and are as at be by can could did do does for from had has have he her his how i if in is it its may me my no not
of on or our she should so that the their there they this to up us was we were what when where which who why will with
would you your
"""
_COMMON = frozenset(_COMMON_TEXT.split())
_LONGEST = 12
"""Letters of a word that weigh; a longer one, such as an id, is no more telling."""

_LANE = 4
"""Bytes in which the votes of one dimension are counted: the weights of any text that is taken have a smaller sum."""
_LANES = [b"".join((byte >> bit & 1).to_bytes(_LANE, "little") for bit in range(8)) for byte in range(256)]
"""For each byte its eight bits, each in a lane of its own."""


def vector(text: str, *, seed: int, model: str, dimensions: int) -> tuple[float, ...]:
    """Return the vector of a text, of length 1; numbers that single precision has, as APIs send them.

    One with fewer dimensions is the beginning of one with more, brought to length 1, as text-embedding-3 shortens it.
    """
    features = _features(text)
    # The text itself tells texts apart that have the same words; an odd sum of weights leaves no component at 0.
    features[f"={text}"] = 1 + sum(features.values()) % 2
    total = sum(features.values())
    components = [2 * votes - total for votes in _votes(features, digest(str(seed), model), dimensions)]
    length = sqrt(sum([component * component for component in components]))
    single = Struct(f"<{dimensions}f")
    return single.unpack(single.pack(*[component / length for component in components]))


def _features(text: str) -> Counter[str]:
    """Return the features of a text with their weights."""
    features: Counter[str] = Counter()
    for word, count in Counter(_WORD.findall(text.casefold())).items():
        weight = 1 if word in _COMMON else min(len(word), _LONGEST)
        weight *= count.bit_length()
        features[word] += 3 * weight
        padded = f" {word} "
        for start in range(len(word)):
            features[f"~{padded[start : start + 3]}"] += weight
    return features


def _votes(features: Counter[str], key: bytes, dimensions: int) -> tuple[int, ...]:
    """Return, for each dimension, the sum of the weights of the features whose bit is set there.

    One large integer holds a lane for each dimension, so that a multiplication and an addition count all votes of a
    feature at once: a loop over the dimensions takes several times as long.
    """
    size = -(-dimensions // 8)
    counted = 0
    for feature, weight in features.items():
        bits = shake_128(key + feature.encode("utf-8", "surrogatepass")).digest(size)
        counted += weight * int.from_bytes(b"".join([_LANES[byte] for byte in bits]), "little")
    return Struct(f"<{dimensions}I").unpack_from(counted.to_bytes(size * 8 * _LANE, "little"))
