"""The hook that the plugin calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from fakellm import FakeLLM


def pytest_fakellm_configure(config: pytest.Config, llm: FakeLLM) -> None:
    """Prepare the FakeLLM of a test, before the test and its fixtures get it; in a conftest.py or a plugin."""
