"""Record ``weather_tool_loop.yaml``: a tool call, its answer, and a streamed follow-up.

    python record_weather_tool_loop.py --llmock node_modules/.bin/llmock   # record
    python record_weather_tool_loop.py --replay                            # check

Recording starts aimock (the npm package ``@copilotkit/aimock``) on a loopback port
and runs three chat completions against it under vcrpy. ``--replay`` makes the same
calls against the recorded file only: no server, and request bodies have to match.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import vcr  # type: ignore[import-untyped]
from openai import OpenAI
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageParam

HERE = Path(__file__).resolve().parent
CASSETTE = HERE / "weather_tool_loop.yaml"
FIXTURES = HERE / "weather_tool_loop.fixtures.json"
HOST, PORT = "127.0.0.1", 4010
MODEL = "gpt-4o-mini"

# Request headers worth keeping. Everything else the SDK sends (its version, the
# Python version, the operating system, organisation ids) describes the machine.
KEPT_REQUEST_HEADERS = {"accept", "content-length", "content-type", "host"}

GET_WEATHER: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def run_session(client: OpenAI) -> list[str]:
    """Make the three calls; return the tool arguments, the answer and the haiku."""
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What is the weather in Paris?"}]

    first = client.chat.completions.create(model=MODEL, messages=messages, tools=[GET_WEATHER])
    request = first.choices[0].message
    assert request.tool_calls and request.tool_calls[0].type == "function"
    call = request.tool_calls[0]
    messages.append(cast(ChatCompletionMessageParam, request.to_dict()))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "18 °C, clear"})

    second = client.chat.completions.create(model=MODEL, messages=messages, tools=[GET_WEATHER])
    answer = second.choices[0].message.content
    assert answer
    messages.append({"role": "assistant", "content": answer})
    messages.append({"role": "user", "content": "Say that again as a haiku"})

    stream = client.chat.completions.create(
        model=MODEL,
        messages=messages,
        tools=[GET_WEATHER],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert chunks[-1].usage, "the stream has to end with its usage chunk"
    haiku = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return [call.function.arguments, answer, haiku]


def keep_plain_headers(request: Any) -> Any:
    """Drop every request header that is not in ``KEPT_REQUEST_HEADERS``."""
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in KEPT_REQUEST_HEADERS}
    return request


def port_is_open() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, PORT)) == 0


@contextmanager
def aimock(llmock: Path) -> Iterator[None]:
    """Run aimock's ``llmock`` command with the fixtures until the block ends."""
    if port_is_open():
        raise SystemExit(f"something already listens on {HOST}:{PORT}")
    command = [str(llmock.resolve()), "--host", HOST, "--port", str(PORT)]
    command += ["--fixtures", str(FIXTURES), "--strict", "--log-level", "warn"]
    server = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 15
        while not port_is_open():
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("aimock did not start")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(timeout=10)


def use_cassette(record_mode: str) -> Any:
    """Open the cassette; the same vcrpy settings serve recording and replay."""
    return vcr.use_cassette(
        str(CASSETTE),
        record_mode=record_mode,
        match_on=["method", "scheme", "host", "port", "path", "query", "body"],
        filter_headers=["authorization"],
        before_record_request=keep_plain_headers,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Record or replay weather_tool_loop.yaml.")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--llmock", type=Path, help="record with this llmock executable")
    mode.add_argument("--replay", action="store_true", help="replay the recorded file")
    options = parser.parse_args()

    client = OpenAI(api_key="sk-test", base_url=f"http://{HOST}:{PORT}/v1", max_retries=0)
    if options.replay:
        with use_cassette("none") as cassette:
            texts = run_session(client)
        assert cassette.all_played, "some recorded interactions were not used"
    else:
        with aimock(options.llmock):
            CASSETTE.unlink(missing_ok=True)  # vcrpy would add to an old recording
            with use_cassette("all") as cassette:
                texts = run_session(client)
        assert cassette.play_count == 0 and len(cassette) == 3
    print("\n".join(texts))


if __name__ == "__main__":
    main()
