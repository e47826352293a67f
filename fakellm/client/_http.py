"""Requests over httpx or httpx2: how they are sent, again where it helps, and what their failures become."""

from __future__ import annotations

import logging
from asyncio import get_running_loop
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import import_module
from inspect import isawaitable
from types import ModuleType
from typing import Any, TypeVar

from pydantic_core import to_json

from fakellm._clock import SystemClock
from fakellm._errors import APIConnectionError, APIError, APIStatusError, APITimeoutError, UsageError
from fakellm._wire.events import shown_url
from fakellm.client._connection import Connection, Headers, TokenProvider, check_headers
from fakellm.client._failures import status_failure
from fakellm.client._retry import retry_delay
from fakellm.client._unpacking import unpacked

__all__ = ["HTTPSession"]

T = TypeVar("T")

_log = logging.getLogger("fakellm.client")

# The OpenAI SDK's defaults (openai 3.51, ``_constants.py``).
_TIMEOUT = {"timeout": 600.0, "connect": 5.0}  # s
_LIMITS = {"max_connections": 1000, "max_keepalive_connections": 100}
_HTTPX_TIMEOUT = 5.0  # s; a given client that still has httpx's own default was not set up on purpose


class HTTPSession:
    """Posts JSON through one connection.

    Raises:
        UsageError: its http_client is of neither httpx nor httpx2.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.http_client
        self._clock = connection.clock or SystemClock()
        self._urls: dict[str, Any] = {}
        self._is_closed = False

    async def post(self, url: str, body: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[Any, bytes]:
        """Send a body; return the response and its own body, which ``with_body`` puts together.

        options: timeout (s, or the module's Timeout), where it is not the usual one.

        Raises:
            UsageError: a header cannot be sent, such as that of a key that is still a placeholder.
            APIStatusError: the API answered with an error.
            APITimeoutError, APIConnectionError: it did not answer.
            APIError: its answer unpacks to more than any answer has.
        """
        return await self._send_until_good(url, body, options, self._with_its_body)

    async def open(self, url: str, body: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
        """As ``post``, but the body of the response is not read yet; the caller closes it."""
        return await self._send_until_good(url, body, options, _unread)

    async def read(self, response: Any, progress: Callable[[], int]) -> AsyncGenerator[bytes, None]:
        """Yield the body of a response as it arrives.

        progress: how much of the answer was found in what came, in any unit. A body in which none is found for as
        long as a read may take is given up: comments and blank lines may come for ever.

        Raises:
            APITimeoutError, APIConnectionError: it broke off.
            APIError: it unpacks to more than any answer has.
        """
        limit = response.request.extensions.get("timeout", {}).get("read")
        now = get_running_loop().time
        found, since = progress(), now()
        with self._mapped_errors():
            async for data in unpacked(response, self._module):
                yield data
                if (got := progress()) != found:
                    found, since = got, now()
                elif limit is not None and now() - since > limit:
                    raise APITimeoutError(f"Request timed out: nothing but signs of life for {limit:g} s.")

    async def aclose(self) -> None:
        """Close the HTTP client; requests raise APIConnectionError from now on."""
        self._is_closed = True
        if self._client is not None:
            await self._client.aclose()

    async def _send_until_good(
        self, url: str, body: Mapping[str, Any], options: Mapping[str, Any], take: Callable[[Any], Awaitable[T]]
    ) -> T:
        if self._is_closed or self._open_client().is_closed:
            raise APIConnectionError("Connection error: the client is closed; make a new one")
        check_headers(self._connection.headers)
        content = to_json(body)
        retries = self._connection.max_retries
        attempt = 0
        while True:
            try:
                return await take(await self._send(url, content, options, attempt))
            except APIError as err:
                delay = retry_delay(err, attempt) if attempt < retries else None
                if delay is None:
                    raise
                attempt += 1
                _log.info("retry %d of %d in %.3f s: %s", attempt, retries, delay, type(err).__name__)
            await self._clock.sleep_async(delay)

    async def _send(self, url: str, content: bytes, options: Mapping[str, Any], attempt: int) -> Any:
        client = self._open_client()
        headers = Headers(self._connection.headers)
        headers["x-stainless-retry-count"] = str(attempt)  # as the SDK says which attempt it is
        if self._connection.token is not None:
            headers["authorization"] = f"Bearer {await _ask(self._connection.token)}"
        timeout = options.get("timeout", self._usual_timeout)
        with self._mapped_errors():
            request = client.build_request("POST", self._url(url), content=content, headers=headers, timeout=timeout)
            response = await client.send(request, stream=True)
        if not response.is_success:
            raise await self._status_failure(response)
        return response

    async def _with_its_body(self, response: Any) -> tuple[Any, bytes]:
        return response, await self._read_whole(response)

    async def _read_whole(self, response: Any) -> bytes:
        """Return the body of a response."""
        body = bytearray()
        try:
            async for data in self.read(response, lambda: len(body)):
                # Some send blank lines until the model answers; in JSON they mean nothing.
                body.extend(data if body else data.lstrip())
        finally:
            await response.aclose()
        return bytes(body)

    async def _status_failure(self, response: Any) -> APIStatusError:
        try:
            body = await self._read_whole(response)
        except APIError:  # the status says more than the way in which the rest was lost
            body = b""
        return status_failure(self.with_body(response, body), body)

    def with_body(self, response: Any, body: bytes) -> Any:
        """Return a response whose body is this one, unpacked and read, as its headers then say."""
        headers = response.headers.copy()
        for name in ("content-encoding", "content-length", "transfer-encoding"):
            headers.pop(name, None)
        read = self._module.Response(
            response.status_code,
            headers=headers,
            content=body,
            request=response.request,
            extensions=response.extensions,
            history=response.history,
        )
        with suppress(RuntimeError):  # of a response that came read, of a transport that stands in for another
            read.elapsed = response.elapsed
        return read

    @contextmanager
    def _mapped_errors(self) -> Generator[None]:
        try:
            yield
        except (self._module.TimeoutException, TimeoutError) as err:
            raise APITimeoutError(f"Request timed out ({type(err).__name__}).") from err
        except (self._module.RequestError, OSError, RuntimeError) as err:  # RuntimeError: of a loop that was closed
            raise APIConnectionError(f"Connection error: {type(err).__name__}: {err}") from err

    def _open_client(self) -> Any:
        """Return the HTTP client; making one reads certificates, so it is put off until it is needed."""
        if self._client is None:
            import httpx

            self._client = httpx.AsyncClient(follow_redirects=True, limits=httpx.Limits(**_LIMITS))
        return self._client

    @cached_property
    def _module(self) -> ModuleType:
        return _module_of(self._open_client())

    @cached_property
    def _usual_timeout(self) -> Any:
        given = self._open_client().timeout
        untouched = given == self._module.Timeout(_HTTPX_TIMEOUT)
        return self._module.Timeout(**_TIMEOUT) if untouched else given

    def _url(self, url: str) -> Any:
        """Return a URL parsed and with the query of every request; parsing costs more than the rest of a send."""
        if url not in self._urls:
            query = self._connection.query
            try:
                parsed = self._module.URL(url)
            except self._module.InvalidURL as err:
                raise UsageError(f"{shown_url(url)!r} is no URL ({err}); look at base_url or azure_endpoint") from err
            self._urls[url] = parsed.copy_merge_params(query) if query else parsed
        return self._urls[url]


async def _unread(response: Any) -> Any:
    return response


async def _ask(token: TokenProvider) -> str:
    """Ask for a bearer token.

    Raises:
        ValueError: it is no text, or nothing.
    """
    value = token()
    value = await value if isawaitable(value) else value
    if not isinstance(value, str) or not value:
        raise ValueError(f"the token provider must return a non-empty str, it returned a {type(value).__name__}")
    check_headers({"authorization": value})
    return value


def _module_of(client: object) -> ModuleType:
    """Return httpx or httpx2, whichever a client is of; each knows only its own exceptions.

    Raises:
        UsageError: it is of neither.
    """
    for base in type(client).__mro__:
        module = base.__module__.partition(".")[0]
        if base.__name__ == "AsyncClient" and module in ("httpx", "httpx2"):
            return import_module(module)
    raise UsageError(f"http_client must be an httpx.AsyncClient or an httpx2.AsyncClient, got {client!r}")
