"""Requests as they are compared and kept: decoded from their content-encoding."""

from __future__ import annotations

from fakellm._wire.events import WireRequest

__all__ = ["decoded"]


def decoded(request: WireRequest) -> WireRequest:
    """Return a request with its body decoded and without the header that says how; the same one where it has none.

    gzip and deflate are known, brotli and zstd where httpx finds a decoder. A body that does not decode stays as it is.
    """
    encoding = request.headers.get("content-encoding", "")
    if not encoding or not request.body:
        return request
    import httpx

    try:
        body = httpx.Response(200, headers={"content-encoding": encoding}, content=request.body).content
    except httpx.DecodingError:
        return request
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-encoding"}
    return request._replace(headers=headers, body=body)
