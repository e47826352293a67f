"""Width and height of an image, read from its first bytes.

Read are the formats that the API takes: PNG, JPEG, GIF and WebP.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from struct import error, unpack_from

__all__ = ["data_uri_size", "image_size"]

Size = tuple[int, int]

_DATA_URI = r"(?i)data:[^,]*;base64,"

# Characters of base64 to decode, in the order tried: nearly every header fits into the first; a JPEG may
# carry some megabytes of metadata before its frame.
_PREFIXES = (4096, 4 << 20)


def data_uri_size(url: str) -> Size | None:
    """Return (width, height) in pixels of the image in a data URI; None where that cannot be told."""
    head = re.match(_DATA_URI, url)
    if head is None:
        return None
    for length in _PREFIXES:
        try:
            # More padding than needed does no harm, less is an error.
            data = base64.b64decode(url[head.end() : head.end() + length] + "===")
        except ValueError:
            return None
        if size := image_size(data):
            return size
    return None


def image_size(data: bytes) -> Size | None:
    """Return (width, height) in pixels; None for no known format, or where the bytes end too early."""
    for signature, read in _READERS:
        if data.startswith(signature):
            try:
                size = read(data)
            except error:
                return None
            return size if size and all(size) else None
    return None


def _png(data: bytes) -> Size:
    """Read IHDR. Source: PNG specification, 11.2.2."""
    width, height = unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> Size:
    """Read the logical screen descriptor. Source: GIF89a specification, 18."""
    width, height = unpack_from("<HH", data, 6)
    return width, height


def _jpeg(data: bytes) -> Size | None:
    """Walk the segments to the frame header. Source: ITU-T T.81, B.1.1 and B.2.2."""
    at = 2
    while True:
        marker, length = unpack_from(">HH", data, at)
        if marker == 0xFFFF:  # a byte of filling before the marker
            at += 1
            continue
        if marker < 0xFF01 or length < 2:
            return None
        # SOF0 to SOF15 lie there; C4, C8 and CC mean something else.
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length


def _webp(data: bytes) -> Size | None:
    """Read the first chunk. Source: RFC 9649, 2.5 to 2.7, and RFC 6386, 9.1."""
    match data[8:16]:
        case b"WEBPVP8 ":
            width, height = unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"WEBPVP8L":
            (bits,) = unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"WEBPVP8X":
            low, high, last = unpack_from("<HHH", data, 24)
            return (low | (high & 0xFF) << 16) + 1, (high >> 8 | last << 8) + 1
    return None


_READERS: tuple[tuple[bytes, Callable[[bytes], Size | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"GIF8", _gif),
    (b"RIFF", _webp),
)
