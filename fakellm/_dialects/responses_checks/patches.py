"""What api.openai.com checks of a request to Responses beyond its document, and where the document is wrong.

The sentences in comments are those with which it answers. Rules between parameters are in ``rules``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fakellm._dialects.openai.document import NAME, Patches, Schema, body_of
from fakellm._dialects.openai.strict_schemas import check_format, check_parameters
from fakellm._dialects.shapes import BOOLEAN, OBJECT, TEXT, Either, ListOf, Members, Misfit, Number

__all__ = ["PATCHES", "PORTABLE", "WELL_FORMED", "openai_body"]


def _check_author(message: dict[str, Any]) -> Misfit | None:
    """What the model said stands in parts of its own, which OutputMessage knows."""
    return Misfit("missing") if message["role"] == "assistant" and isinstance(message["content"], list) else None


# Younger than the document: of openai-python 3.57.
_LATER: Schema = {"access_programs": {}, "background_options": {"type": "object"}, "image": {}}

# The document has no web search that is not a preview.
_HOSTED = [
    "file_search",
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
    "computer",
    "computer_use",
    "computer_use_preview",
    "image_generation",
    "code_interpreter",
]

PATCHES: Patches = {
    # "Unknown parameter: 'foo'."
    "CreateResponse": {"additionalProperties": False, "properties": _LATER},
    "CreateResponse.tools": {"remembered": True},
    "FunctionTool": {"rule": check_parameters},
    "FunctionTool.name": NAME,
    "CustomToolParam.name": NAME,
    "TextResponseFormatJsonSchema": {"rule": check_format},
    "TextResponseFormatJsonSchema.name": NAME,
    "ToolChoiceTypes": {"properties": {"type": {"type": "string", "enum": _HOSTED}}},
    # "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'."
    "EasyInputMessage": {"rule": _check_author},
    # Items come back without their ids; what was recorded in full, the API takes as well.
    "ReasoningItem": {"required": ["summary", "type"]},
    "OutputMessage": {"required": ["role", "content"]},
    "OutputTextContent": {"required": ["type", "text"]},
    "WebSearchToolCall": {"required": ["type"]},
    "InputImageContent": {"required": ["type"]},
    # Known by the id of the call.
    "LocalShellToolCallOutput": {"required": ["id", "type", "output"]},
}


@cache
def openai_body() -> Members:
    """Return what a request to OpenAI or Azure holds."""
    return body_of("POST /responses", PATCHES)


WELL_FORMED = Members(
    {
        "input": Either({str: TEXT, list: ListOf(OBJECT)}),
        "stream": BOOLEAN,
        "text": OBJECT,
        "tools": ListOf(OBJECT),
    }
)
"""What a request must be for the fake to answer it at all."""

PORTABLE = Members(
    {
        **WELL_FORMED.members,
        "include": ListOf(TEXT),
        "instructions": TEXT,
        "max_output_tokens": Number(),
        "metadata": OBJECT,
        "model": TEXT,
        "previous_response_id": TEXT,
        "reasoning": OBJECT,
        "temperature": Number(),
        "tool_choice": Either({str: TEXT, dict: OBJECT}),
        "top_p": Number(),
    }
)
"""Everywhere but at OpenAI and Azure: the types alone, which every API of this kind asks for."""
