"""Members of a request that clients make anew on each run, known by their form, so that nothing may depend on them.

They are left out of what a request is recognised by, in recordings as in the ids that a fake makes; a miss names them.
A member is one of these only where its whole value has the form: what a user has set counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["volatile_members", "without_volatile"]

_FORMS: Mapping[str, str] = MappingProxyType(
    {
        # openai-agents 0.24, run_internal/prompt_cache_key.py: a run without session, conversation and group.
        # pydantic-ai 2.68, models/openai_codex.py: the id of the conversation, a new UUID (version 7) by default.
        "prompt_cache_key": r"agents-sdk:run:[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    }
)
"""Member of a JSON body -> the form of a value that is new on each run."""


def volatile_members(body: object) -> list[str]:
    """Return the names of the members of a decoded request that are new on each run."""
    if not isinstance(body, dict):
        return []
    return [name for name, form in _FORMS.items() if isinstance(body.get(name), str) and re.fullmatch(form, body[name])]


def without_volatile(body: object) -> object:
    """Return a decoded request without what is new on each run; the same object where there is nothing."""
    names = volatile_members(body)
    if not names or not isinstance(body, dict):
        return body
    return {name: value for name, value in body.items() if name not in names}
