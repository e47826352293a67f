"""What is known of a model by its name: how names are looked up in the table of models."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

from fakellm.tokens._model_table import MODELS, Model, ModelFacts

__all__ = ["answering_model", "encoding_name_for_model", "facts_of", "facts_of_version"]

_ROWS = MappingProxyType({name: row for row in MODELS for name in (row.name, row.dated, *row.aliases) if name})
_DATED = MappingProxyType({row.name: row.dated for row in MODELS if row.dated})

# tiktoken's rules as data, so that asking them loads nothing: whole names, and beginnings of names.
_KNOWN_BY = tuple((name, row.encoding) for row in MODELS for name in row.tiktoken)
_NAMES = MappingProxyType({name: encoding for name, encoding in _KNOWN_BY if not name.endswith("*")})
_PREFIXES = MappingProxyType({name[:-1]: encoding for name, encoding in _KNOWN_BY if name.endswith("*")})

# What tells versions of a model apart, beside numbers: gpt-5-mini, gpt-oss-20b, the parts of a date.
_KINDS = ("api", "chat", "codex", "instruct", "latest", "max", "mini", "nano", "preview", "pro", "search", "turbo")
_VERSIONS = frozenset({"16k", "32k", *_KINDS})

_UNKNOWN = Model("")


def answering_model(model: str) -> str:
    """Return the dated name with which OpenAI answers a request for an alias; any other name as it is."""
    return _DATED.get(model, model)


@lru_cache(maxsize=256)
def encoding_name_for_model(model: str) -> str | None:
    """Return the name of a model's encoding, None for a model that tiktoken does not know."""
    if model in _NAMES:
        return _NAMES[model]
    # The longest: a fine-tuned gpt-4o begins as a fine-tuned gpt-4 does.
    return _PREFIXES.get(max(filter(model.startswith, _PREFIXES), key=len, default=""))


@lru_cache(maxsize=256)
def facts_of(model: str) -> ModelFacts:
    """Return what is known of a model; a fine-tuned one (``ft:gpt-4o:…``) is as its base."""
    return _found(model)[0].facts


def facts_of_version(model: str) -> ModelFacts | None:
    """Return what is known of a model in the table, or of a version of one; None for any other name.

    ``gpt-4o-2027-01-01`` and ``gpt-5.9-mini`` are versions, ``gpt-4o-minii`` and ``openai/gpt-4o`` are not.
    """
    row, rest = _found(model)
    return row.facts if row is not _UNKNOWN and _tells_versions_apart(rest) else None


@lru_cache(maxsize=256)
def _found(model: str) -> tuple[Model, str]:
    """Return the row of a model, and what its name has beyond the row's."""
    name = model.split(":")[1] if model.startswith("ft:") else model
    shorter = name.partition(":")[0]
    while shorter:
        if row := _ROWS.get(shorter) or _ROWS.get(_numbered(shorter)):
            return row, name[len(shorter) :]
        shorter = shorter.rpartition("-")[0]
    return _UNKNOWN, name


def _numbered(name: str) -> str:
    """Return a name with ``#`` for the number at its end: so are rows called that stand for any number."""
    stem = name.rstrip("0123456789")
    return name if stem == name else f"{stem}#"


def _tells_versions_apart(rest: str) -> bool:
    before, *parts = rest.split("-")
    return not before and all(part in _VERSIONS or part.removesuffix("b").isdecimal() for part in parts)
