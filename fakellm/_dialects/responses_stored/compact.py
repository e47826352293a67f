"""``POST …/responses/compact``: a conversation made short, what the user said and the rest in one encrypted item.

Source: recorded from api.openai.com, February 2026.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakellm._dialects.responses.quirks import quirks_of
from fakellm._dialects.responses.say import usage_of
from fakellm._dialects.responses_items.ids import item_id, response_id
from fakellm._dialects.responses_items.items import given_item, output_items
from fakellm._dialects.responses_items.seals import seal
from fakellm._errors import ContradictionError
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.provider import Json

__all__ = ["compacted"]


def compacted(answer: Completion, asked: ChatRequest, items: Iterable[Json]) -> Json:
    """Return a compaction. answer: whose text is sealed. items: the whole conversation."""
    users = [item for item in items if item.get("role") == "user"]
    return {
        "id": response_id(answer, quirks_of(asked.provider)),
        "object": "response.compaction",
        "created_at": answer.created,
        "output": [*(given_item(item, answer, number) for number, item in enumerate(users, 1)), _sealed(answer, asked)],
        "usage": usage_of(answer.usage),
    }


def _sealed(answer: Completion, asked: ChatRequest) -> Json:
    made = [item.body for item in output_items(answer, asked)]
    if strange := [item["type"] for item in made if item["type"] not in ("message", "compaction")]:
        raise ContradictionError(
            f"a compaction has no place for {strange[0]}; its rule has to give a text, which is sealed\n"
            "  type: when(endpoint='responses').reply('what was said before')"
        )
    name = item_id(answer, "compaction", 0)
    text = "".join(part["text"] for item in made for part in item.get("content", ()) if "text" in part)
    usual = {"id": name, "type": "compaction", "encrypted_content": seal(name, text)}
    return next((item for item in made if item["type"] == "compaction"), usual)
