"""What an image in a message costs: tiles of 512 pixels or patches of 32, by model.

Source: https://platform.openai.com/docs/guides/images-vision, "Calculating costs". Recorded calls agree for
gpt-4o (tiles) and gpt-4.1-nano (patches); for gpt-5-mini they show a multiplier of 1.2 instead of the
published 1.62, and one token more an image in patches. The other rows are published or measured by users
(https://community.openai.com/t/1377015 and /t/1262691), no recorded call shows them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fakellm._anyjson import object_of, text_of
from fakellm.tokens._image_prices import Patches, Tiles
from fakellm.tokens._image_size import data_uri_size

__all__ = ["UNKNOWN_SIZE", "count_image", "is_image"]

UNKNOWN_SIZE = (1024, 1024)
"""Width and height assumed for an image whose size is not in the request: a URL, an unknown format."""


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
    return _price(model).bill(width, height, text_of(image.get("detail")))


@lru_cache(64)
def _price(model: str) -> Tiles | Patches:
    return next(price for prefix, price in _PRICES if model.startswith(prefix))
