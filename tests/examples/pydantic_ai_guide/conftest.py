import pytest


@pytest.fixture(scope="session")
def llm_config():
    """Recordings come from a local gateway; the tests ask the default host."""
    return {"match": ["path", "body"]}
