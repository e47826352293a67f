"""The model-side vocabulary: messages to a model, its answers, the interface of its clients.

Interface-compatible with `autogen_core.models` of AutoGen 0.7.5 and with what that stands on. The two
exchange JSON, not objects: an object of one is not an instance of the other's class. Only `fakellm.client` takes both.
"""

from fakellm.models._calls import FunctionCall, FunctionExecutionResult
from fakellm.models._cancellation import CancellationToken
from fakellm.models._client import ChatCompletionClient
from fakellm.models._code import Alias, CodeBlock, CodeResult, Import, ImportFromModule
from fakellm.models._component import (
    Component,
    ComponentBase,
    ComponentFromConfig,
    ComponentLoader,
    ComponentModel,
    ComponentSchemaType,
    ComponentToConfig,
    ComponentType,
    is_component_class,
    is_component_instance,
)
from fakellm.models._function_tool import FunctionTool, FunctionToolConfig
from fakellm.models._image import Image
from fakellm.models._info import (
    ModelCapabilities,  # pyright: ignore[reportDeprecated]  # part of the interface until AutoGen drops it
    ModelFamily,
    ModelInfo,
    validate_model_info,
)
from fakellm.models._memory import MemoryContent, MemoryMimeType
from fakellm.models._messages import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from fakellm.models._results import (
    ChatCompletionTokenLogprob,
    CreateResult,
    FinishReasons,
    RequestUsage,
    TopLogprob,
)
from fakellm.models._tools import BaseTool, ParametersSchema, Tool, ToolSchema

__all__ = [
    "Alias",
    "AssistantMessage",
    "BaseTool",
    "CancellationToken",
    "ChatCompletionClient",
    "ChatCompletionTokenLogprob",
    "CodeBlock",
    "CodeResult",
    "Component",
    "ComponentBase",
    "ComponentFromConfig",
    "ComponentLoader",
    "ComponentModel",
    "ComponentSchemaType",
    "ComponentToConfig",
    "ComponentType",
    "CreateResult",
    "FinishReasons",
    "FunctionCall",
    "FunctionExecutionResult",
    "FunctionExecutionResultMessage",
    "FunctionTool",
    "FunctionToolConfig",
    "Image",
    "Import",
    "ImportFromModule",
    "LLMMessage",
    "MemoryContent",
    "MemoryMimeType",
    "ModelCapabilities",
    "ModelFamily",
    "ModelInfo",
    "ParametersSchema",
    "RequestUsage",
    "SystemMessage",
    "Tool",
    "ToolSchema",
    "TopLogprob",
    "UserMessage",
    "is_component_class",
    "is_component_instance",
    "validate_model_info",
]
