"""Requests that ask no model: what was stored is looked up, deleted, cancelled, listed, and conversations are kept.

Source: the API reference of OpenAI (2026-11).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from urllib.parse import unquote

from pydantic_core import to_json

from fakellm._anyjson import object_of, parsed
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.document import body_of
from fakellm._dialects.openai.misfits import sentence
from fakellm._dialects.openai.pages import page_of, query_of
from fakellm._dialects.providers import is_provider_host, provider_of
from fakellm._dialects.responses_checks.patches import PATCHES
from fakellm._dialects.shapes import Members
from fakellm._wire.claim import Claim, Traffic
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Json

__all__ = ["claim_look_up", "look_up"]

_RESPONSE = re.compile(r"/responses/(?P<id>[^/]+)(?:/(?P<part>cancel|input_items))?/*$", re.IGNORECASE)
_CONVERSATION = re.compile(r"/conversations(?:/(?P<id>[^/]+)(?P<part>/items(?:/(?P<item>[^/]+))?)?)?/*$", re.IGNORECASE)
# (method, part) of what there is.
_OF_RESPONSES = {("GET", None), ("DELETE", None), ("POST", "cancel"), ("GET", "input_items")}
_NO_IDS = frozenset({"compact", "input_tokens"})
_METHODS = frozenset({"GET", "POST", "DELETE"})


def claim_look_up(wire: WireRequest) -> Claim | None:
    """Say that a request looks something up; None for any other.

    Conversations there are in other APIs and in users' own services, too: in the process, those pass.
    """
    found = _found(wire.method, wire.path)
    if found is None:
        return None
    is_sdk, is_at_provider = "x-stainless-lang" in wire.headers, is_provider_host(wire.host)
    if is_at_provider and found["of"] == "conversations" and not is_sdk and not provider_of(wire.host, wire.path).rules:
        return None
    is_known = is_at_provider or is_sdk or found["id"].startswith(("resp_", "conv_"))
    traffic = Traffic.PROVIDER if is_known else Traffic.NONE
    return Claim("responses", traffic=traffic, by_itself=True, stored=found["id"])


@lru_cache(maxsize=256)
def _found(method: str, path: str) -> dict[str, str] | None:
    """Return what a path looks up: ``of``, ``id``, ``part`` and ``item``, each empty where it has none."""
    plain = unquote(path)
    if (found := _RESPONSE.search(plain)) and (method, found["part"]) in _OF_RESPONSES and found["id"] not in _NO_IDS:
        return {"of": "responses", "id": found["id"], "part": found["part"] or "", "item": ""}
    if method not in _METHODS or (found := _CONVERSATION.search(plain)) is None:
        return None
    is_known = method == "POST" if not found["id"] else method != "POST" or not found["item"]
    parts = {"id": found["id"] or "", "part": "items" if found["part"] else "", "item": found["item"] or ""}
    return {"of": "conversations", **parts} if is_known else None


def look_up(wire: WireRequest, *, is_documented: bool) -> WireRequest:
    """Return a look-up with all that it asks in its body: its parts, its method, its query, and what it sends.

    is_documented: whether what it sends must be as OpenAI's document says.

    Raises:
        Rejected: the limit or the order of a page is none, or what it sends is wrong or no JSON object.
    """
    found, sent = _found(wire.method, wire.path) or {}, _sent(wire)
    is_checked = is_documented and wire.method == "POST" and found.get("of") == "conversations"
    if is_checked and (misfit := _body(is_of_one=bool(found["id"]), part=found["part"]).misfit(sent)):
        raise Rejected(sentence(misfit))
    query = query_of(wire)
    asked: Json = {**found, "method": wire.method, "sent": sent, **page_of(query, order="desc")}
    asked |= {"stream": query.get("stream") == "true", "starting_after": query.get("starting_after")}
    asked["is_padded"] = query.get("include_obfuscation") != "false"
    return wire._replace(body=to_json(asked))


def _sent(wire: WireRequest) -> Json:
    sent = parsed(wire.body)
    if wire.method == "POST" and wire.body and not isinstance(sent, dict):
        raise Rejected(rejections.INVALID_JSON)
    return object_of(sent)


@cache
def _body(is_of_one: bool, part: str) -> Members:  # told apart by the cache
    return body_of(f"POST /conversations{'/{conversation_id}' * is_of_one}{'/items' * bool(part)}", PATCHES)
