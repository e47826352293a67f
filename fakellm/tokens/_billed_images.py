"""What an image in a message costs: tiles of 512 pixels or patches of 32, by model.

Source: https://platform.openai.com/docs/guides/images-vision, "Calculating costs". Recorded calls agree for
gpt-4o (tiles) and gpt-4.1-nano (patches); for gpt-5-mini they show a multiplier of 1.2 instead of the
published 1.62, and one token more an image in patches. The other rows are published or measured by users
(https://community.openai.com/t/1377015 and /t/1262691), no recorded call shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt
from typing import Any

from fakellm._anyjson import object_of, text_of
from fakellm.tokens._image_size import data_uri_size

__all__ = ["UNKNOWN_SIZE", "count_image", "is_image"]

UNKNOWN_SIZE = (1024, 1024)
"""Width and height assumed for an image whose size is not in the request: a URL, an unknown format."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """A price by tiles. base: tokens of any image, all of them at ``detail: low``. tile: tokens of each tile."""

    base: int
    tile: int

    def count(self, width: int, height: int, detail: str) -> int:
        """Count the tiles that cover the image, at most 2048 pixels long and 768 high on the short side."""
        if detail == "low":
            return self.base
        width, height = _shrink(width, height, 2048 / max(width, height))
        width, height = _shrink(width, height, 768 / min(width, height))
        return self.base + self.tile * ceil(width / 512) * ceil(height / 512)


@dataclass(frozen=True, slots=True)
class Patches:
    """A price by patches. multiplier: tokens of a patch, in hundredths. ``detail`` changes nothing."""

    multiplier: int

    def count(self, width: int, height: int, detail: str) -> int:
        """Count the patches that cover the image, scaled down to 1536 of them where it needs more."""
        patches = ceil(width / 32) * ceil(height / 32)
        if patches > _PATCHES:
            patches = _fit_patches(width / 32, height / 32)
        return 1 + ceil(self.multiplier * patches / 100)


_PATCHES = 1536

_PRICES: tuple[tuple[str, Tiles | Patches], ...] = (
    ("gpt-4o-mini", Tiles(2833, 5667)),
    ("gpt-4.1-mini", Patches(162)),
    ("gpt-4.1-nano", Patches(246)),
    ("o4-mini", Patches(172)),
    ("gpt-5-mini", Patches(120)),
    ("gpt-5-nano", Patches(150)),
    ("gpt-5.1", Tiles(70, 140)),
    ("gpt-5.", Patches(120)),
    ("gpt-5", Tiles(70, 140)),
    ("o1", Tiles(75, 150)),
    ("o3", Tiles(75, 150)),
    ("", Tiles(85, 170)),
)


def is_image(part: dict[str, Any]) -> bool:
    """Whether a content part holds an image."""
    return part.get("type") == "image_url"


def count_image(part: dict[str, Any], model: str) -> int:
    """Count the tokens of an ``image_url`` part. model: without a prefix."""
    image = object_of(part.get("image_url"))
    width, height = data_uri_size(text_of(image.get("url"))) or UNKNOWN_SIZE
    return _price(model).count(width, height, text_of(image.get("detail")))


@lru_cache(64)
def _price(model: str) -> Tiles | Patches:
    return next(price for prefix, price in _PRICES if model.startswith(prefix))


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
