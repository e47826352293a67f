"""How a provider's Responses differ from OpenAI's: what its file may say of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fakellm._wire.canonical import digest
from fakellm._wire.provider import Json, Provider

__all__ = ["AS_OPENAI", "ResponsesQuirks", "quirks_of"]


class ResponsesQuirks(NamedTuple):
    """One provider's form of a response and its events. Where a value cannot say it, a subclass has a method."""

    id_form: str | None = None
    """How the id of a response is made of {created}, {letters} (20) and {uuid}; None for OpenAI's."""
    item_id_form: str | None = None
    """How ids of items are made of {prefix}, {letters} (11) and {uuid}; None for OpenAI's."""
    obfuscates: bool = False
    """Whether deltas are padded."""
    seals: bool = False
    """Whether reasoning is encrypted where the request asks for it."""
    shows_thoughts: bool = True
    """Whether what is thought is sent as it is; if not, it is summed up where the request asks for a summary."""
    has_model_as_asked: bool = False
    """Whether the model is answered with the name by which it was asked, dated or not."""
    stores: bool = False
    """What ``store`` is where the request does not say."""
    asks_adjacent_outputs: bool = False
    """Whether the outputs of calls have to stand right behind them."""
    has_reasoning_status: bool = False
    """Whether a reasoning item has a status."""
    names_events: bool = True
    """Whether an event has a line with its name."""
    before: bytes = b""
    """Bytes before the first event."""
    after: bytes = b""
    """Bytes behind the last one."""
    members: Mapping[str, Any] = MappingProxyType({})
    """Members of a response that hold something else here unless the request says it, or that are sent here alone."""
    omits: frozenset[str] = frozenset()
    """Members of OpenAI's response that are not sent."""
    part_omits: frozenset[str] = frozenset()
    """Members of a text part that are not sent."""
    tool_omits: frozenset[str] = frozenset()
    """Members of a tool that do not come back unless the request has them."""
    usual_verbosity: str | None = "medium"
    """What ``text.verbosity`` is where the request does not say."""

    def response_id(self, made: str, *, created: int) -> str:
        """Return the id of a response. made: as OpenAI has it. created: Unix time in seconds."""
        if self.id_form is None:
            return made
        return self.id_form.format(created=created, letters=digest(made, size=10).hex(), uuid=_uuid(made))

    def item_id(self, made: str) -> str:
        """Return the id of an item. made: as OpenAI has it."""
        if self.item_id_form is None:
            return made
        prefix, letters = made.partition("_")[0], digest(made, size=6).hex()[:11]
        return self.item_id_form.format(prefix=prefix, letters=letters, uuid=_uuid(made))

    def response(self, body: Json, *, is_final: bool) -> Json:
        """Return a response as it is sent here. body: as OpenAI sends it. is_final: whether it has ended."""
        return {name: member for name, member in body.items() if name not in self.omits}


def _uuid(made: str) -> str:
    digits = digest(made, "id").hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


AS_OPENAI = ResponsesQuirks(obfuscates=True, seals=True, shows_thoughts=False, stores=True)
"""OpenAI's own, and what is taken for granted of a host that is not known."""


def quirks_of(provider: Provider) -> ResponsesQuirks:
    """Return how a provider speaks Responses: as OpenAI does, where it says nothing."""
    quirks: ResponsesQuirks = provider.quirks.get("responses", AS_OPENAI)
    return quirks
