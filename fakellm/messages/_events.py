"""What happens inside agents and teams while they work."""

from typing import Annotated, Literal

from pydantic import Field

from fakellm.messages._base import BaseAgentEvent
from fakellm.models import CodeBlock, CodeResult, FunctionCall, FunctionExecutionResult, MemoryContent


class ToolCallRequestEvent(BaseAgentEvent):
    """The model asked for tools; `content` has the calls."""

    content: list[FunctionCall]
    type: Literal["ToolCallRequestEvent"] = "ToolCallRequestEvent"

    def to_text(self) -> str:
        """Render the calls as a Python list."""
        return str(self.content)


class ToolCallExecutionEvent(BaseAgentEvent):
    """Tools were run; `content` has one result per call."""

    content: list[FunctionExecutionResult]
    type: Literal["ToolCallExecutionEvent"] = "ToolCallExecutionEvent"

    def to_text(self) -> str:
        """Render the results as a Python list."""
        return str(self.content)


class CodeGenerationEvent(BaseAgentEvent):
    """The model wrote code.

    `retry_attempt`: 0 for the first version; `content`: the whole reply; `code_blocks`: the code found in it.
    """

    retry_attempt: int
    content: str
    code_blocks: list[CodeBlock]
    type: Literal["CodeGenerationEvent"] = "CodeGenerationEvent"

    def to_text(self) -> str:
        """Give the whole reply."""
        return self.content


class CodeExecutionEvent(BaseAgentEvent):
    """Code was run: `retry_attempt` is 0 for the first version, `result` what came of it."""

    retry_attempt: int
    result: CodeResult
    type: Literal["CodeExecutionEvent"] = "CodeExecutionEvent"

    def to_text(self) -> str:
        """Give what the code printed."""
        return self.result.output


class UserInputRequestedEvent(BaseAgentEvent):
    """A person is about to be asked; `request_id` identifies the question, `content` is always empty."""

    request_id: str
    content: Literal[""] = ""
    type: Literal["UserInputRequestedEvent"] = "UserInputRequestedEvent"

    def to_text(self) -> str:
        """Give the empty content."""
        return self.content


class MemoryQueryEvent(BaseAgentEvent):
    """An agent looked into its memory; `content` is what it found."""

    content: list[MemoryContent]
    type: Literal["MemoryQueryEvent"] = "MemoryQueryEvent"

    def to_text(self) -> str:
        """Render what was found as a Python list."""
        return str(self.content)


class ModelClientStreamingChunkEvent(BaseAgentEvent):
    """A piece of the model's text arrived.

    `content`: the piece; `full_message_id`: the `id` of the message that the pieces will add up to, if known.
    """

    content: str
    full_message_id: str | None = None
    type: Literal["ModelClientStreamingChunkEvent"] = "ModelClientStreamingChunkEvent"

    def to_text(self) -> str:
        """Give the piece."""
        return self.content


class ThoughtEvent(BaseAgentEvent):
    """The model reasoned, or wrote text beside tool calls; `content` is that text."""

    content: str
    type: Literal["ThoughtEvent"] = "ThoughtEvent"

    def to_text(self) -> str:
        """Give the thought."""
        return self.content


class SelectSpeakerEvent(BaseAgentEvent):
    """A team chose who speaks next; `content` has the names."""

    content: list[str]
    type: Literal["SelectSpeakerEvent"] = "SelectSpeakerEvent"

    def to_text(self) -> str:
        """Render the names as a Python list."""
        return str(self.content)


class SelectorEvent(BaseAgentEvent):
    """A model-led team reports on how it chooses the speaker; `content` is the report.

    As in AutoGen it is in neither `AgentEvent` nor a fresh `MessageFactory`: its dump is read by
    `SelectorEvent.load` only.
    """

    content: str
    type: Literal["SelectorEvent"] = "SelectorEvent"

    def to_text(self) -> str:
        """Give the report."""
        return self.content


AgentEvent = Annotated[
    ToolCallRequestEvent
    | ToolCallExecutionEvent
    | MemoryQueryEvent
    | UserInputRequestedEvent
    | ModelClientStreamingChunkEvent
    | ThoughtEvent
    | SelectSpeakerEvent
    | CodeGenerationEvent
    | CodeExecutionEvent,
    Field(discriminator="type"),
]
"""Any event but SelectorEvent; `type` decides which."""
