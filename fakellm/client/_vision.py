"""What a picture costs: a basis and so much for each tile, after it was scaled down.

Source: https://platform.openai.com/docs/guides/images-vision (gpt-4o, high detail), rounded as autogen-ext 0.7.5 does.
"""

from __future__ import annotations

__all__ = ["count_image"]

_LONGEST_SIDE = 2048  # pixels
_SHORTEST_SIDE = 768
_TILE = 512
_BASIS = 85  # tokens
_PER_TILE = 170


def count_image(width: int, height: int) -> int:
    """Count the tokens of a picture of so many pixels."""
    if max(width, height) > _LONGEST_SIDE:
        width, height = _scaled(width, height, longest=_LONGEST_SIDE)
    if min(width, height) > _SHORTEST_SIDE:
        width, height = _scaled(width, height, shortest=_SHORTEST_SIDE)
    return _BASIS + _PER_TILE * -(-width // _TILE) * -(-height // _TILE)


def _scaled(width: int, height: int, *, longest: int | None = None, shortest: int | None = None) -> tuple[int, int]:
    """Return a size of the same shape, one side given, the other cut to an integer as floats have it."""
    shape = width / height
    if longest is not None:
        return (longest, int(longest / shape)) if shape > 1 else (int(longest * shape), longest)
    assert shortest is not None
    return (int(shortest * shape), shortest) if shape > 1 else (shortest, int(shortest / shape))
