"""What the client knows about models by name: what one can do, how much it reads.

What AutoGen knows is said as it says it. Other models of OpenAI, snapshots and versions of a model as the model
itself, are as the table of models has them; the rest needs ``model_info``.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

from fakellm.models import ModelInfo
from fakellm.tokens._model_table import MODELS, ModelFacts
from fakellm.tokens._models import facts_of_version

__all__ = ["known_model_info", "resolve_model", "token_limit"]

_AUTOGEN = MappingProxyType({row.dated or row.name: (row.facts, row.autogen) for row in MODELS if row.autogen})
_ALIASES = MappingProxyType({row.name: row.dated for row in MODELS if row.dated and row.autogen and row.autogen.alias})


def resolve_model(model: str) -> str:
    """Return the dated name that an alias means to AutoGen's client; any other name as it is."""
    return _ALIASES.get(model, model)


def known_model_info(model: str) -> ModelInfo:
    """Return what a model can do.

    Raises:
        ValueError: nothing is known about it, so the caller must say.
    """
    known = _known(model)
    if known is None:
        raise ValueError(
            f"model_info is required when model name is not a valid OpenAI model; got model={model!r}. "
            "Pass model_info={'vision': ..., 'function_calling': ..., 'json_output': ..., 'family': ..., "
            "'structured_output': ...}"
        )
    can = known.can or ""
    return {
        "vision": "V" in can,
        "function_calling": "F" in can,
        "json_output": "J" in can,
        "family": known.family,
        "structured_output": "S" in can,
        "multiple_system_messages": "M" in can,
    }


def token_limit(model: str) -> int:
    """Return how many tokens a request to a model may have.

    Raises:
        KeyError: no limit is known for it.
    """
    known = _known(model)
    if known is None or known.context is None:
        raise KeyError(f"no token limit is known for model {model!r}; add 'context_length' to its model_info")
    return known.context


@lru_cache(maxsize=256)
def _known(model: str) -> ModelFacts | None:
    """Return the facts that the client goes by: AutoGen's where it has the model, without a limit where it has none."""
    if found := _AUTOGEN.get(resolve_model(model)):
        facts, autogen = found
        limit = facts.context if autogen.limit is None else autogen.limit or None
        return facts._replace(can=autogen.can or facts.can, family=autogen.family or facts.family, context=limit)
    known = facts_of_version(model)
    return known if known and known.can else None
