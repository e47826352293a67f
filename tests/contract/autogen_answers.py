"""What answers are made of, and what comes of them: for the scenarios of both clients."""

from __future__ import annotations

from typing import Any

from autogen_sides import INFO
from pydantic import BaseModel


class Point(BaseModel):
    x: int


def call(name: str = "f", arguments: Any = "{}", id: str = "c0", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}, **fields}


def calls(*items: dict[str, Any], content: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(items), **fields}


def said(content: Any, **fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **fields}


def result(content: Any, reason: str = "stop", usage: tuple[int, int] = (0, 0), **fields: Any) -> dict[str, Any]:
    counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return {"finish_reason": reason, "content": content, "usage": counts, **fields}


def function(name: str = "f", arguments: str = "{}", id: str = "c0") -> dict[str, Any]:
    return {"id": id, "arguments": arguments, "name": name}


R1 = {"model_info": {**INFO, "family": "r1"}, "model": "r1"}
TOKEN = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}
TOP = {
    **TOKEN,
    "top_logprobs": [{"token": "Hi", "logprob": -0.5, "bytes": [72]}, {"token": "x", "logprob": -3, "bytes": None}],
}
LOGPROBS = {"content": [TOKEN, TOP], "refusal": None}
READ = (8, 2)


ERROR = {"message": "Nope.", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}
