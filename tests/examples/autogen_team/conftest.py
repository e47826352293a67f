import pytest


@pytest.fixture
def gateway(monkeypatch):
    """The address at which the session was recorded."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:4010/v1")
