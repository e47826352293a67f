import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from fakellm.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelInfo,
    RequestUsage,
    UserMessage,
)


class Echo(ChatCompletionClient):
    """The smallest client there can be."""

    component_type = "model"

    async def create(self, messages: Sequence[LLMMessage], **arguments: Any) -> CreateResult:
        text = str(messages[-1].content)
        return CreateResult(finish_reason="stop", content=text, usage=RequestUsage(1, 1), cached=False)

    async def create_stream(
        self, messages: Sequence[LLMMessage], **arguments: Any
    ) -> AsyncGenerator[str | CreateResult, None]:
        result = await self.create(messages)
        yield str(result.content)
        yield result

    async def close(self) -> None: ...

    def actual_usage(self) -> RequestUsage:
        return RequestUsage(0, 0)

    def total_usage(self) -> RequestUsage:
        return RequestUsage(0, 0)

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Any = ()) -> int:
        return len(messages)

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Any = ()) -> int:
        return 10 - len(messages)

    @property
    def capabilities(self) -> Any:
        return {"vision": False, "function_calling": False, "json_output": False}

    @property
    def model_info(self) -> ModelInfo:
        return super().model_info


def test_interface_cannot_be_instantiated() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ChatCompletionClient()  # type: ignore[abstract]


def test_stream_ends_with_the_result() -> None:
    async def body() -> list[str | CreateResult]:
        return [item async for item in Echo().create_stream([UserMessage(content="hi", source="user")])]

    text, result = asyncio.run(body())

    assert text == "hi"
    assert isinstance(result, CreateResult)


def test_client_that_only_has_capabilities_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="Echo describes its model by the deprecated capabilities"):
        info = Echo().model_info

    assert info == {"vision": False, "function_calling": False, "json_output": False, "family": "unknown"}
