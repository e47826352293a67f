"""Record the project's own sessions: the official OpenAI SDK against aimock, by fakellm's recorder.

    python tools/record_sessions.py --llmock node_modules/.bin/llmock          # all of them
    python tools/record_sessions.py --llmock node_modules/.bin/llmock errors   # one

Each function of SESSIONS is one cassette; it returns what a replay has to give again. See cassettes/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai

from fakellm import use_cassette

CASSETTES = Path(__file__).resolve().parent.parent / "cassettes"
FIXTURES = CASSETTES / "sessions.fixtures.json"
HOST, PORT = "127.0.0.1", 4010
MODEL = "gpt-4o-mini"
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Current weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
WEATHER = {"Paris": "18 °C", "Rome": "24 °C"}


def settings() -> dict[str, Any]:
    return {"api_key": "sk-test-of-the-project", "base_url": f"http://{HOST}:{PORT}/v1"}


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def chat(client: openai.OpenAI) -> list[Any]:
    """One question, one answer."""
    completion = client.chat.completions.create(model=MODEL, messages=user("Write one short sentence"), temperature=0)
    return [completion.choices[0].message.content]


def chat_stream(client: openai.OpenAI) -> list[Any]:
    """A streamed answer with its usage."""
    stream = client.chat.completions.create(
        model=MODEL, messages=user("Please count to five"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    return [[c.choices[0].delta.content or "" for c in chunks if c.choices], chunks[-1].usage is not None]


def tool_loop(client: openai.OpenAI) -> list[Any]:
    """Two tool calls at once, their results, and the answer."""
    messages = user("What is the weather in Paris and Rome?")
    message = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message
    calls: Any = message.tool_calls
    messages.append(message.to_dict())
    for call, weather in zip(calls, WEATHER.values(), strict=True):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": weather})
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    return [[call.function.arguments for call in calls], answer.choices[0].message.content]


def tool_stream(client: openai.OpenAI) -> list[Any]:
    """The same calls, streamed."""
    messages = user("What is the weather in Paris and Rome?")
    arguments: dict[int, str] = {}
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS, stream=True):
        for call in chunk.choices[0].delta.tool_calls or [] if chunk.choices else []:
            piece = (call.function.arguments if call.function else None) or ""
            arguments[call.index] = arguments.get(call.index, "") + piece
    return [arguments]


def errors(client: openai.OpenAI) -> list[Any]:
    """A 429 and a 500 that the SDK retries, then an answer; a 401 that it does not retry."""
    answer = client.chat.completions.create(model=MODEL, messages=user("Are you busy?"))
    try:
        client.chat.completions.create(model=MODEL, messages=user("This has the wrong key"))
    except openai.AuthenticationError as err:
        return [answer.choices[0].message.content, err.code]
    raise AssertionError("the key was taken")


def cut_stream(client: openai.OpenAI) -> list[Any]:
    """A stream that the server breaks off."""
    got: list[str] = []
    try:
        for chunk in client.chat.completions.create(model=MODEL, messages=user("Please cut me off"), stream=True):
            got.append(chunk.choices[0].delta.content or "")
    except Exception as err:  # noqa: BLE001  # the name of the class tells which it was
        return [got, type(err).__name__]
    return [got, "no error"]


def embeddings(client: openai.OpenAI) -> list[Any]:
    """Embeddings as numbers."""
    created = client.embeddings.create(model="text-embedding-3-small", input="rain", encoding_format="float")
    return [created.data[0].embedding]


def responses(client: openai.OpenAI) -> list[Any]:
    """The Responses API, as one answer and as a stream."""
    whole = client.responses.create(model=MODEL, input="Write one short sentence")
    stream = client.responses.create(model=MODEL, input="Please count to five", stream=True)
    return [whole.output_text, "".join(event.delta for event in stream if event.type == "response.output_text.delta")]


def concurrent(client: openai.OpenAI) -> list[Any]:
    """Three requests of an async client at once; the first is answered last."""

    async def ask() -> list[Any]:
        async with openai.AsyncOpenAI(**settings()) as asking:
            questions = [user(f"This is question number {n}") for n in (1, 2, 3)]
            made = [asking.chat.completions.create(model=MODEL, messages=question) for question in questions]
            return [completion.choices[0].message.content for completion in await asyncio.gather(*made)]

    return asyncio.run(ask())


def audio(client: openai.OpenAI) -> list[Any]:
    """Bytes up and bytes down: a transcription and a speech."""
    file = ("rain.wav", io.BytesIO(b"RIFF\x24\x00\x00\x00WAVEfmt \x10\xff\xfe"), "audio/wav")
    text = client.audio.transcriptions.create(model="whisper-1", file=file).text
    speech = client.audio.speech.create(model="tts-1", voice="alloy", input="say it")
    return [text, speech.content[:3]]


SESSIONS: dict[str, Callable[[openai.OpenAI], list[Any]]] = {
    session.__name__: session
    for session in (
        chat, chat_stream, tool_loop, tool_stream, errors, cut_stream, embeddings, responses, concurrent, audio,
    )
}  # fmt: skip


def run(name: str, *, mode: str) -> list[Any]:
    """Run one session on its cassette, and return what it got."""
    with use_cassette(CASSETTES / f"{name}.yaml", mode=mode), openai.OpenAI(**settings()) as client:
        return SESSIONS[name](client)


@contextmanager
def aimock(llmock: Path) -> Iterator[None]:
    """Run aimock's ``llmock`` command with the fixtures until the block ends."""
    command = [str(llmock.resolve()), "--host", HOST, "--port", str(PORT), "--fixtures", str(FIXTURES)]
    server = subprocess.Popen([*command, "--strict", "--log-level", "warn"])
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


def port_is_open() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, PORT)) == 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Record the sessions of cassettes/.")
    parser.add_argument("--llmock", type=Path, required=True, help="the llmock executable of @copilotkit/aimock")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SESSIONS)}")
    options = parser.parse_args()
    if port_is_open():
        raise SystemExit(f"something already listens on {HOST}:{PORT}")
    for name in options.names or SESSIONS:
        with aimock(options.llmock):
            recorded = run(name, mode="rewrite")
        assert run(name, mode="none") == recorded, f"{name} replays something else"
        print(f"{name}: {recorded}")


if __name__ == "__main__":
    main()
