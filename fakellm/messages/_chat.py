"""What agents say to each other."""

from typing import Annotated, Literal

from pydantic import Field

from fakellm.messages._base import BaseChatMessage, BaseTextChatMessage
from fakellm.models import FunctionCall, FunctionExecutionResult, Image, LLMMessage, UserMessage


class TextMessage(BaseTextChatMessage):
    """Plain text, the usual thing to say."""

    type: Literal["TextMessage"] = "TextMessage"


class MultiModalMessage(BaseChatMessage):
    """Texts and images; `content` has them in reading order."""

    content: list[str | Image]
    type: Literal["MultiModalMessage"] = "MultiModalMessage"

    def to_text(self, iterm: bool = False) -> str:
        """Render one part per line, an image as `<image>`.

        `iterm`: show images as pictures, in terminals that know iTerm2's escape sequence.
        Source: https://iterm2.com/documentation-images.html
        """
        return "\n".join(part if isinstance(part, str) else _shown(part, iterm) for part in self.content)

    def to_model_text(self, image_placeholder: str | None = "[image]") -> str:
        """Render the parts one after the other; an image is a space and the placeholder.

        `image_placeholder`: None puts the base64 text of a PNG there instead.
        """
        return "".join(
            part if isinstance(part, str) else f" {_placed(part, image_placeholder)}" for part in self.content
        )

    def to_model_message(self) -> UserMessage:
        """Say the same parts in the sender's name."""
        return UserMessage(content=self.content, source=self.source)


class StopMessage(BaseTextChatMessage):
    """The request to end the conversation; `content` says why."""

    type: Literal["StopMessage"] = "StopMessage"


class HandoffMessage(BaseTextChatMessage):
    """The request that another agent goes on.

    `target`: its name; `context`: what its model has to know, as messages to a model; `content`: what it is
    told.
    """

    target: str
    context: list[LLMMessage] = Field(default_factory=list, json_schema_extra={"default": []})
    type: Literal["HandoffMessage"] = "HandoffMessage"


class ToolCallSummaryMessage(BaseTextChatMessage):
    """The results of tool calls, said instead of asking the model to phrase them.

    `content`: the summary; `tool_calls`: what was called; `results`: what came of it.
    """

    type: Literal["ToolCallSummaryMessage"] = "ToolCallSummaryMessage"
    tool_calls: list[FunctionCall]
    results: list[FunctionExecutionResult]


ChatMessage = Annotated[
    TextMessage | MultiModalMessage | StopMessage | ToolCallSummaryMessage | HandoffMessage,
    Field(discriminator="type"),
]
"""Any chat message whose class is known beforehand; `type` decides which. StructuredMessage is not."""


def _shown(image: Image, iterm: bool) -> str:
    return f"\033]1337;File=inline=1:{image.to_base64()}\a\n" if iterm else "<image>"


def _placed(image: Image, placeholder: str | None) -> str:
    return image.to_base64() if placeholder is None else placeholder
