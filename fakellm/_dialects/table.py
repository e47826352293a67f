"""The dialects that are spoken, in the order in which they are asked. A new API is a folder and a line here."""

from __future__ import annotations

from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.completions.dialect import CompletionsDialect
from fakellm._dialects.embeddings.dialect import EmbeddingsDialect
from fakellm._dialects.models.dialect import ModelsDialect
from fakellm._dialects.moderations.dialect import ModerationsDialect
from fakellm._dialects.providers import provider_of
from fakellm._dialects.responses.dialect import RESPONSES
from fakellm._dialects.unspoken.apis import UNSPOKEN
from fakellm._wire.table import Table

__all__ = ["DIALECTS"]

DIALECTS = Table(
    (CHAT, RESPONSES, CompletionsDialect(), EmbeddingsDialect(), ModerationsDialect(), ModelsDialect()),
    UNSPOKEN,
    provider_of,
)
