"""Write the table of APIs in docs/index.md, "spoken, recorded only, not", from what the code does with each request.

`python tools/spoken.py` brings the page up to date. A new API is a line in `REQUESTS`; its place in the table follows.
"""

from __future__ import annotations

import re
from pathlib import Path

from fakellm._dialects.table import DIALECTS
from fakellm._wire.dialect import Traffic
from fakellm._wire.events import WireRequest

PAGE = Path(__file__).parent.parent / "docs" / "index.md"
HEAD = "| API | request | state |\n|---|---|---|\n"
SPOKEN = "spoken"
RECORDED = "recorded only"
NOT = "not"

REQUESTS = (
    ("Chat completions", "POST https://api.openai.com/v1/chat/completions"),
    ("– of Azure", "POST https://NAME.openai.azure.com/openai/deployments/NAME/chat/completions"),
    ("– of any other host", "POST http://localhost:8000/v1/chat/completions"),
    ("– stored earlier", "GET https://api.openai.com/v1/chat/completions"),
    ("Responses", "POST https://api.openai.com/v1/responses"),
    ("– stored earlier", "GET https://api.openai.com/v1/responses/resp_NAME"),
    ("– made short", "POST https://api.openai.com/v1/responses/compact"),
    ("– its tokens counted", "POST https://api.openai.com/v1/responses/input_tokens"),
    ("Conversations", "POST https://api.openai.com/v1/conversations"),
    ("Embeddings", "POST https://api.openai.com/v1/embeddings"),
    ("Completions", "POST https://api.openai.com/v1/completions"),
    ("Moderations", "POST https://api.openai.com/v1/moderations"),
    ("Images", "POST https://api.openai.com/v1/images/generations"),
    ("Speech", "POST https://api.openai.com/v1/audio/speech"),
    ("Transcriptions", "POST https://api.openai.com/v1/audio/transcriptions"),
    ("Messages of Anthropic", "POST https://api.anthropic.com/v1/messages"),
    ("Gemini", "POST https://generativelanguage.googleapis.com/v1beta/models/NAME:generateContent"),
    ("Bedrock", "POST https://bedrock-runtime.us-east-1.amazonaws.com/model/NAME/converse"),
    ("Chat of Cohere", "POST https://api.cohere.com/v2/chat"),
    ("Reranking", "POST https://api.cohere.com/v2/rerank"),
    ("Counts of tokens of Anthropic", "POST https://api.anthropic.com/v1/messages/count_tokens"),
    ("Lists of models", "GET https://api.openai.com/v1/models"),
    ("Traces", "POST https://api.openai.com/v1/traces/ingest"),
)


def state(request: str) -> str:
    """Return what a fake does with a request, such as `POST https://host/path`."""
    method, url = request.split(" ")
    wire = WireRequest(method, url, {}, b"")
    if DIALECTS.find(wire) is not None:
        return SPOKEN
    return RECORDED if DIALECTS.traffic(wire) is Traffic.MODEL else NOT


def table() -> str:
    """Return the table, what is spoken first."""
    rows = sorted(((state(request), name, request) for name, request in REQUESTS), key=_place)
    return HEAD + "".join(f"| {name} | `{request}` | {found} |\n" for found, name, request in rows)


def _place(row: tuple[str, str, str]) -> int:
    return (SPOKEN, RECORDED, NOT).index(row[0])


def with_table(page: str) -> str:
    """Return the page with the table as it is now in place of the one that it has."""
    return re.sub(re.escape(HEAD) + r"(\|.*\n)*", lambda _: table(), page, count=1)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
