"""Models known by name: abilities and token limits.

Source: the tables of autogen-ext 0.7.5 (2025), as facts; for later models of OpenAI, its documentation,
read in November 2026. Snapshots and versions of a model are as the model itself; others need ``model_info``.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from fakellm._dialects.openai.model_facts import facts_of
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

# Of models that AutoGen does not have; how much they read is in the table of model facts, if it is known.
_LATER = MappingProxyType(
    {
        "chatgpt-4o": ("VM", "gpt-4o"),
        "gpt-3.5": ("FJM", "gpt-35"),
        "gpt-4": ("FJM", "gpt-4"),
        "gpt-4-turbo": ("VFJM", "gpt-4"),
        "gpt-4-vision": ("VM", "gpt-4"),
        "gpt-4.1": ("VFJSM", "gpt-41"),
        "gpt-4.5": ("VFJSM", "gpt-45"),
        "gpt-4o": ("VFJSM", "gpt-4o"),
        "gpt-4o-audio": ("FJM", "gpt-4o"),
        "gpt-4o-mini-audio": ("FJM", "gpt-4o"),
        "gpt-4o-mini-search": ("FJSM", "gpt-4o"),
        "gpt-4o-search": ("FJSM", "gpt-4o"),
        "gpt-5": ("VFJSM", "gpt-5"),
        "gpt-oss": ("FJSM", "unknown"),
        "o1": ("VFJSM", "o1"),
        "o1-mini": ("M", "o1"),
        "o3": ("VFJSM", "o3"),
        "o3-mini": ("FJSM", "o3"),
        "o4": ("VFJSM", "o4"),
    }
)
_VERSION = re.compile(r"\.\d+$|-(\d+b?|16k|32k|api|chat|codex|instruct|latest|max|mini|nano|preview|pro|search|turbo)$")
"""A version at the end of a name: 5 and 5.4, gpt-5-mini, gpt-oss-20b, the parts of a date, the last one first."""


def known_model_info(model: str) -> ModelInfo:
    """Return what a model can do.

    Raises:
        ValueError: nothing is known about it, so the caller must say.
    """
    found = _MODELS.get(resolve_model(model)) or _LATER.get(_base(model))
    if found is None:
        raise ValueError(
            f"model_info is required when model name is not a valid OpenAI model; got model={model!r}. "
            "Pass model_info={'vision': ..., 'function_calling': ..., 'json_output': ..., 'family': ..., "
            "'structured_output': ...}"
        )
    can, family = found[:2]
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
    known = _MODELS.get(resolve_model(model))
    limit = known[2] if known else facts_of(_openai_name(model)).context if _base(model) in _LATER else None
    if limit is None:
        raise KeyError(f"no token limit is known for model {model!r}; add 'context_length' to its model_info")
    return limit


def _base(model: str) -> str:
    """Return the name of a model without its version: ``gpt-4o`` for ``gpt-4o-2024-08-06``."""
    name = _openai_name(model)
    while name not in _LATER and (version := _VERSION.search(name)):
        name = name[: version.start()]
    return name


def _openai_name(model: str) -> str:
    """Return the name of a model at OpenAI: of a fine-tuned one its base, and gpt-3.5 for what Azure calls gpt-35."""
    name = model.removeprefix("ft:").partition(":")[0] if model.startswith("ft:") else model
    return re.sub("^gpt-35", "gpt-3.5", name)
