"""The response object, with all members of today, and the answer that is not streamed.

Source: ``Response`` of the OpenAPI document, and responses recorded from api.openai.com, July 2026: which members there
are, what they hold where the request leaves it open, and their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fakellm._anyjson import object_of, objects_of, text_of
from fakellm._dialects.openai.answers import one_object
from fakellm._dialects.responses.quirks import ResponsesQuirks, quirks_of
from fakellm._dialects.responses_items.ids import response_id
from fakellm._dialects.responses_items.items import Item, output_items
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.events import Whole
from fakellm._wire.provider import Json
from fakellm.tokens._models import facts_of

__all__ = ["begun", "ended", "render_whole", "usage_of", "whole"]

# Members in their order, with what they hold where the request does not say.
_MEMBERS: Mapping[str, Any] = MappingProxyType(
    {
        "background": False,
        "completed_at": None,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": None,
        "moderation": None,
        "output": None,
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "prompt_cache_retention": None,
        "reasoning": None,
        "safety_identifier": None,
        "service_tier": "auto",
        "store": True,
        "temperature": 1.0,
        "text": None,
        "tool_choice": "auto",
        "tool_usage": {
            "image_gen": {
                "input_tokens": 0,
                "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
                "output_tokens": 0,
                "output_tokens_details": {"image_tokens": 0, "text_tokens": 0},
                "total_tokens": 0,
            },
            "web_search": {"num_requests": 0},
        },
        "tools": None,
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }
)
_OWN = {"completed_at", "error", "incomplete_details", "moderation", "output", "tool_usage", "usage"}
_ECHOED = frozenset({*_MEMBERS, "prompt"} - _OWN)

# What a tool of a type has beside what the request says of it.
_TOOLS: Mapping[str, Json] = MappingProxyType(
    {
        "function": {"description": None, "output_schema": None, "parameters": None, "strict": True},
        "custom": {"format": {"type": "text"}},
        "web_search": {"filters": None, "search_context_size": "medium", "user_location": None},
        "file_search": {
            "filters": None,
            "max_num_results": 20,
            "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
        },
        "mcp": {"allowed_tools": None, "headers": None, "require_approval": "always", "server_description": None},
        "tool_search": {"description": None, "parameters": None},
    }
)

_LOCATION = MappingProxyType({"type": "approximate", "city": None, "country": None, "region": None, "timezone": None})

_REASONS = MappingProxyType({"length": "max_output_tokens"})
_COMPLETE = frozenset({None, "stop", "tool_calls", "function_call", "completed"})
_STATUSES = frozenset({"failed", "incomplete"})
_ERROR = MappingProxyType(
    {"code": "server_error", "message": "The model produced an error while generating the response."}
)


def render_whole(answer: Completion, asked: ChatRequest) -> Whole:
    """Return an answer that is not streamed."""
    return one_object(whole(answer, asked), answer)


def whole(answer: Completion, asked: ChatRequest) -> Json:
    """Return a response that has ended, as it is sent in one object."""
    response = ended(begun(answer, asked), answer, asked, output_items(answer, asked))
    return quirks_of(asked.provider).response({**response, "billing": {"payer": "developer"}}, is_final=True)


def begun(answer: Completion, asked: ChatRequest) -> Json:
    """Return the response as the first events have it: without output, its usage not counted yet.

    The quirks of a provider are in its values; which members it sends, they say when it is sent.
    """
    quirks, body = quirks_of(asked.provider), asked.body
    given = {name: _number(name, body[name]) for name in _ECHOED if body.get(name) is not None}
    head = {"id": response_id(answer, quirks), "object": "response", "created_at": answer.created}
    made = {
        "status": "in_progress",
        "model": asked.model if quirks.has_model_as_asked else answer.model,
        "output": [],
        "reasoning": _reasoning(object_of(body.get("reasoning")), asked.model),
        "text": _text(object_of(body.get("text")), quirks),
        "tools": _tools(objects_of(body.get("tools")), quirks),
    }
    usual = {**_MEMBERS, **_of_model(asked.model), "store": quirks.stores, **quirks.members}
    extra = {"conversation": _conversation(body.get("conversation"))} if body.get("conversation") else {}
    made = {name: quirks.members.get(name, value) if name not in body else value for name, value in made.items()}
    return {**head, "status": None, **usual, **given, **made, **extra, "metadata": body.get("metadata") or {}}


def ended(response: Json, answer: Completion, asked: ChatRequest, items: Iterable[Item]) -> Json:
    """Return a response that has begun as it has ended."""
    [choice] = answer.choices
    status, reason = _status(choice.finish_reason)
    tier = text_of(asked.body.get("service_tier"))
    ending = {
        "status": status,
        "completed_at": answer.created if status == "completed" else None,
        "error": dict(_ERROR) if status == "failed" else None,
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [item.body for item in items],
        "service_tier": tier if tier and tier != "auto" else "default",
        "usage": usage_of(answer.usage) if answer.sends_usage else None,
    }
    return {**response, **ending, **choice.extra}


def _status(finish_reason: str | None) -> tuple[str, str | None]:
    """Return the status of a response, and why it is incomplete."""
    if finish_reason in _COMPLETE:
        return "completed", None
    if finish_reason in _STATUSES:
        return str(finish_reason), None
    return "incomplete", _REASONS.get(str(finish_reason), finish_reason)


def _number(name: str, given: Any) -> Any:
    """Return a member of the request as it comes back: a temperature of 0 as 0.0."""
    is_decimal = isinstance(_MEMBERS.get(name), float) and isinstance(given, int)
    return float(given) if is_decimal else given


def _of_model(model: str) -> Json:
    """Return what differs from model to model."""
    facts = facts_of(model)
    return {"top_p": facts.top_p, "prompt_cache_retention": "24h" if facts.has_modes else None}


def _reasoning(asked: Json, model: str) -> Json:
    facts = facts_of(model)
    effort = {"some": "medium", "none": "none"}.get(facts.effort or "")
    summary = {"auto": "detailed"}.get(text_of(asked.get("summary")), asked.get("summary"))
    usual: Json = {"context": "current_turn", "mode": "standard"} if facts.has_modes else {}
    asked = {name: value for name, value in asked.items() if value is not None}
    return dict(sorted({**usual, "effort": effort, **asked, "summary": summary}.items()))


def _text(asked: Json, quirks: ResponsesQuirks) -> Json:
    given = object_of(asked.get("format")) or {"type": "text"}
    if given.get("type") == "json_schema":
        given = {"type": "json_schema", "description": None, "name": None, "schema": None, "strict": False, **given}
    return {"format": given, "verbosity": asked.get("verbosity") or quirks.usual_verbosity}


def _tools(tools: Iterable[Json], quirks: ResponsesQuirks) -> list[Json]:
    """Return the tools as they come back; what searches for tools stands behind the others."""
    return sorted((_tool(tool, quirks) for tool in tools), key=lambda tool: tool["type"] == "tool_search")


def _tool(tool: Json, quirks: ResponsesQuirks) -> Json:
    """Return a tool as it comes back: with all its members, secrets hidden."""
    kind = text_of(tool.get("type"))
    given = {name: value for name, value in tool.items() if value not in (None, "") and name != "type"}
    if kind == "mcp":
        given = {name: _hidden(name, value) for name, value in given.items()}
    if location := object_of(given.get("user_location")):
        given["user_location"] = {**_LOCATION, **location}
    usual = {name: value for name, value in _TOOLS.get(kind, {}).items() if name not in quirks.tool_omits}
    return {"type": kind, **dict(sorted({**usual, **given}.items()))}


def _hidden(name: str, value: Any) -> Any:
    """Return a member of an MCP server's without its secrets: of its address, what stands behind the host."""
    if name == "authorization":
        return "<redacted>"
    if name == "headers" and isinstance(value, dict):
        return dict.fromkeys(value, "<redacted>")
    if name != "server_url" or not isinstance(value, str):
        return value
    scheme, _, rest = value.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/<redacted>"


def _conversation(asked: object) -> Json:
    return {"id": asked} if isinstance(asked, str) else object_of(asked)


# Of the details of chat's usage, those of other kinds of answers.
_ELSEWHERE = frozenset({"audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens"})


def usage_of(usage: Mapping[str, Any]) -> Json:
    """Return a usage by the names of Responses. usage: by chat's."""
    own = {"prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details"}
    return {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, **_details(usage, "prompt")},
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0, **_details(usage, "completion")},
        "total_tokens": usage["total_tokens"],
        **{name: value for name, value in usage.items() if name not in own},
    }


def _details(usage: Mapping[str, Any], of: str) -> Json:
    details = usage.get(f"{of}_tokens_details")
    known = details if isinstance(details, Mapping) else {}
    return {name: count for name, count in known.items() if count or name not in _ELSEWHERE}
