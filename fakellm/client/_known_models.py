"""What is known about models by name: which dated model an alias means, what it can do, how much it reads.

Source: the tables of autogen-ext 0.7.5 for OpenAI's models; other models need ``model_info``.
"""

from __future__ import annotations

from types import MappingProxyType

from fakellm.models import ModelFamily, ModelInfo

__all__ = ["known_model_info", "resolve_model", "token_limit"]

_ALIASES = MappingProxyType(
    {
        "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
        "gpt-4": "gpt-4-0613",
        "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
        "gpt-4.1": "gpt-4.1-2025-04-14",
        "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
        "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
        "gpt-4o": "gpt-4o-2024-08-06",
        "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
        "gpt-5": "gpt-5-2025-08-07",
        "gpt-5-mini": "gpt-5-mini-2025-08-07",
        "gpt-5-nano": "gpt-5-nano-2025-08-07",
        "o3": "o3-2025-04-16",
        "o3-mini": "o3-mini-2025-01-31",
        "o4-mini": "o4-mini-2025-04-16",
    }
)

# (can, family, tokens); can: V vision, F function calling, J JSON output, S structured output, M several
# system messages.
_MODELS = MappingProxyType(
    {
        "gpt-3.5-turbo-0125": ("FJM", ModelFamily.GPT_35, 16_385),
        "gpt-4-0613": ("FJM", ModelFamily.GPT_4, 8_192),
        "gpt-4-turbo-2024-04-09": ("VFJM", ModelFamily.GPT_4, 128_000),
        "gpt-4.1-2025-04-14": ("VFJSM", ModelFamily.GPT_41, 1_047_576),
        "gpt-4.1-mini-2025-04-14": ("VFJSM", ModelFamily.GPT_41, 1_047_576),
        "gpt-4.1-nano-2025-04-14": ("VFJSM", ModelFamily.GPT_41, 1_047_576),
        "gpt-4o-2024-05-13": ("VFJM", ModelFamily.GPT_4O, 128_000),
        "gpt-4o-2024-08-06": ("VFJSM", ModelFamily.GPT_4O, 128_000),
        "gpt-4o-2024-11-20": ("VFJSM", ModelFamily.GPT_4O, 128_000),
        "gpt-4o-mini-2024-07-18": ("VFJSM", ModelFamily.GPT_4O, 128_000),
        "gpt-5-2025-08-07": ("VFJSM", ModelFamily.GPT_5, 400_000),
        "gpt-5-mini-2025-08-07": ("VFJSM", ModelFamily.GPT_5, 400_000),
        "gpt-5-nano-2025-08-07": ("VFJSM", ModelFamily.GPT_5, 400_000),
        "o3-2025-04-16": ("VFJSM", ModelFamily.O3, 200_000),
        "o3-mini-2025-01-31": ("FJSM", ModelFamily.O3, 200_000),
        "o4-mini-2025-04-16": ("VFJSM", ModelFamily.O4, 200_000),
    }
)


def resolve_model(model: str) -> str:
    """Return the dated name that an alias means; any other name as it is."""
    return _ALIASES.get(model, model)


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
        KeyError: nothing is known about it.
    """
    return _MODELS[resolve_model(model)][2]
