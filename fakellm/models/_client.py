"""The interface of every client that talks to a model."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, cast

from pydantic import BaseModel

from fakellm.models._cancellation import CancellationToken
from fakellm.models._component import ComponentBase
from fakellm.models._info import (
    ModelCapabilities,  # pyright: ignore[reportDeprecated]  # part of the interface until AutoGen drops it
    ModelFamily,
    ModelInfo,
)
from fakellm.models._messages import LLMMessage
from fakellm.models._results import CreateResult, RequestUsage
from fakellm.models._tools import Tool, ToolSchema


class ChatCompletionClient(ComponentBase[BaseModel], ABC):
    """Sends conversations to one model and gives its answers.

    The arguments of `create` and `create_stream`: `messages`: the conversation; `tools`: what the model may
    call; `tool_choice`: whether it may (`"auto"`), must (`"required"`), must not (`"none"`), or which tool it
    must call; `json_output`: True for a reply that is some JSON object, False for text, a pydantic class for
    a reply of that form, None for the client's default; `extra_create_args`: further parameters of the API
    for this call; `cancellation_token`: calls the request off.
    """

    @abstractmethod
    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Ask the model once and wait for the whole answer."""

    @abstractmethod
    def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Ask the model once; yields its text in pieces, then one CreateResult with everything."""

    @abstractmethod
    async def close(self) -> None:
        """Release connections; the client is not used afterwards."""

    @abstractmethod
    def actual_usage(self) -> RequestUsage:
        """Give the tokens used so far, answers from a cache left out."""

    @abstractmethod
    def total_usage(self) -> RequestUsage:
        """Give the tokens used so far, answers from a cache included."""

    @abstractmethod
    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []) -> int:
        """Count the tokens that the messages and tools take in a request, without asking the model."""

    @abstractmethod
    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []) -> int:
        """Give how many tokens of the model's context are left after the messages and tools."""

    @property
    @abstractmethod
    def capabilities(self) -> ModelCapabilities:  # pyright: ignore[reportDeprecated]  # see the import
        """The older form of `model_info`; deprecated."""

    @property
    @abstractmethod
    def model_info(self) -> ModelInfo:
        """The abilities of the model.

        A subclass that only has `capabilities` may call this one: it warns, and adds the family `unknown`.
        """
        warnings.warn(
            f"{type(self).__name__} describes its model by the deprecated capabilities; define model_info",
            stacklevel=2,
        )
        info = cast("ModelInfo", self.capabilities)
        info["family"] = ModelFamily.UNKNOWN
        return info
