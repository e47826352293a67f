"""What our client sends, beside AutoGen's: the same scenario against the same server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

pytest.importorskip("autogen_ext.models.openai")
pytest.importorskip("PIL")

from autogen_sides import INFO, Built, Case, Stub, chunk, compare, completion, running_stub, streamed


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


def system(content: str) -> dict[str, Any]:
    return {"type": "SystemMessage", "content": content}


def user(content: Any, source: str = "user") -> dict[str, Any]:
    return {"type": "UserMessage", "content": content, "source": source}


def assistant(content: Any, thought: str | None = None, source: str = "bot") -> dict[str, Any]:
    return {"type": "AssistantMessage", "content": content, "thought": thought, "source": source}


def results(*contents: str) -> dict[str, Any]:
    found = [{"content": content, "name": "f", "call_id": f"c{n}"} for n, content in enumerate(contents)]
    return {"type": "FunctionExecutionResultMessage", "content": found}


def picture(width: int = 1, height: int = 1) -> Built:
    from PIL import Image

    return Built(lambda side: side.Image(Image.new("RGB", (width, height), "red")))


CALL = {"id": "c0", "name": "f", "arguments": '{"a": 1}'}
HISTORY = {
    "system": [system("Be brief."), user("hi")],
    "two system": [system("One."), system("Two. "), user("hi")],
    "late system": [user("hi"), system("One.")],
    "empty system": [system(""), user("hi")],
    "empty user": [user("")],
    "blank user": [user(" \n"), user("hi")],
    "texts": [user(["one", "two"])],
    "picture": [user(["what is this?", picture()])],
    "assistant": [user("hi"), assistant("Hello "), user("go on")],
    "empty assistant": [user("hi"), assistant("")],
    "trailing assistant": [user("hi"), assistant("Hello  ")],
    "calls": [user("hi"), assistant([CALL])],
    "calls, empty thought": [user("hi"), assistant([CALL, CALL], thought="")],
    "calls, thought": [user("hi"), assistant([CALL], thought="let me see")],
    "no calls": [user("hi"), assistant([])],
    "results": [user("hi"), assistant([CALL]), results("18", "")],
    "no results": [user("hi"), results()],
}
MODELS = [
    ("gpt-4o-2024-08-06", "gpt-4o"), ("o1-2024-12-17", "o1"), ("deepseek-r1", "r1"), ("Qwen/Qwen3-8B", "qwen"),
    ("gemini-2.0-flash", "gemini-2.0-flash"), ("gemini-9", "unknown"),
    ("claude-3-5-haiku-20241022", "claude-3-5-haiku"),
    ("anthropic/claude", "claude-4-opus"), ("mistral-large", "unknown"), ("pixtral-12b", "other"),
    ("Llama-3.3-8B-Instruct", "llama-3.3-8b"), ("gpt-5-2025-08-07", "mistral"), ("claude-3-haiku-x", "gpt-4o"),
]  # fmt: skip


@pytest.mark.parametrize("several", [True, False])
@pytest.mark.parametrize(("model", "family"), MODELS)
@pytest.mark.parametrize("history", HISTORY)
def test_messages_reach_every_family_alike(history: str, model: str, family: str, several: bool, stub: Stub) -> None:
    info = {**INFO, "family": family, "multiple_system_messages": several}
    compare(
        Case(
            history,
            {"messages": HISTORY[history]},
            {"model": model, "model_info": info},
            sent=(completion(model=model),),
        ),
        stub,
    )


class Point(BaseModel):
    x: int
    label: str | None = None


class Corner(BaseModel):
    at: Point = Field(description="where")
    kind: Literal["round", "sharp"] = "round"
    more: list[Point] = []
    other: Point | None = Field(default=None, title="Other")


class Loose(BaseModel, extra="allow"):
    names: dict[str, int]


def weather(city: str, days: int = 1) -> str:
    return city


def strict_weather(city: str) -> str:
    return city


TOOL = {"name": "weather", "description": "Weather.", "parameters": {"type": "object", "properties": {}}}
FUNCTION = Built(lambda side: side.FunctionTool(weather, "Weather of a city."))
STRICT = Built(lambda side: side.FunctionTool(strict_weather, "Weather.", strict=True))
POINT = completion('{"x": 1}')
POINT_STREAM = streamed(chunk('{"x":'), chunk(" 1}"), chunk({}, "stop"))
IMAGE_CALL = {"messages": [user(["see", picture()])]}
TWO_SYSTEM = {"messages": [system("a"), user("b"), system("c")]}


def info(**changes: Any) -> dict[str, Any]:
    return {"model_info": {**INFO, "family": "gpt-4o", "multiple_system_messages": True, **changes}}


def gemini_asked(content: str) -> list[dict[str, Any]]:
    message = {"role": "user", "name": "user", "content": content}
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    body = {"messages": [message], "model": "gemini-1.5-pro"}
    return [{"path": "/chat/completions", "headers": headers, "body": body}]


CASES = [
    Case("plain"),
    Case("no messages", {"messages": []}),
    Case("no messages, claude", {"messages": []}, {"model": "claude-3-opus"}),
    Case("not a message", {"messages": ["hi"]}),
    Case("name with a space", {"messages": [user("hi", "a b")]}),
    Case("Chinese name", {"messages": [user("hi", "用户")]}),
    Case("name of 64", {"messages": [user("hi", "a" * 64)]}),
    Case("name of 65", {"messages": [user("hi", "a" * 65)]}),
    Case("empty name", {"messages": [user("hi", "")]}),
    Case("assistant's bad name", {"messages": [assistant("hi", source="a b")]}),
    Case("bad name, not sent", {"messages": [user("hi", "a b")]}, {"include_name_in_message": False}),
    Case("names not sent", client={"include_name_in_message": False}),
    Case("prefixes", client={"add_name_prefixes": True}),
    Case("prefixes without names", client={"add_name_prefixes": True, "include_name_in_message": False}),
    Case("prefix of texts", {"messages": [user(["a", "b"])]}, {"add_name_prefixes": True}),
    Case("prefix before a picture", {"messages": [user([picture(), "b"])]}, {"add_name_prefixes": True}),
    Case("prefix of nothing", {"messages": [user("")]}, {"add_name_prefixes": True}),
    Case("assistant has no prefix", {"messages": [assistant("a")]}, {"add_name_prefixes": True}),
    Case("picture without vision", IMAGE_CALL, info(vision=False)),
    Case("texts without vision", {"messages": [user(["a", "b"])]}, info(vision=False)),
    Case("system messages apart", TWO_SYSTEM, info(multiple_system_messages=False)),
    Case("system messages apart, allowed", TWO_SYSTEM, info(multiple_system_messages=True)),
    Case("tool", {"tools": [TOOL]}),
    Case("tool, bare", {"tools": [{"name": "weather"}]}),
    Case("tool, strict", {"tools": [{**TOOL, "strict": True}]}),
    Case("function tool", {"tools": [FUNCTION]}),
    Case("strict function tool", {"tools": [STRICT]}),
    Case("two tools", {"tools": [FUNCTION, {**TOOL, "name": "other"}]}),
    Case("tool with a bad name", {"tools": [{**TOOL, "name": "a b"}]}),
    Case("tool with a long name", {"tools": [{**TOOL, "name": "a" * 65}]}),
    Case("tools without function calling", {"tools": [TOOL]}, info(function_calling=False)),
    Case("tool_choice none", {"tools": [TOOL], "tool_choice": "none"}),
    Case("tool_choice required", {"tools": [TOOL], "tool_choice": "required"}),
    Case("tool_choice of a tool", {"tools": [FUNCTION], "tool_choice": FUNCTION}),
    Case("tool_choice of a tool by schema", {"tools": [{**TOOL, "name": "weather"}], "tool_choice": FUNCTION}),
    Case("tool_choice of another tool", {"tools": [{**TOOL, "name": "x"}], "tool_choice": FUNCTION}),
    Case("tool_choice of no tool", {"tool_choice": FUNCTION}),
    Case("tool_choice unknown", {"tools": [TOOL], "tool_choice": "maybe"}),
    Case("tool_choice unknown, no tools", {"tool_choice": "maybe"}),
    Case("tool_choice without tools", {"tool_choice": "required"}),
    Case("tool_choice as a default", client={"tool_choice": "none"}),
    Case("tool_choice as an extra", {"tools": [TOOL], "extra_create_args": {"tool_choice": "none"}}),
    Case("defaults", client={"temperature": 0, "stop": ["a"], "seed": 1, "user": "me", "top_p": None}),
    Case("extras", {"extra_create_args": {"temperature": 1, "max_tokens": 5}}, {"temperature": 0}),
    Case("unknown extra", {"extra_create_args": {"temprature": 1}}),
    Case("extra n", {"extra_create_args": {"n": 2}}),
    Case("extra functions", {"extra_create_args": {"functions": [], "function_call": "none"}}),
    Case("extra messages", {"extra_create_args": {"messages": []}}),
    Case("extra stream", {"extra_create_args": {"stream": True}}),
    Case("extra tools", {"extra_create_args": {"tools": []}}),
    Case("default tools", client={"tools": []}),
    Case("extra model", {"extra_create_args": {"model": "gpt-4"}}),
    Case("extra body", {"extra_create_args": {"extra_body": {"top_k": 5}}}),
    Case("extra body as a default", client={"extra_body": {"enable_thinking": False}}),
    Case("extra timeout", {"extra_create_args": {"timeout": 9.0}}),
    Case("timeout", client={"timeout": 9.0}),
    Case("no timeout", client={"timeout": None}),
    Case("response_format text", client={"response_format": {"type": "text"}}),
    Case("response_format overridden", {"json_output": False}, {"response_format": {"type": "json_object"}}),
    Case("json", {"json_output": True}),
    Case("json unsupported", {"json_output": True}, info(json_output=False)),
    Case("no json where unsupported", {"json_output": False}, info(json_output=False)),
    Case("json_output a str", {"json_output": "yes"}),
    Case("json_output another class", {"json_output": dict}),
    Case("structured", {"json_output": Point}, sent=(POINT,)),
    Case("structured, nested", {"json_output": Corner}, sent=(completion('{"at": {"x": 1}}'),)),
    Case("structured, open", {"json_output": Loose}, sent=(completion('{"names": {}}'),)),
    Case("structured, unsupported", {"json_output": Point}, info(structured_output=False)),
    Case("structured by response_format", {"extra_create_args": {"response_format": Point}}, sent=(POINT,)),
    Case("structured by default", client={"response_format": Point}, sent=(POINT,)),
    Case("structured by default, unsupported", client={"response_format": Point, **info(structured_output=False)}),
    Case("structured twice", {"json_output": Point}, {"response_format": Corner}),
    Case("structured and a format", {"json_output": Point}, {"response_format": {"type": "text"}}, (POINT,)),
    Case("structured by default, then text", {"json_output": False}, {"response_format": Point}, (POINT,)),
    Case("structured with loose tool", {"json_output": Point, "tools": [TOOL]}),
    Case("structured with strict tool", {"json_output": Point, "tools": [STRICT]}, sent=(POINT,)),
    Case("organization", client={"organization": "org", "project": "proj"}),
    Case("headers", client={"default_headers": {"X-Custom": "1"}}),
    Case("own authorization", client={"default_headers": {"Authorization": "Basic x"}}),
    Case("query", client={"default_query": {"v": "2"}}),
    Case("empty key", client={"api_key": ""}),
    Case("unknown keyword", client={"nonsense": 1}),
    Case("stream, plain", stream=True),
    Case("stream, structured", {"json_output": Point}, stream=True, sent=(POINT_STREAM,)),
    Case(
        "gemini keeps the prefix that was asked for",
        client={"add_name_prefixes": True, "model": "gemini-1.5-pro"},
        sent=(completion(model="gemini-1.5-pro"),),
        differs={"requests": (gemini_asked("hi"), gemini_asked("user said:\nhi")), "logs": None},
    ),
    Case("stream, tools", {"tools": [FUNCTION], "tool_choice": "required"}, stream=True),
    Case("stream, usage", {"include_usage": True}, stream=True),
    Case("stream, options", {"extra_create_args": {"stream_options": {"include_usage": True}}}, stream=True),
    Case("stream, default options", client={"stream_options": {"include_usage": True}}, stream=True),
    Case("stream, agreeing", {"include_usage": True}, {"stream_options": {"include_usage": True}}, stream=True),
    Case("stream, contradicting", {"include_usage": False}, {"stream_options": {"include_usage": True}}, stream=True),
    Case("stream, tolerance", {"max_consecutive_empty_chunk_tolerance": 2}, stream=True),
    Case("stream, unknown extra", {"extra_create_args": {"x": 1}}, stream=True),
    Case("stream, extra stream", {"extra_create_args": {"stream": False}}, stream=True),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_requests_are_alike(case: Case, stub: Stub) -> None:
    compare(case, stub)
