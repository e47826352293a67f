"""Requests over httpx: what goes out, and which error comes of what comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from fakellm._errors import APIConnectionError, APIError, APIStatusError, APITimeoutError, status_error

__all__ = ["HTTPSession"]

# The OpenAI SDK's defaults (openai 3.52, ``_constants.py``), in seconds.
_TIMEOUT = httpx.Timeout(600.0, connect=5.0)


class HTTPSession:
    """Posts JSON to one base URL with one key; the key shows in no repr and no error."""

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        http_client: httpx.AsyncClient | None,
        timeout: float | httpx.Timeout | None,
    ) -> None:
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._headers = headers
        self._client = http_client or httpx.AsyncClient(follow_redirects=True)
        self._timeout = _TIMEOUT if timeout is None else timeout

    @asynccontextmanager
    async def post(self, body: Mapping[str, Any]) -> AsyncIterator[httpx.Response]:
        """Send a body and give the response, its own body not read yet.

        Raises:
            APIStatusError: the API answered with an error.
            APITimeoutError, APIConnectionError: it did not answer, or broke off within the block.
        """
        if self._client.is_closed:
            raise APIConnectionError("Connection error: the client is closed; make a new one")
        request = self._client.build_request(
            "POST", self._url, json=dict(body), headers=dict(self._headers), timeout=self._timeout
        )
        try:
            response = await self._client.send(request, stream=True)
            try:
                if response.status_code >= 400:
                    raise error_from(response.status_code, response.headers, await response.aread())
                yield response
            finally:
                await response.aclose()
        except httpx.TimeoutException as err:
            raise APITimeoutError("Request timed out.") from err
        except httpx.RequestError as err:
            raise APIConnectionError(f"Connection error: {err}") from err

    async def aclose(self) -> None:
        """Close the HTTP client."""
        await self._client.aclose()


def error_from(status: int, headers: Mapping[str, str], body: bytes) -> APIStatusError:
    """Return the exception for an answer with an error status."""
    error = _error_object(body)
    message = error.get("message") or body[:200].decode("utf-8", "replace")
    return status_error(status)(
        f"Error code: {status} - {message}",
        status_code=status,
        code=_text(error.get("code")),
        type=_text(error.get("type")),
        param=_text(error.get("param")),
        body=error or body[:200].decode("utf-8", "replace"),
        request_id=headers.get("x-request-id"),
    )


def stream_error(data: str) -> APIError | None:
    """Return the exception for an error object inside a stream; None where the data is none."""
    error = _error_object(data.encode())
    if not error:
        return None
    return APIError(
        str(error.get("message") or data[:200]),
        code=_text(error.get("code")),
        type=_text(error.get("type")),
        param=_text(error.get("param")),
        body=error,
    )


def _error_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body)
    except ValueError:
        return {}
    error = decoded.get("error") if isinstance(decoded, dict) else None
    if isinstance(error, str):  # as Ollama and Hugging Face write it
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
