"""Messages to a model: the four kinds in a request, told apart by `type`."""

from typing import Annotated, Literal

from pydantic import Field

from fakellm.models._calls import FunctionCall, FunctionExecutionResult
from fakellm.models._image import Image
from fakellm.models._lazy import LazyModel


class SystemMessage(LazyModel):
    """Instructions of the developer to the model: `content` is their text."""

    content: str
    type: Literal["SystemMessage"] = "SystemMessage"


class UserMessage(LazyModel):
    """Input for the model, from a person or from another agent.

    `content`: a text, or texts and images in reading order; `source`: the name of who says it.
    """

    content: str | list[str | Image]
    source: str
    type: Literal["UserMessage"] = "UserMessage"


class AssistantMessage(LazyModel):
    """An earlier answer of the model.

    `content`: its text, or the function calls it asked for; `thought`: reasoning, or text that came along
    with function calls; `source`: the name of the agent that used the model.
    """

    content: str | list[FunctionCall]
    thought: str | None = None
    source: str
    type: Literal["AssistantMessage"] = "AssistantMessage"


class FunctionExecutionResultMessage(LazyModel):
    """The results of the function calls in the assistant message before it; `content` has one per call."""

    content: list[FunctionExecutionResult]
    type: Literal["FunctionExecutionResultMessage"] = "FunctionExecutionResultMessage"


LLMMessage = Annotated[
    SystemMessage | UserMessage | AssistantMessage | FunctionExecutionResultMessage,
    Field(discriminator="type"),
]
"""Any message of a request; `type` decides which."""
