"""What the tests of the client share."""

import httpx
import pytest

from fakellm.client import OpenAIChatCompletionClient

KEY = "sk-very-secret"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Start without the variables that the client reads."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def make_client():
    """Build a client for gpt-4o; its requests end at respx routes."""

    def make(**arguments):
        # verify=False: reading the certificates takes longer than a test.
        return OpenAIChatCompletionClient(
            **{"model": "gpt-4o", "api_key": KEY, "http_client": httpx.AsyncClient(verify=False), **arguments}
        )

    return make
