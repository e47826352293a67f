"""The Azure client beside AutoGen's: where it asks and what it carries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("autogen_ext.models.openai")

from autogen_sides import INFO, Built, Stub, built, completion, recorded, running_stub, sides


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)


async def provided() -> str:
    return "t2"


SETTINGS = {"model": "gpt-4o", "azure_deployment": "chat", "api_version": "2024-06-01", "max_retries": 0}
CASES: dict[str, dict[str, Any]] = {
    "key": {"api_key": "k1"},
    "token": {"azure_ad_token": "t1"},
    "token and key": {"azure_ad_token": "t1", "api_key": "k1"},
    "provider": {"azure_ad_token_provider": Built(lambda side: lambda: "t2")},
    "async provider": {"azure_ad_token_provider": Built(lambda side: provided)},
    "no deployment": {"api_key": "k1", "azure_deployment": None},
    "query": {"api_key": "k1", "default_query": {"a": "b"}},
    "headers": {"api_key": "k1", "default_headers": {"X-Custom": "1"}},
    "defaults": {"api_key": "k1", "temperature": 0},
    "own model": {"api_key": "k1", "model": "own", "model_info": INFO},
    "unknown model": {"api_key": "k1", "model": "own"},
    "no credentials": {},
    "no version": {"api_key": "k1", "api_version": None},
    "forbidden default": {"api_key": "k1", "n": 2},
}


def run(side: Any, settings: dict[str, Any], stub: Stub) -> dict[str, Any]:
    async def ask() -> None:
        client = side.AzureOpenAIChatCompletionClient(**built(side, settings))
        result = await client.create([side.UserMessage(content="hi", source="user")])
        outcome["result"] = result.model_dump()
        await client.close()

    stub.expect((completion(model=settings["model"]) if settings["model"] == "own" else completion(),))
    outcome: dict[str, Any] = {"error": None}
    with recorded(outcome):
        asyncio.run(ask())
    outcome.pop("raised", None)
    return {**outcome, "asked": stub.asked}


@pytest.mark.parametrize("name", CASES)
def test_azure_is_asked_alike(name: str, stub: Stub) -> None:
    settings = {**SETTINGS, "azure_endpoint": stub.url, **CASES[name]}

    theirs, ours = (run(side, settings, stub) for side in sides())

    for request in theirs["asked"]:  # theirs sends the key, or a placeholder, as a bearer token as well
        if "api-key" in request["headers"]:
            del request["headers"]["authorization"]
    assert ours == theirs
