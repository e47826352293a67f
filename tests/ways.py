"""The six ways in which a client can ask: httpx and httpx2, sync and async, requests and aiohttp."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

from asking import KEY

from fakellm._io.intercept import activate, deactivate
from fakellm._io.transport import transport_class


class Errors(NamedTuple):
    """What a client raises, by what happens to it."""

    refused: type[Exception]
    never_taken: type[Exception]
    silent: type[Exception]
    dropped: type[Exception]
    silent_in_body: type[Exception]
    cut: type[Exception]


class Patience(NamedTuple):
    """Seconds that a client waits for a read, and to connect."""

    read: float | None
    connect: float | None


def _patience(timeout: Any) -> Patience:
    return timeout if isinstance(timeout, Patience) else Patience(timeout, timeout)


@dataclass(frozen=True)
class Way:
    """A kind of client. module: the library; asynchronous: whether its clients are; headers: of each request."""

    module: ModuleType
    asynchronous: bool
    headers: Mapping[str, str]

    def request(self, method: str, url: str, *, transport: Any = None, timeout: Any = 5, **kwargs: Any) -> Any:
        """Send a request with a client of its own and return the response, read to its end."""
        kwargs["timeout"] = self._timeout(timeout)
        if not self.asynchronous:
            with self.module.Client(transport=transport, headers=self.headers) as client:
                return client.request(method, url, **kwargs)

        async def send() -> Any:
            async with self.module.AsyncClient(transport=transport, headers=self.headers) as client:
                return await client.request(method, url, **kwargs)

        return asyncio.run(send())

    def post(self, url: str, body: object, *, transport: Any = None) -> Any:
        """Send a body as JSON."""
        return self.request("POST", url, json=body, transport=transport)

    def stream(
        self,
        url: str,
        body: object,
        take: Callable[[bytes], None],
        *,
        transport: Any = None,
        timeout: Any = 5,
    ) -> Any:
        """Send a body as JSON and hand each part of the answer to ``take`` as it arrives."""
        kwargs: dict[str, Any] = {"json": body, "timeout": self._timeout(timeout)}
        if not self.asynchronous:
            with (
                self.module.Client(transport=transport, headers=self.headers) as client,
                client.stream("POST", url, **kwargs) as response,
            ):
                for part in response.iter_raw():
                    take(part)
                return response

        async def send() -> Any:
            async with (
                self.module.AsyncClient(transport=transport, headers=self.headers) as client,
                client.stream("POST", url, **kwargs) as response,
            ):
                async for part in response.aiter_raw():
                    take(part)
                return response

        return asyncio.run(send())

    def _timeout(self, timeout: Any) -> Any:
        read, connect = _patience(timeout)
        return self.module.Timeout(read, connect=connect)

    def transport(self, llm: Any) -> Any:
        """Return what makes a client ask this fake alone."""
        return llm.transport(self.module)

    def playing(self, engine: Any, clock: Any) -> Any:
        """Return what makes a client ask this engine."""
        return transport_class(self.module)(engine, clock)

    def network(self) -> Any:
        """Return what makes a client ask the network."""
        kind = self.module.AsyncHTTPTransport if self.asynchronous else self.module.HTTPTransport
        return kind(verify=False)  # loads no certificates, which takes longer than the rest of a test

    @property
    def errors(self) -> Errors:
        m = self.module
        return Errors(
            m.ConnectError, m.ConnectTimeout, m.ReadTimeout, m.RemoteProtocolError, m.ReadTimeout, m.RemoteProtocolError
        )


@dataclass(frozen=True)
class Answer:
    """What a client off httpx got, by the names of httpx. headers: names in lower case."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


def answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, content)


