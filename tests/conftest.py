"""What the whole suite shares: the four ways in which a client can ask."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest
from asking import KEY

pytest_plugins = ["pytester"]

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@dataclass(frozen=True)
class Way:
    """A kind of client. module: httpx or httpx2; asynchronous: whether its AsyncClient is used."""

    module: ModuleType
    asynchronous: bool

    def request(self, method: str, url: str, *, transport: Any = None, **kwargs: Any) -> Any:
        """Send a request with a client of its own and return the response, read to its end."""
        if not self.asynchronous:
            with self.module.Client(transport=transport, headers=KEY) as client:
                return client.request(method, url, **kwargs)

        async def send() -> Any:
            async with self.module.AsyncClient(transport=transport, headers=KEY) as client:
                return await client.request(method, url, **kwargs)

        return asyncio.run(send())

    def post(self, url: str, body: object, *, transport: Any = None) -> Any:
        """Send a body as JSON."""
        return self.request("POST", url, json=body, transport=transport)

    def stream(
        self, url: str, body: object, take: Callable[[bytes], None], *, transport: Any = None, **kwargs: Any
    ) -> Any:
        """Send a body as JSON and hand each part of the answer to ``take`` as it arrives."""
        if not self.asynchronous:
            with (
                self.module.Client(transport=transport, headers=KEY) as client,
                client.stream("POST", url, json=body, **kwargs) as response,
            ):
                for part in response.iter_raw():
                    take(part)
                return response

        async def send() -> Any:
            async with (
                self.module.AsyncClient(transport=transport, headers=KEY) as client,
                client.stream("POST", url, json=body, **kwargs) as response,
            ):
                async for part in response.aiter_raw():
                    take(part)
                return response

        return asyncio.run(send())


@pytest.fixture(params=["httpx-sync", "httpx-async", "httpx2-sync", "httpx2-async"])
def way(request: pytest.FixtureRequest) -> Way:
    """One suite over all four kinds of client."""
    name, _, kind = request.param.partition("-")
    pytest.importorskip(name)
    return Way(import_module(name), kind == "async")


@pytest.fixture
def real_cassettes() -> list[Path]:
    """The recorded sessions of real providers, where they are there."""
    if not (folder := os.environ.get("FAKELLM_REAL_CASSETTES")):
        pytest.skip("FAKELLM_REAL_CASSETTES names no folder of recorded sessions")
    return sorted(Path(folder).glob("*.yaml"))
