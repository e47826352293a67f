"""Real sessions of providers, played back: each answers our client as it once answered somebody's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import yaml
from provider_bytes import HI, pieces_of

from fakellm import (
    APIError,
    AzureOpenAIChatCompletionClient,
    BadRequestError,
    NotFoundError,
    OpenAIChatCompletionClient,
)
from fakellm.models import CreateResult, FunctionCall, RequestUsage

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore:asked for .* answered by"),  # providers name their models as they like
]

INFO = {"vision": True, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": True}


@dataclass(frozen=True)
class Session:
    """One recorded exchange. said, thought: how the text and the thought begin and end."""

    file: str
    base_url: str
    usage: tuple[int, int]
    said: tuple[str, str] = ("", "")
    thought: tuple[str, str] | None = None
    calls: tuple[tuple[str, str], ...] = ()
    reason: str = "stop"
    place: int = 0

    def __str__(self) -> str:
        return f"{self.file}-{self.place}"


OPENAI = "https://api.openai.com/v1"
OPENROUTER = "https://openrouter.ai/api/v1"
DEEPSEEK = "https://api.deepseek.com"
GROQ = "https://api.groq.com/openai/v1"
LOOP = "test_cache_prefix_stability__test_openai_tool_call_roundtrip_wire_stable.ag_ui"
DICE = "test_deepseek__test_deepseek_deferred_capability_with_thinking"
CRUSOE = "test_crusoe__test_crusoe_tool_calling"

SESSIONS = [
    Session("test_openai__test_openai_instructions", OPENAI, (24, 8), ("The capital", "France is Paris.")),
    Session(LOOP, OPENAI, (48, 14), calls=(("get_weather", '{"city":"Paris"}'),), reason="function_calls"),
    Session(LOOP, OPENAI, (74, 9), ("The weather", "currently sunny."), place=1),
    Session("test_dbos__test_dbos_agent_run_stream", OPENAI, (14, 8), ("The capital", "Mexico City.")),
    Session("test_openai__test_audio_as_binary_content_input", OPENAI, (64, 9), ("The name", "is Marcelo.")),
    Session(
        "test_openrouter__test_openrouter_usage", OPENROUTER, (17, 1515),
        ("Brief summary", "would you prefer?"), ("**Exploring Venus**", "key numbers and facts."),
    ),
    Session(
        "test_openrouter__test_openrouter_stream_with_reasoning", OPENROUTER, (9, 104),
        ("I’m ChatGPT", "just let me know!"),
    ),
    Session(
        "test_deepseek__test_deepseek_model_thinking_stream", DEEPSEEK, (6, 212),
        ("Hello there! 😊", "help you today?"), ("Hmm, the user", "that's okay too."),
    ),
    Session(
        DICE, DEEPSEEK, (563, 116), calls=(("load_capability", '{"id": "DICE_ROLL"}'),), reason="function_calls",
        thought=("The user wants to", "first.\nLet me load the dice rolling capability!"),
    ),
    Session(
        DICE, DEEPSEEK, (875, 79), calls=(("get_player_name", "{}"), ("roll_dice", "{}")), reason="function_calls",
        thought=("Great, now", "die.\nLet me get your name and roll the die!"), place=1,
    ),
    Session(
        "test_groq__test_groq_native_output", GROQ, (178, 94),
        ('{"city":"Mexico City"', '"country":"Mexico"}'), ("The user asks", "no extra text."),
    ),
    Session(
        "test_groq__test_groq_model_web_search_tool_stream", GROQ, (5003, 359),
        ("The weather in San F", "level of 90-94%."), ("<think>\nTo find", "high humidity."),
    ),
    Session(
        "test_groq__test_image_detail_vendor_metadata", GROQ, (1470, 112), ("The image depicts", "catalog or website."),
    ),
    Session(
        "test_gateway__test_gateway_provider_with_groq", "http://localhost:8787/groq/openai/v1", (42, 8),
        ("The capital", "is Paris."),
    ),
    Session(
        "test_mistral__test_mistral_model_thinking_part_iter", "https://api.mistral.ai/v1", (10, 232),
        ("To cross the street", "a safe crossing."), ("Okay, the user", "concise response."),
    ),
    Session(
        "test_cerebras__test_cerebras_thinking_part_survives_multiturn", "https://api.cerebras.ai/v1", (79, 37),
        ("4.", "4."), ("User asks simple", "straightforward."),
    ),
    Session(
        CRUSOE, "https://api.inference.crusoecloud.com/v1", (167, 37), calls=(("get_weather", '{"city": "Paris"}'),),
        thought=("The user wants", "as the city."), reason="function_calls",
    ),
    Session(
        "test_zai__test_zai_thinking_stream", "https://api.z.ai/api/paas/v4", (13, 564),
        ("4", "4"), ("\n1.  **Analyze", 'final response:** "4".'),
    ),
    Session(
        "test_snowflake__test_snowflake_model_streaming",
        "https://myorg-myaccount.snowflakecomputing.com/api/v2/cortex/v1", (22, 5), ("4", "4"), reason="unknown",
    ),
]  # fmt: skip


def recorded(files: list[Path], name: str, place: int = 0) -> tuple[dict[str, Any], httpx.Response]:
    """Give a recorded request, and its response as it came."""
    path = next((path for path in files if path.stem == name), None)
    if path is None:
        pytest.skip(f"{name} is not among the recorded sessions")
    interaction = yaml.safe_load(path.read_text())["interactions"][place]
    response = interaction["response"]
    parsed = response.get("parsed_body")
    body = response["body"]["string"] if parsed is None else json.dumps(parsed)
    kind = next(value[0] for name, value in response["headers"].items() if name.lower() == "content-type")
    return interaction["request"], httpx.Response(
        response["status"]["code"], headers={"content-type": kind}, content=body.encode()
    )


async def answered(request: dict[str, Any], response: httpx.Response, base_url: str, **extra: Any) -> CreateResult:
    """Ask as the recorded request did, whole or streamed, at its own URL."""
    body = request["parsed_body"]
    client = OpenAIChatCompletionClient(
        model=body["model"], base_url=base_url, api_key="sk-none", model_info=INFO, max_retries=0
    )
    with respx.mock:
        respx.post(request["uri"].partition("#")[0]).mock(return_value=response)
        if not body.get("stream"):
            return await client.create(HI, **extra)
        pieces, result = await pieces_of(client.create_stream(HI))
    thought = "" if result.thought is None else f"<think>{result.thought}</think>"
    assert "".join(pieces) == thought + str(result.content)
    return result


@pytest.mark.parametrize("session", SESSIONS, ids=str)
async def test_recorded_answers_are_read(session, real_cassettes):
    request, response = recorded(real_cassettes, session.file, session.place)

    result = await answered(request, response, session.base_url)

    assert result.finish_reason == session.reason
    assert result.usage == RequestUsage(*session.usage)
    if session.calls:
        calls = [call for call in result.content if isinstance(call, FunctionCall)]
        assert [(call.name, call.arguments) for call in calls] == list(session.calls)
    else:
        assert isinstance(result.content, str)
        assert (result.content[: len(session.said[0])], result.content[-len(session.said[1]) :]) == session.said
    assert (result.thought is None) == (session.thought is None)
    if session.thought is not None:
        assert result.thought.startswith(session.thought[0])
        assert result.thought.endswith(session.thought[1])


async def test_azure(real_cassettes):
    request, response = recorded(real_cassettes, "test_azure__test_azure_provider_call")
    endpoint, _, rest = request["uri"].partition("/openai/deployments/")
    client = AzureOpenAIChatCompletionClient(
        model="gpt-4o-2024-11-20", azure_endpoint=endpoint, azure_deployment="gpt-4o", api_key="none",
        api_version=rest.partition("api-version=")[2],
    )  # fmt: skip

    with respx.mock:
        respx.post(request["uri"]).mock(return_value=response)
        result = await client.create(HI)

    assert result.content == "The capital of France is **Paris**."
    assert result.usage == RequestUsage(14, 9)


@pytest.mark.parametrize(
    ("name", "base_url", "error", "code"),
    [
        (
            "test_model_name_suggestions__test_model_name_suggestion.openai-chat",
            OPENAI,
            NotFoundError,
            "model_not_found",
        ),
        ("test_groq__test_tool_regular_error", GROQ, NotFoundError, "model_not_found"),
        ("test_openai__test_openai_web_search_tool_model_not_supported", OPENAI, BadRequestError, None),
        ("test_openrouter__test_openrouter_stream_error", OPENROUTER, APIError, "400"),
    ],
)
async def test_recorded_errors_are_raised(name, base_url, error, code, real_cassettes):
    request, response = recorded(real_cassettes, name)

    with pytest.raises(error) as caught:
        await answered(request, response, base_url)

    assert caught.value.code == code
    assert caught.value.message
