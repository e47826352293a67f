"""Token counts and construction of our client, beside AutoGen's."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any, Literal

import pytest

pytest.importorskip("autogen_ext.models.openai")
pytest.importorskip("PIL")

from autogen_sides import INFO, Built, built, recorded, sides
from test_client_against_autogen import FUNCTION, HISTORY, MODELS, TOOL, assistant, picture, results, system, user

CALL = {"id": "c0", "name": "f", "arguments": '{"a": 1}'}


@pytest.fixture(scope="module", autouse=True)
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give tiktoken its vocabularies without a network: its cache names files after the sha1 of their address."""
    folder = os.environ.get("FAKELLM_ENCODINGS")
    if not folder:
        pytest.skip("FAKELLM_ENCODINGS names no folder of vocabularies")
    cache = tmp_path_factory.mktemp("tiktoken")
    for path in Path(folder).glob("*.tiktoken"):
        address = f"https://openaipublic.blob.core.windows.net/encodings/{path.name}"
        shutil.copy(path, cache / hashlib.sha1(address.encode()).hexdigest())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
        yield


def client(side: Any, **settings: Any) -> Any:
    settings = {"model": "gpt-4o", "api_key": "sk-test", **settings}
    return side.OpenAIChatCompletionClient(**built(side, settings))


def outcome(action: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"error": None, "value": None}
    with recorded(found):
        found["value"] = action()
    found.pop("raised", None)
    return found


def assert_alike(action: Any) -> None:
    theirs, ours = (outcome(lambda side=side: action(side)) for side in sides())

    assert ours == theirs


NAMES: list[dict[str, Any]] = [{}, {"add_name_prefixes": True}, {"include_name_in_message": False}]
COUNTED = [
    pytest.param(history, model, family, names, id=f"{history}-{model}-{family}-{names}")
    for history in HISTORY
    for model, family in MODELS
    for names in NAMES
    if not ("add_name_prefixes" in names and "gemini" in model)  # AutoGen forgets the prefix there
]


@pytest.mark.parametrize(("history", "model", "family", "names"), COUNTED)
def test_messages_count_alike(history: str, model: str, family: str, names: dict[str, Any]) -> None:
    settings = {"model": model, "model_info": {**INFO, "family": family}, **names}

    assert_alike(lambda side: client(side, **settings).count_tokens(built(side, HISTORY[history])))


TOLD = [
    [],
    [user("你好，AutoGen！")],
    [user("你好"), user("请介绍一下AutoGen。")],
    [system("s")],
    [user("u")],
    [assistant("a")],
    [assistant([CALL])],
    [assistant([CALL], thought="t")],
    [results("r")],
    [results()],
    [results("r", "s")],
    [user(["a", "b"])],
    [user("a b", "a b")],
]


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-4", "o3-mini", "gpt-4.1", "gpt-5", "qwen/qwen3-14b:free", "gpt-3.5-turbo"]
)
@pytest.mark.parametrize("messages", TOLD, ids=str)
def test_messages_of_every_encoding_count_alike(messages: list[Any], model: str) -> None:
    settings = {"model": model, "model_info": {**INFO, "family": "gpt-4o"}}

    assert_alike(lambda side: client(side, **settings).count_tokens(built(side, messages)))


SIZES = [
    (1, 1),
    (512, 512),
    (513, 512),
    (768, 768),
    (769, 900),
    (2048, 4096),
    (2048, 768),
    (3000, 100),
    (1, 2049),
    (4000, 4001),
]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pictures_count_alike(size: tuple[int, int]) -> None:
    assert_alike(lambda side: client(side).count_tokens(built(side, [user(["a", picture(*size)])])))


def schema(**properties: Any) -> dict[str, Any]:
    return {**TOOL, "parameters": {"type": "object", "properties": properties}}


def searching(query: str, kind: Literal["a", "b"], limit: int | None = None, deep: bool = False) -> str:
    return query


TOOLS: list[list[Any]] = [
    [TOOL],
    [{"name": "bare"}],
    [{"name": "f", "parameters": {"type": "object"}}],
    [TOOL, FUNCTION],
    [Built(lambda side: side.FunctionTool(searching, "Search."))],
    [schema(a={"type": "string", "description": "what", "title": "A", "default": {"b": 1}})],
    [schema(a={"enum": ["x", "yy"], "type": "string"})],
    [schema(a={"anyOf": [{"type": "string"}, {"type": ["integer", "null"]}]})],
    [schema(a={"type": "array", "items": {"type": "string"}, "minItems": 1})],
    [schema(a={"title": 5})],
    [{**TOOL, "name": "bad name"}],
]


@pytest.mark.parametrize("tools", TOOLS, ids=str)
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])
def test_tools_count_alike(tools: list[Any], model: str) -> None:
    assert_alike(
        lambda side: client(side, model=model).count_tokens(built(side, [user("u")]), tools=built(side, tools))
    )


# What fails there and counts here: (tools, messages), theirs, ours.
COUNTED_HERE: list[tuple[list[Any], list[Any], str, int]] = [
    ([schema(a={"anyOf": [{"$ref": "#/x"}]})], [], "KeyError", 36),
    ([schema(a={"type": ["string", "null"]})], [], "TypeError", 36),
    ([schema(a={"enum": [1, 2]})], [], "TypeError", 33),
    ([], [user("<|endoftext|>")], "ValueError", 16),
]