class OffHttpx(Way):
    """A client that no transport can be given to: it is answered where a fake intercepts."""

    def request(self, method: str, url: str, *, transport: Any = None, timeout: Any = 5, **kwargs: Any) -> Any:
        parts: list[bytes] = []
        with transport or nullcontext():
            head = self._send(method, url, parts.append, is_stream=False, timeout=_patience(timeout), **kwargs)
        return answer(*head, b"".join(parts))

    def stream(
        self, url: str, body: object, take: Callable[[bytes], None], *, transport: Any = None, timeout: Any = 5
    ) -> Any:
        with transport or nullcontext():
            head = self._send("POST", url, take, is_stream=True, timeout=_patience(timeout), json=body)
        return answer(*head, b"")

    def _send(
        self, method: str, url: str, take: Callable[[bytes], None], *, is_stream: bool, timeout: Patience, **kwargs: Any
    ) -> tuple[int, Mapping[str, str]]:
        raise NotImplementedError

    def transport(self, llm: Any) -> Any:
        return Intercepting(llm._engine, llm.clock)

    def playing(self, engine: Any, clock: Any) -> Any:
        return Intercepting(engine, clock)

    def network(self) -> Any:
        return None


class Intercepting(AbstractContextManager[None]):
    """An engine that answers for the process, as often as it is entered."""

    def __init__(self, engine: Any, clock: Any) -> None:
        self._enter = lambda: activation(engine, clock)
        self._entered: list[AbstractContextManager[None]] = []

    def __enter__(self) -> None:
        self._entered.append(self._enter())
        self._entered[-1].__enter__()

    def __exit__(self, *exc: Any) -> None:
        self._entered.pop().__exit__(*exc)


@contextmanager
def activation(engine: Any, clock: Any) -> Iterator[None]:
    active = activate(engine, clock)
    try:
        yield
    finally:
        deactivate(active)


class ByRequests(OffHttpx):
    """requests; what arrives of a body that is not sent in chunks is read byte by byte."""

    def _send(self, method, url, take, *, is_stream, timeout, content=None, headers=(), **kwargs):
        kwargs |= {"headers": {**self.headers, **dict(headers)}, "timeout": (timeout.connect, timeout.read)}
        if content is not None:
            kwargs["data"] = content
        with self.module.request(method, url, stream=is_stream, **kwargs) as response:
            for part in response.iter_content(None if "transfer-encoding" in response.headers else 1):
                take(part)
            return response.status_code, response.headers

    @property
    def errors(self) -> Errors:
        m = self.module.exceptions
        return Errors(
            m.ConnectionError,
            m.ConnectTimeout,
            m.ReadTimeout,
            m.ConnectionError,
            m.ConnectionError,
            m.ChunkedEncodingError,
        )


class ByAiohttp(OffHttpx):
    """aiohttp."""

    def _send(self, method, url, take, *, is_stream, timeout, content=None, files=None, headers=(), **kwargs):
        kwargs["headers"] = {**self.headers, **dict(headers)}
        if content is not None:
            kwargs["data"] = content
        if files is not None:
            kwargs["data"] = self._form(kwargs["data"], files)
        patience = self.module.ClientTimeout(total=None, sock_read=timeout.read, sock_connect=timeout.connect)

        async def send():
            async with (
                self.module.ClientSession(timeout=patience) as session,
                session.request(method, url, **kwargs) as response,
            ):
                if is_stream:
                    async for part in response.content.iter_any():
                        take(part)
                else:
                    take(await response.read())
                return response.status, response.headers

        return asyncio.run(send())

    def _form(self, fields, files):
        form = self.module.FormData(fields)
        for name, file in files.items():
            filename, data, content_type = file if isinstance(file, tuple) else (name, file, None)
            form.add_field(name, data, filename=filename, content_type=content_type)
        return form

    @property
    def errors(self) -> Errors:
        m = self.module
        return Errors(
            m.ClientConnectorError,
            m.ConnectionTimeoutError,
            m.SocketTimeoutError,
            m.ServerDisconnectedError,
            m.SocketTimeoutError,
            m.ClientPayloadError,
        )


ON_HTTPX = ("httpx-sync", "httpx-async", "httpx2-sync", "httpx2-async")
OFF_HTTPX = {"requests": ByRequests, "aiohttp": ByAiohttp}


def way_named(name: str, headers: Mapping[str, str] = KEY) -> Way:
    """Return a way by its name; its module must be there."""
    library, _, kind = name.partition("-")
    return OFF_HTTPX.get(library, Way)(import_module(library), kind == "async" or library == "aiohttp", headers)


def errors_of_all_ways(what: str) -> tuple[type[Exception], ...]:
    """Return what each kind of client raises where this happens to it; see ``Errors``."""
    return tuple({getattr(way_named(name).errors, what) for name in (*ON_HTTPX, *OFF_HTTPX)})
