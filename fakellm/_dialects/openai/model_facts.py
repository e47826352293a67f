"""What is known of OpenAI's models by name: how much they read and write, which parameters they refuse.

Source: the model pages of the OpenAI documentation and answers of api.openai.com as users report them,
read in November 2026. A model that is not here takes everything and any length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

__all__ = ["Effort", "ModelFacts", "facts_of"]

Effort = Literal["none", "some"]
"""Whether a model reasons before it answers, where the request does not say."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What one model takes.

    context: tokens of prompt and completion together. prompt: tokens of the prompt, where that is bounded by
    itself. completion: tokens of the completion. effort: None for a model that cannot reason. switchable:
    whether ``reasoning_effort: none`` stops it from reasoning. refuses: parameters that it never takes.
    """

    context: int | None = None
    prompt: int | None = None
    completion: int | None = None
    effort: Effort | None = None
    switchable: bool = False
    refuses: frozenset[str] = frozenset()

    @property
    def is_plain(self) -> bool:
        """Whether it is known not to reason."""
        return self.effort is None and self.context is not None

    @property
    def longest_prompt(self) -> int | None:
        """The most tokens that a prompt may have."""
        return self.prompt or self.context


# "Unsupported parameter: '…' is not supported with this model." o1 and o3-mini take stop, the later ones
# do not (API reference: "Not supported with latest reasoning models o3 and o4-mini").
_REASONING = frozenset({"logit_bias", "max_tokens"})
_O = _REASONING | {"parallel_tool_calls"}
_O_LATER = _O | {"stop"}
_GPT5 = _REASONING | {"prediction", "stop"}

_NO_FACTS = ModelFacts()


def _plain(context: int, completion: int) -> ModelFacts:
    return ModelFacts(context, completion=completion)


def _reasoning(context: int, completion: int, refuses: frozenset[str]) -> ModelFacts:
    return ModelFacts(context, completion=completion, effort="some", refuses=refuses)


def _gpt5(context: int, prompt: int, effort: Effort, *, switchable: bool = True) -> ModelFacts:
    return ModelFacts(context, prompt, 128_000, effort, switchable, _GPT5)


# By the beginning of the name, the longest that fits; a dated name belongs to the one without date.
_FACTS: Mapping[str, ModelFacts] = MappingProxyType(
    {
        "gpt-3.5-turbo": _plain(16_385, 4_096),
        "gpt-4": _plain(8_192, 8_192),
        "gpt-4-0125-preview": _plain(128_000, 4_096),
        "gpt-4-1106-preview": _plain(128_000, 4_096),
        "gpt-4-32k": _plain(32_768, 32_768),
        "gpt-4-turbo": _plain(128_000, 4_096),
        "gpt-4-vision-preview": _plain(128_000, 4_096),
        "gpt-4.1": _plain(1_047_576, 32_768),
        "gpt-4.5-preview": _plain(128_000, 16_384),
        "gpt-4o": _plain(128_000, 16_384),
        "gpt-4o-2024-05-13": _plain(128_000, 4_096),
        "chatgpt-4o-latest": _plain(128_000, 16_384),
        "o1": _reasoning(200_000, 100_000, _O),
        "o1-mini": _reasoning(128_000, 65_536, _O),
        "o1-preview": _reasoning(128_000, 32_768, _O),
        "o3": _reasoning(200_000, 100_000, _O_LATER),
        "o3-mini": _reasoning(200_000, 100_000, _O),
        "o4-mini": _reasoning(200_000, 100_000, _O_LATER),
        # "Input tokens exceed the configured limit of 272000 tokens"
        "gpt-5": _gpt5(400_000, 272_000, "some", switchable=False),
        "gpt-5.1": _gpt5(400_000, 272_000, "none"),
        "gpt-5.2": _gpt5(400_000, 272_000, "none"),
        "gpt-5.4": _gpt5(1_050_000, 922_000, "none"),
        "gpt-5.4-mini": _gpt5(400_000, 272_000, "none"),
        "gpt-5.4-nano": _gpt5(400_000, 272_000, "none"),
        "gpt-5.5": ModelFacts(effort="some", switchable=True, refuses=_GPT5),
        "gpt-5.6": ModelFacts(effort="some", switchable=True, refuses=_GPT5),
        # Of the models behind ChatGPT, and of those for the Responses API alone, nothing certain is known.
        "gpt-5-chat": _NO_FACTS,
        "gpt-5-codex": _NO_FACTS,
        "gpt-5-pro": _NO_FACTS,
        "gpt-5-search": _NO_FACTS,
        "gpt-5.1-chat": _NO_FACTS,
        "gpt-5.1-codex": _NO_FACTS,
        "gpt-5.2-chat": _NO_FACTS,
        "gpt-5.2-codex": _NO_FACTS,
        "gpt-5.2-pro": _NO_FACTS,
    }
)


@lru_cache(maxsize=256)
def facts_of(model: str) -> ModelFacts:
    """Return what is known of a model; a fine-tuned one (``ft:gpt-4o:…``) is as its base."""
    name = model.removeprefix("ft:").partition(":")[0]
    while name:
        if name in _FACTS:
            return _FACTS[name]
        name = name.rpartition("-")[0]
    return _NO_FACTS
