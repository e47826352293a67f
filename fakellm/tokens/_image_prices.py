"""Prices of an image: by tiles of 512 pixels, or by patches of 32; which model has which is in the table of models.

Source: https://platform.openai.com/docs/guides/images-vision, "Calculating costs". Recorded calls show one token
more for an image in patches than is published (gpt-5-mini, gpt-4.1-nano).
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import NamedTuple

__all__ = ["Patches", "Tiles"]


class Tiles(NamedTuple):
    """A price by tiles. base: tokens of any image, all of them at ``detail: low``. tile: tokens of each tile."""

    base: int
    tile: int

    def bill(self, width: int, height: int, detail: str) -> int:
        """Count the tokens of the tiles that cover the image, at most 2048 pixels long and 768 on the short side."""
        if detail == "low":
            return self.base
        width, height = _shrink(width, height, 2048 / max(width, height))
        width, height = _shrink(width, height, 768 / min(width, height))
        return self.base + self.tile * ceil(width / 512) * ceil(height / 512)


class Patches(NamedTuple):
    """A price by patches. multiplier: tokens of a patch, in hundredths. ``detail`` changes nothing."""

    multiplier: int

    def bill(self, width: int, height: int, detail: str) -> int:
        """Count the tokens of the patches that cover the image, scaled down to 1536 of them where it needs more."""
        patches = ceil(width / 32) * ceil(height / 32)
        if patches > _PATCHES:
            patches = _fit_patches(width / 32, height / 32)
        return 1 + ceil(self.multiplier * patches / 100)


_PATCHES = 1536


def _shrink(width: int, height: int, factor: float) -> tuple[int, int]:
    if factor >= 1:
        return width, height
    return max(1, round(width * factor)), max(1, round(height * factor))


def _fit_patches(width: float, height: float) -> int:
    """Scale to the budget, then to whole patches along one side. width, height: in patches."""
    factor = sqrt(_PATCHES / (width * height))
    wide, high = width * factor, height * factor
    factor = min(max(1, int(wide)) / wide, max(1, int(high)) / high)
    # What is whole in theory may be a hair more in floating point.
    return min(_PATCHES, ceil(wide * factor - 1e-6) * ceil(high * factor - 1e-6))
