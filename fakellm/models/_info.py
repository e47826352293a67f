"""The abilities of a model, and its family."""

import warnings
from typing import Any, Literal, NotRequired, Required, Self, TypeAlias

from typing_extensions import TypedDict, deprecated  # typing's TypedDict fails in pydantic fields before 3.12

_REQUIRED = ("vision", "function_calling", "json_output", "family")


class ModelFamily:
    """Names of the model families with known habits; any other string is a family without known habits.

    A namespace: it is never instantiated.
    """

    GPT_5 = "gpt-5"
    GPT_41 = "gpt-41"
    GPT_45 = "gpt-45"
    GPT_4O = "gpt-4o"
    O1 = "o1"
    O3 = "o3"
    O4 = "o4"
    GPT_4 = "gpt-4"
    GPT_35 = "gpt-35"
    R1 = "r1"
    GEMINI_1_5_FLASH = "gemini-1.5-flash"
    GEMINI_1_5_PRO = "gemini-1.5-pro"
    GEMINI_2_0_FLASH = "gemini-2.0-flash"
    GEMINI_2_5_PRO = "gemini-2.5-pro"
    GEMINI_2_5_FLASH = "gemini-2.5-flash"
    CLAUDE_3_HAIKU = "claude-3-haiku"
    CLAUDE_3_SONNET = "claude-3-sonnet"
    CLAUDE_3_OPUS = "claude-3-opus"
    CLAUDE_3_5_HAIKU = "claude-3-5-haiku"
    CLAUDE_3_5_SONNET = "claude-3-5-sonnet"
    CLAUDE_3_7_SONNET = "claude-3-7-sonnet"
    CLAUDE_4_OPUS = "claude-4-opus"
    CLAUDE_4_SONNET = "claude-4-sonnet"
    LLAMA_3_3_8B = "llama-3.3-8b"
    LLAMA_3_3_70B = "llama-3.3-70b"
    LLAMA_4_SCOUT = "llama-4-scout"
    LLAMA_4_MAVERICK = "llama-4-maverick"
    CODESRAL = "codestral"  # spelled as in AutoGen
    OPEN_CODESRAL_MAMBA = "open-codestral-mamba"
    MISTRAL = "mistral"
    MINISTRAL = "ministral"
    PIXTRAL = "pixtral"
    UNKNOWN = "unknown"

    # Type checkers need the literals spelled out; a test compares them with the constants above.
    ANY: TypeAlias = Literal[
        "gpt-5", "gpt-41", "gpt-45", "gpt-4o", "o1", "o3", "o4", "gpt-4", "gpt-35", "r1",
        "gemini-1.5-flash", "gemini-1.5-pro", "gemini-2.0-flash", "gemini-2.5-pro", "gemini-2.5-flash",
        "claude-3-haiku", "claude-3-sonnet", "claude-3-opus", "claude-3-5-haiku", "claude-3-5-sonnet",
        "claude-3-7-sonnet", "claude-4-opus", "claude-4-sonnet",
        "llama-3.3-8b", "llama-3.3-70b", "llama-4-scout", "llama-4-maverick",
        "codestral", "open-codestral-mamba", "mistral", "ministral", "pixtral",
        "unknown",
    ]  # fmt: skip

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse. Raises: TypeError always."""
        raise TypeError(f"{cls.__name__} only holds names; use its constants, such as {cls.__name__}.GPT_4O")

    @staticmethod
    def is_openai(family: str) -> bool:
        """Tell whether `family` is exactly one of OpenAI's; r1 is not."""
        return family in _OPENAI

    @staticmethod
    def is_gemini(family: str) -> bool:
        """Tell whether `family` is exactly one of Google's."""
        return family in _GEMINI

    @staticmethod
    def is_claude(family: str) -> bool:
        """Tell whether `family` is exactly one of Anthropic's."""
        return family in _CLAUDE

    @staticmethod
    def is_llama(family: str) -> bool:
        """Tell whether `family` is exactly one of Meta's."""
        return family in _LLAMA

    @staticmethod
    def is_mistral(family: str) -> bool:
        """Tell whether `family` is exactly one of Mistral's."""
        return family in _MISTRAL


# Written out, not cut from the constants by prefix: a new constant has to be given to a vendor on purpose.
_OPENAI = ("gpt-5", "gpt-41", "gpt-45", "gpt-4o", "o1", "o3", "o4", "gpt-4", "gpt-35")
_GEMINI = ("gemini-1.5-flash", "gemini-1.5-pro", "gemini-2.0-flash", "gemini-2.5-pro", "gemini-2.5-flash")
_CLAUDE = (
    "claude-3-haiku", "claude-3-sonnet", "claude-3-opus", "claude-3-5-haiku", "claude-3-5-sonnet",
    "claude-3-7-sonnet", "claude-4-opus", "claude-4-sonnet",
)  # fmt: skip
_LLAMA = ("llama-3.3-8b", "llama-3.3-70b", "llama-4-scout", "llama-4-maverick")
_MISTRAL = ("codestral", "open-codestral-mamba", "mistral", "ministral", "pixtral")


@deprecated("ModelCapabilities lacks the family and structured output: use ModelInfo")
class ModelCapabilities(TypedDict, total=False):
    """The older, smaller form of `ModelInfo`."""

    vision: Required[bool]
    function_calling: Required[bool]
    json_output: Required[bool]


class ModelInfo(TypedDict, total=False):
    """The abilities of a model.

    `vision`: images in user messages; `function_calling`: tools; `json_output`: a reply that is some JSON
    object; `structured_output`: a reply that follows a given schema; `family`: a constant of `ModelFamily` or
    any string; `multiple_system_messages`: system messages that are not next to each other. Other keys are
    kept and ignored.
    """

    vision: Required[bool]
    function_calling: Required[bool]
    json_output: Required[bool]
    family: Required[ModelFamily.ANY | str]
    structured_output: Required[bool]
    multiple_system_messages: NotRequired[bool | None]


def validate_model_info(model_info: ModelInfo) -> None:
    """Check that a model's description is complete.

    A missing `structured_output` is only warned about, since older descriptions lack it.
    Raises: ValueError naming the first missing field of vision, function_calling, json_output, family.
    """
    for field in _REQUIRED:
        if field not in model_info:
            raise ValueError(
                f"model_info lacks the required field {field!r} (enforced since AutoGen v0.4.7): "
                f"it has {sorted(model_info)}; add {field!r} to it"
            )
    if "structured_output" not in model_info:
        warnings.warn(
            "model_info lacks the field 'structured_output', which later releases will require; add it to it",
            UserWarning,
            stacklevel=2,
        )
