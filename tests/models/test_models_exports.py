import subprocess
import sys

import fakellm.models

AUTOGEN_CORE_MODELS = [
    "AssistantMessage",
    "ChatCompletionClient",
    "ChatCompletionTokenLogprob",
    "CreateResult",
    "FinishReasons",
    "FunctionExecutionResult",
    "FunctionExecutionResultMessage",
    "LLMMessage",
    "ModelCapabilities",
    "ModelFamily",
    "ModelInfo",
    "RequestUsage",
    "SystemMessage",
    "TopLogprob",
    "UserMessage",
    "validate_model_info",
]
WHAT_THEY_STAND_ON = [
    "BaseTool",
    "CancellationToken",
    "CodeBlock",
    "CodeResult",
    "ComponentModel",
    "FunctionCall",
    "FunctionTool",
    "Image",
    "MemoryContent",
    "MemoryMimeType",
    "ParametersSchema",
    "Tool",
    "ToolSchema",
]


def test_everything_promised_is_exported() -> None:
    assert set(AUTOGEN_CORE_MODELS + WHAT_THEY_STAND_ON) <= set(fakellm.models.__all__)


def test_exports_exist_and_are_sorted() -> None:
    assert all(hasattr(fakellm.models, name) for name in fakellm.models.__all__)
    assert list(fakellm.models.__all__) == sorted(fakellm.models.__all__)


def test_import_loads_neither_pillow_nor_asyncio() -> None:
    code = "import sys, fakellm.models; print({'PIL', 'asyncio', 'logging'} & set(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded == "set()\n"