@pytest.mark.parametrize(("tools", "messages", "theirs", "ours"), COUNTED_HERE)
def test_what_fails_there_counts_here(tools: list[Any], messages: list[Any], theirs: str, ours: int) -> None:
    def count(side: Any) -> int:
        return int(client(side).count_tokens(built(side, messages), tools=built(side, tools)))

    real, mine = sides()

    assert (outcome(lambda: count(real))["error"], count(mine)) == (theirs, ours)


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-4", "gpt-4o-search-preview-2025-03-11", "claude-3-haiku", "gemini-1.5-pro"]
)
def test_remaining_tokens_are_alike(model: str) -> None:
    settings = {"model": model, "model_info": {**INFO, "family": "gpt-4o"}}

    assert_alike(lambda side: client(side, **settings).remaining_tokens(built(side, [user("u")])))


def test_the_tables_of_models_are_equal() -> None:
    from autogen_ext.models.openai import _model_info as real

    from fakellm.client import _known_models as mine

    infos = {name: mine.known_model_info(name) for name in mine._AUTOGEN}
    assert dict(mine._ALIASES) == real._MODEL_POINTERS
    assert infos == real._MODEL_INFO
    assert {name: mine.token_limit(name) for name in real._MODEL_TOKEN_LIMITS} == real._MODEL_TOKEN_LIMITS
    assert set(infos) - {name for name, (_, autogen) in mine._AUTOGEN.items() if autogen.limit == 0} == set(
        real._MODEL_TOKEN_LIMITS
    )


SMALL = {"vision": True, "function_calling": True, "json_output": False}
CONSTRUCTIONS: list[dict[str, Any]] = [
    {"model": "gpt-4o"},
    {"model": "gpt-4o", "temperature": 0},
    *({"model": "gpt-4o", name: 1} for name in ("n", "stream", "messages", "functions", "function_call")),
    {"model": "unknown"},
    {"model": "GPT-4O"},
    {"model": "openai/gpt-4o"},
    {"model": "x", "model_info": {**INFO}},
    {"model": "x", "model_info": {**INFO, "context_length": 5, "tool_choice_required": False}},
    {"model": "x", "model_info": {"vision": True}},
    {"model": "x", "model_info": {**SMALL, "family": "q"}},
    {"model": "x", "model_info": {}},
    {"model": "gpt-4o", "model_capabilities": SMALL},
    {"model": "gpt-4o", "model_capabilities": SMALL, "model_info": INFO},
    {"model": "x", "model_info": {**SMALL, "family": "q"}, "response_format": {"type": "json_object"}},
    {"model": "x", "model_info": {**SMALL, "family": "q"}, "response_format": {"type": "text"}},
    {"model": ""},
    {"model": "", "base_url": "", "model_info": INFO},
    {"base_url": "http://x"},
    {"model": "gemini-1.5-flash"},
    {"model": "claude-4-opus"},
    {"model": "Llama-3.3-8B-Instruct"},
]


@pytest.mark.parametrize("settings", CONSTRUCTIONS, ids=str)
def test_clients_are_constructed_alike(settings: dict[str, Any]) -> None:
    def construct(side: Any) -> Any:
        return dict(side.OpenAIChatCompletionClient(api_key="sk-test", **settings).model_info)

    assert_alike(construct)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY", "LLAMA_API_KEY", "NONE"])
@pytest.mark.parametrize("model", ["gpt-4o", "gemini-1.5-pro", "claude-3-opus", "Llama-3.3-8B-Instruct"])
def test_keys_are_looked_for_alike(name: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY", "LLAMA_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, "sk-env")

    assert_alike(lambda side: bool(side.OpenAIChatCompletionClient(model=model)))


DUMPED: list[dict[str, Any]] = [
    {},
    {"temperature": 0.5, "max_tokens": 5, "stop": ["a"], "seed": 1, "n_unknown": 1, "top_p": None},
    {"model_info": {**INFO}, "add_name_prefixes": True, "include_name_in_message": False},
    {"default_headers": {"x": "1"}, "timeout": 5, "max_retries": 3, "organization": "o", "base_url": "http://x"},
    {"stream_options": {"include_usage": True}, "parallel_tool_calls": False, "reasoning_effort": "low"},
    {"temperature": "hot"},
]


@pytest.mark.parametrize("settings", DUMPED, ids=str)
def test_dumps_are_alike(settings: dict[str, Any]) -> None:
    def dumped(side: Any) -> Any:
        model = client(side, **settings).dump_component()
        return {key: value for key, value in model.model_dump().items() if key not in ("provider", "description")}

    assert_alike(dumped)


def test_a_dump_of_theirs_loads_here() -> None:
    real, mine = sides()
    written = client(real, temperature=0.5).dump_component()
    written.config["api_key"] = "sk-test"

    loaded = mine.ChatCompletionClient.load_component(written.model_dump())

    assert loaded.dump_component().config["temperature"] == 0.5
