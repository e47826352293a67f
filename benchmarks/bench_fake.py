"""What an answer of the fake costs, over httpx.MockTransport handing out the same prebuilt bytes.

Run by hand: ``make bench``. The peers neither check nor count nor render: they hand out prebuilt bytes as well.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import httpx
import httpx2
import openai
import respx
from asked import CHAT, FRESH, KEY, PROMPT, agent_body, body, fake, floor, prebuilt
from pytest_httpx import HTTPXMock
from pytest_httpx._options import _HTTPXMockOptions
from timing import ratios, table

Run = Callable[[], object]


def respx_peer() -> httpx.Client:
    """Return a client that a router of respx answers, as in a test: in the place of its connections."""
    router = respx.mock(assert_all_called=False)
    router.post(CHAT).respond(200, content=prebuilt(), content_type="application/json")
    router.start()
    return httpx.Client(headers=KEY)


def pytest_httpx_peer() -> httpx.Client:
    """Return a client that pytest-httpx answers; outside of pytest it has to be built by hand."""
    mock = HTTPXMock(_HTTPXMockOptions())
    mock.add_response(url=CHAT, content=prebuilt(), headers={"content-type": "application/json"}, is_reusable=True)

    class Transport(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return mock._handle_request(self, request)  # what its fixture patches in

    return httpx.Client(transport=Transport(), headers=KEY)


def bench_answers(module: ModuleType, goals: tuple[float, float, float]) -> None:
    """Print what answers cost through one module. goals: prompt seen, not seen, agent request."""
    plain, faked = floor(module), fake(module)
    contenders: dict[str, Run] = {
        "MockTransport, prebuilt bytes": lambda: plain.post(CHAT, json=body(PROMPT)),
        "fake, prompt seen before": lambda: faked.post(CHAT, json=body(PROMPT)),
        "fake, prompt not seen before": lambda: faked.post(CHAT, json=body(next(FRESH))),
        "MockTransport, agent request": lambda: plain.post(CHAT, json=agent_body(PROMPT)),
        "fake, agent request": lambda: faked.post(CHAT, json=agent_body(next(FRESH))),
    }
    if module is httpx:
        peers = {"respx": respx_peer(), "pytest-httpx": pytest_httpx_peer()}
        contenders |= {name: lambda peer=peer: peer.post(CHAT, json=body(PROMPT)) for name, peer in peers.items()}
    asked = ("fake, prompt seen before", "fake, prompt not seen before", "fake, agent request")
    print(table(f"answers through {module.__name__}", ratios(contenders), dict(zip(asked, goals, strict=True))))


def bench_sdk() -> None:
    """Print what answers cost through the openai SDK; its 3.x runs on httpx2, where the peers do not work."""

    def ask(client: Any) -> Callable[[str], object]:
        sdk = openai.OpenAI(api_key="sk-fakellm", http_client=client)
        return lambda prompt: sdk.chat.completions.create(**body(prompt))

    module = httpx2 if issubclass(openai.DefaultHttpxClient, httpx2.Client) else httpx
    plain, faked = ask(floor(module)), ask(fake(module))
    contenders: dict[str, Run] = {
        "MockTransport, prebuilt bytes": lambda: plain(PROMPT),
        "fake, prompt seen before": lambda: faked(PROMPT),
        "fake, prompt not seen before": lambda: faked(next(FRESH)),
    }
    if module is httpx:
        peers = {"respx": ask(respx_peer()), "pytest-httpx": ask(pytest_httpx_peer())}
        contenders |= {name: lambda peer=peer: peer(PROMPT) for name, peer in peers.items()}
    goals = {"fake, prompt seen before": 1.03, "fake, prompt not seen before": 1.09}
    print(table(f"answers through openai {openai.__version__}", ratios(contenders, calls=50), goals))


if __name__ == "__main__":
    bench_answers(httpx, (1.05, 1.30, 1.90))
    bench_answers(httpx2, (1.05, 1.40, 2.10))
    bench_sdk()
