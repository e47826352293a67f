"""What is known about models by name: what one can do, how much it reads.

Source: the tables of autogen-ext 0.7.5 (2025), as facts. Names match exactly; other models need ``model_info``.
"""

from __future__ import annotations

from types import MappingProxyType

from fakellm._wire.model_names import resolve_model
from fakellm.models import ModelInfo

__all__ = ["known_model_info", "token_limit"]

# (can, family, tokens that it reads or None where no limit is published); can: V vision, F function calling,
# J JSON output, S structured output, M several system messages.
_MODELS = MappingProxyType(
    {
        "Llama-3.3-70B-Instruct": ("FJM", "llama-3.3-70b", 128_000),
        "Llama-3.3-8B-Instruct": ("FJM", "llama-3.3-8b", 128_000),
        "Llama-4-Maverick-17B-128E-Instruct-FP8": ("VFJSM", "llama-4-maverick", 128_000),
        "Llama-4-Scout-17B-16E-Instruct-FP8": ("VFJSM", "llama-4-scout", 128_000),
        "claude-3-5-haiku-20241022": ("VFM", "claude-3-5-haiku", 200_000),
        "claude-3-5-sonnet-20241022": ("VFM", "claude-3-5-sonnet", 200_000),
        "claude-3-7-sonnet-20250219": ("VFM", "claude-3-7-sonnet", 200_000),
        "claude-3-haiku-20240307": ("VFM", "claude-3-haiku", 50_000),
        "claude-3-opus-20240229": ("VFM", "claude-3-opus", 200_000),
        "claude-3-sonnet-20240229": ("VFM", "claude-3-sonnet", 200_000),
        "claude-opus-4-20250514": ("VFM", "claude-4-opus", 200_000),
        "claude-sonnet-4-20250514": ("VFM", "claude-4-sonnet", 200_000),
        "gemini-1.5-flash": ("VFJS", "gemini-1.5-flash", 1_048_576),
        "gemini-1.5-flash-8b": ("VFJS", "gemini-1.5-flash", 1_048_576),
        "gemini-1.5-pro": ("VFJS", "gemini-1.5-pro", 2_097_152),
        "gemini-2.0-flash": ("VFJS", "gemini-2.0-flash", 1_048_576),
        "gemini-2.0-flash-lite-preview-02-05": ("VFJS", "gemini-2.0-flash", 1_048_576),
        "gemini-2.5-flash": ("VFJS", "gemini-2.5-flash", 1_048_576),
        "gemini-2.5-pro-preview-03-25": ("VFJS", "gemini-2.5-pro", 2_097_152),
        "gpt-3.5-turbo-0125": ("FJM", "gpt-35", 16_385),
        "gpt-3.5-turbo-0613": ("FJM", "gpt-35", 4_096),
        "gpt-3.5-turbo-1106": ("FJM", "gpt-35", 16_385),
        "gpt-3.5-turbo-16k-0613": ("FJM", "gpt-35", 16_385),
        "gpt-3.5-turbo-instruct": ("FJM", "gpt-35", 4_096),
        "gpt-4-0125-preview": ("FJM", "gpt-4", 128_000),
        "gpt-4-0613": ("FJM", "gpt-4", 8_192),
        "gpt-4-1106-preview": ("FJM", "gpt-4", 128_000),
        "gpt-4-1106-vision-preview": ("VM", "gpt-4", 128_000),
        "gpt-4-32k-0613": ("FJM", "gpt-4", 32_768),
        "gpt-4-turbo-2024-04-09": ("VFJM", "gpt-4", 128_000),
        "gpt-4.1-2025-04-14": ("VFJSM", "gpt-41", 1_047_576),
        "gpt-4.1-mini-2025-04-14": ("VFJSM", "gpt-41", 1_047_576),
        "gpt-4.1-nano-2025-04-14": ("VFJSM", "gpt-41", 1_047_576),
        "gpt-4.5-preview-2025-02-27": ("VFJSM", "gpt-45", 128_000),
        "gpt-4o-2024-05-13": ("VFJM", "gpt-4o", 128_000),
        "gpt-4o-2024-08-06": ("VFJSM", "gpt-4o", 128_000),
        "gpt-4o-2024-11-20": ("VFJSM", "gpt-4o", 128_000),
        "gpt-4o-mini-2024-07-18": ("VFJSM", "gpt-4o", 128_000),
        "gpt-4o-mini-search-preview-2025-03-11": ("FJSM", "gpt-4o", None),
        "gpt-4o-search-preview-2025-03-11": ("FJSM", "gpt-4o", None),
        "gpt-5-2025-08-07": ("VFJSM", "gpt-5", 400_000),
        "gpt-5-mini-2025-08-07": ("VFJSM", "gpt-5", 400_000),
        "gpt-5-nano-2025-08-07": ("VFJSM", "gpt-5", 400_000),
        "o1-2024-12-17": ("FSM", "o1", 200_000),
        "o1-mini-2024-09-12": ("M", "o1", 128_000),
        "o1-preview-2024-09-12": ("FSM", "o1", 128_000),
        "o3-2025-04-16": ("VFJSM", "o3", 200_000),
        "o3-mini-2025-01-31": ("FJSM", "o3", 200_000),
        "o4-mini-2025-04-16": ("VFJSM", "o4", 200_000),
    }
)


def known_model_info(model: str) -> ModelInfo:
    """Return what a model can do.

    Raises:
        ValueError: nothing is known about it, so the caller must say.
    """
    if resolve_model(model) not in _MODELS:
        raise ValueError(
            f"model_info is required when model name is not a valid OpenAI model; got model={model!r}. "
            "Pass model_info={'vision': ..., 'function_calling': ..., 'json_output': ..., 'family': ..., "
            "'structured_output': ...}"
        )
    can, family, _ = _MODELS[resolve_model(model)]
    return {
        "vision": "V" in can,
        "function_calling": "F" in can,
        "json_output": "J" in can,
        "family": family,
        "structured_output": "S" in can,
        "multiple_system_messages": "M" in can,
    }


def token_limit(model: str) -> int:
    """Return how many tokens a request to a model may have.

    Raises:
        KeyError: no limit is known for it.
    """
    _, _, limit = _MODELS.get(resolve_model(model), ("", "", None))
    if limit is None:
        raise KeyError(f"no token limit is known for model {model!r}; add 'context_length' to its model_info")
    return limit
