"""What api.openai.com checks of a chat completions request beyond its document: names, lengths, bounds, order.

The sentences in comments are those with which it answers. Rules between parameters are in ``rules``.
"""

from __future__ import annotations

from functools import cache

from fakellm._dialects.openai.document import NAME, Patches, Schema, body_of
from fakellm._dialects.openai.strict_schemas import check_format, check_parameters
from fakellm._dialects.shapes import Members, Misfit
from fakellm.tokens._billed_messages import is_plain

__all__ = ["AZURE", "PATCHES", "azure_body", "openai_body"]


# Looser since 2025 than names of functions.
_SPEAKER: Schema = {"minLength": 1, "maxLength": 64, "pattern": r"^[^\s<|\\/>]+$"}
# "string too long. Expected a string with maximum length 40": ids that other providers made.
_CALL_ID: Schema = {"maxLength": 40}
# "integer below minimum value. Expected a value >= 1"
_LIMIT: Schema = {"minimum": 1}
_CLOSED: Schema = {"additionalProperties": False}
# That a message has content is a matter of the history: the API looks at it last.
_BARE: Schema = {"required": ["role"]}
_PARTS: Schema = {"names": ("text", "image_url", "input_audio", "refusal", "audio", "file")}


def _without_images(role: str) -> Schema:
    return {**_PARTS, "refused": {"image_url": Misfit("image", facts={"role": role})}}


PATCHES: Patches = {
    # A deployment may be the model.
    "CreateChatCompletionRequest": {"required": ["messages"], **_CLOSED},
    # "between -100 and 100" in the API reference.
    "CreateChatCompletionRequest.logit_bias[]": {"minimum": -100, "maximum": 100},
    "CreateChatCompletionRequest.max_completion_tokens": _LIMIT,
    "CreateChatCompletionRequest.max_tokens": _LIMIT,
    "CreateChatCompletionRequest.model": {"minLength": 1},
    "CreateChatCompletionRequest.response_format": {
        "names": ("json_object", "json_schema", "text"),
        "remembered": True,
    },
    # The document has lost the last digits.
    "CreateChatCompletionRequest.seed": {"minimum": -(2**63), "maximum": 2**63 - 1},
    # "array too long. Expected an array with maximum length 128"; "empty array".
    "CreateChatCompletionRequest.tools": {"minItems": 1, "maxItems": 128, "remembered": True},
    "ChatCompletionFunctions.name": NAME,
    "ChatCompletionStreamOptions": _CLOSED,
    "ChatCompletionToolChoiceOption": {"names": ("function", "allowed_tools", "custom")},
    "CustomToolChatCompletions.custom.name": NAME,
    "FunctionObject": {"rule": check_parameters},
    "FunctionObject.name": NAME,
    "ResponseFormatJsonSchema.json_schema": {"rule": check_format},
    "ResponseFormatJsonSchema.json_schema.name": NAME,
    # "Supported values are: 'auto', 'default', 'fast', 'flex', and 'priority'"; the document has scale as well.
    "ServiceTier": {"enum": ["auto", "default", "fast", "flex", "priority"]},
    "ChatCompletionRequestMessage": {
        "names": ("system", "assistant", "user", "function", "tool", "developer"),
        "quick": is_plain,
    },
    "ChatCompletionRequestSystemMessage": _BARE,
    "ChatCompletionRequestSystemMessage.name": _SPEAKER,
    "ChatCompletionRequestSystemMessageContentPart": _without_images("system"),
    "ChatCompletionRequestDeveloperMessage": _BARE,
    "ChatCompletionRequestDeveloperMessage.name": _SPEAKER,
    "ChatCompletionRequestDeveloperMessage.content[]": {
        "oneOf": [{"$ref": "ChatCompletionRequestMessageContentPartText"}],
        "discriminator": "type",
        **_without_images("developer"),
    },
    "ChatCompletionRequestUserMessage": _BARE,
    "ChatCompletionRequestUserMessage.name": _SPEAKER,
    "ChatCompletionRequestUserMessageContentPart": _PARTS,
    "ChatCompletionRequestAssistantMessage.name": _SPEAKER,
    "ChatCompletionRequestAssistantMessage.function_call.name": NAME,
    "ChatCompletionRequestAssistantMessageContentPart": _without_images("assistant"),
    "ChatCompletionMessageToolCalls": {"minItems": 1},
    "ChatCompletionMessageToolCall.id": _CALL_ID,
    "ChatCompletionMessageToolCall.function.name": NAME,
    "ChatCompletionMessageCustomToolCall.id": _CALL_ID,
    "ChatCompletionMessageCustomToolCall.custom.name": NAME,
    "ChatCompletionRequestToolMessage": {**_BARE, "properties": {"name": {"type": "string", **_SPEAKER}}},
    "ChatCompletionRequestToolMessage.tool_call_id": _CALL_ID,
    "ChatCompletionRequestToolMessageContentPart": _without_images("tool"),
    "ChatCompletionRequestFunctionMessage": _BARE,
    "ChatCompletionRequestFunctionMessage.name": NAME,
}

AZURE: Patches = {
    **PATCHES,
    "CreateChatCompletionRequest": {
        **PATCHES["CreateChatCompletionRequest"],
        "properties": {"data_sources": {}, "enhancements": {}, "user_security_context": {"type": "object"}},
    },
}
"""Azure takes parameters of its own."""


@cache
def openai_body() -> Members:
    """Return what a request to OpenAI holds; a parameter that is not in it is unrecognized."""
    return body_of("POST /chat/completions", PATCHES)


@cache
def azure_body() -> Members:
    """Return what a request to Azure holds."""
    return body_of("POST /chat/completions", AZURE)
