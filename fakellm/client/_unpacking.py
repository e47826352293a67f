"""Bodies that were packed for the way (gzip, deflate, br, zstd), unpacked up to a bound."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from types import ModuleType
from typing import Any

from fakellm._errors import APIError

__all__ = ["LONGEST_BODY", "too_long", "unpacked"]

LONGEST_BODY = 64 * 2**20
"""How many bytes a packed body may unpack to.

Precedent: aiohttp 3.13.3 unpacks 32 MiB (``DEFAULT_MAX_DECOMPRESS_SIZE``); a stream of 128,000 tokens, which is what
the longest answers have, takes 40.
"""

_SLICE = 64
"""How many bytes are unpacked at once: gzip makes up to 1,000 of one, zstd 30,000, br some millions."""


def unpacked(response: Any, module: ModuleType) -> AsyncIterator[bytes]:
    """Return the body of a response as it arrives, unpacked. module: httpx or httpx2, whose response it is.

    Raises:
        APIError: it unpacks to more than LONGEST_BODY bytes.
    """
    is_packed = response.headers.get("content-encoding", "identity") != "identity"
    return _bounded(response, module) if is_packed else response.aiter_bytes()


async def _bounded(response: Any, module: ModuleType) -> AsyncGenerator[bytes, None]:
    size = 0
    async for data in _in_slices(response, module).aiter_bytes():
        size += len(data)
        if size > LONGEST_BODY:
            raise too_long(response, "the answer unpacks to")
        yield data


def too_long(response: Any, what: str) -> APIError:
    """Return the exception for a body that is longer than any answer. what: has or unpacks to so many bytes."""
    packing = response.headers.get("content-encoding", "identity")
    return APIError(
        f"{what} more than {LONGEST_BODY >> 20} MiB (status {response.status_code}, content-encoding: {packing}), "
        "which is no answer of a model; look at the server, or at what stands between",
        request_id=response.headers.get("x-request-id"),
        response=response,
    )


def _in_slices(response: Any, module: ModuleType) -> Any:
    """Return a response of the same body, which unpacks little at a time; one that was read already, as it is."""
    try:
        response.content  # noqa: B018  # raises where the body was not read
    except module.ResponseNotRead:
        packing = {"content-encoding": response.headers["content-encoding"]}
        return module.Response(200, headers=packing, content=_slices(response.aiter_raw()))
    return response


async def _slices(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for part in parts:
        for start in range(0, len(part), _SLICE):
            yield part[start : start + _SLICE]
