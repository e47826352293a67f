"""What the path of a request says of it: the API that is asked, and whose business it is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["Claim", "Traffic"]


class Traffic(Enum):
    """The kind of a request, which decides who answers it."""

    MODEL = "a model call: the fake answers it"
    COUNT = "a count of tokens, whoever is asked: it fails no test"
    PROVIDER = "other traffic to a provider: it fails no test"
    BODY = "a model call where its body names a model, else somebody else's"
    NONE = "somebody else's: it passes untouched"


class Claim(NamedTuple):
    """What a dialect says of a request of its own."""

    endpoint: str
    model: str | None = None
    """The model; None where the body says it."""
    stream: bool | None = None
    """Whether a stream is asked for; None where the body says it."""
    traffic: Traffic = Traffic.MODEL
    """Whose business it is. All but model calls stand in ``other_traffic``, unless a rule answers them."""
    by_itself: bool = False
    """Whether the API needs no model to answer: it does so by itself, unless a rule names its endpoint."""
    stored: str | None = None
    """The id of what was stored earlier and is asked for, empty for a list; None for any other request. No rule
    answers it."""
