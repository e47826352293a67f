"""``fakellm demo``: the main job in four scenes, each with the test that does it and what was said.

The agent below is what a user might have: it knows nothing of fakellm and speaks HTTP to api.openai.com.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.syntax import Syntax

from fakellm import Cassette, FakeLLM, ToolCall, faults, use_cassette

__all__ = ["run_demo"]

GET_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class WeatherAgent:
    """Answers questions about the weather with a model and one tool."""

    def __init__(self, base_url: str = "https://api.openai.com/v1", model: str = "gpt-4o-mini") -> None:
        self._http = httpx.Client(base_url=base_url, headers={"authorization": "Bearer sk-demo"})
        self._model = model
        self.messages: list[dict[str, Any]] = []

    def ask(self, question: str) -> str:
        """Ask the model, run the tools that it calls, and return its answer."""
        self.messages.append({"role": "user", "content": question})
        while calls := (reply := self._complete()).get("tool_calls"):
            self.messages.append(reply)
            for call in calls:
                result = self.get_weather(**json.loads(call["function"]["arguments"]))
                self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
        self.messages.append({"role": "assistant", "content": reply["content"]})
        return str(reply["content"])

    def stream(self, question: str) -> Iterator[str]:
        """Yield the answer as it arrives."""
        self.messages.append({"role": "user", "content": question})
        body = {**self._body(), "stream": True, "stream_options": {"include_usage": True}}
        with self._http.stream("POST", "/chat/completions", json=body) as response:
            for line in response.raise_for_status().iter_lines():
                data = line.removeprefix("data: ")
                if data and data != "[DONE]":
                    yield from (c["delta"].get("content") or "" for c in json.loads(data)["choices"])

    def stream_patiently(self, question: str) -> str:
        """Return the answer; ask once more where the connection is lost on the way."""
        try:
            return "".join(self.stream(question))
        except httpx.RemoteProtocolError:
            self.messages.pop()
            return "".join(self.stream(question))

    def get_weather(self, city: str) -> str:
        """Look out of the window."""
        return "18 °C, clear"

    def _complete(self) -> dict[str, Any]:
        response = self._http.post("/chat/completions", json=self._body())
        message: dict[str, Any] = response.raise_for_status().json()["choices"][0]["message"]
        return {name: value for name, value in message.items() if name != "annotations"}

    def _body(self) -> dict[str, Any]:
        return {"model": self._model, "messages": self.messages, "tools": [GET_WEATHER]}


def tool_loop(show: Callable[[str], None]) -> FakeLLM:
    """Script a tool loop; the agent runs unchanged."""
    with FakeLLM() as llm:
        llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
        llm.when(tool_result="18 °C").reply("It is 18 °C in Paris.")

        answer = WeatherAgent().ask("What is the weather in Paris?")

        assert answer == "It is 18 °C in Paris."
        assert llm.calls[0].last_user == "What is the weather in Paris?"
    return llm


def stream(show: Callable[[str], None]) -> FakeLLM:
    """Stream an answer, one token a chunk."""
    with FakeLLM() as llm:
        llm.reply("Once upon a time it rained in Paris, and everybody stayed in.")

        for piece in WeatherAgent().stream("Tell me a story"):
            show(piece)
    return llm


def dropped_connection(show: Callable[[str], None]) -> FakeLLM:
    """Lose the connection after three chunks, and see that the agent recovers."""
    with FakeLLM() as llm:
        llm.reply("It is going to r", fault=faults.drop(after=3))
        llm.reply("It is going to rain.")

        answer = WeatherAgent().stream_patiently("Will it rain?")

        assert answer == "It is going to rain."
    return llm


def recorded_session(show: Callable[[str], None]) -> Cassette:
    """Replay a session that was recorded once: no key, no network."""
    with use_cassette(recording("weather_tool_loop.yaml")) as cassette:
        agent = WeatherAgent(base_url="http://127.0.0.1:4010/v1")

        show(agent.ask("What is the weather in Paris?") + "\n")
        for piece in agent.stream("Say that again as a haiku"):
            show(piece)

        assert not cassette.unplayed
    return cassette


def recording(name: str) -> Path:
    """Return a recording of the project: shipped in the wheel, or beside the package in a checkout."""
    shipped = Path(str(files("fakellm"))) / "cassettes" / name
    return shipped if shipped.exists() else Path(__file__).parent.parent / "cassettes" / name


def run_demo() -> int:
    """Run the scenes and print them; return the exit code."""
    console = Console(highlight=False, emoji=False)
    for scene in (tool_loop, stream, dropped_connection, recorded_session):
        _run_scene(scene, console)
    console.print("[bold green]All four ran offline.[/] Next: put [bold]fake_llm[/] into a test of yours (README.md).")
    return 0


def _run_scene(scene: Callable[[Callable[[str], None]], FakeLLM | Cassette], console: Console) -> None:
    console.rule(f"[bold]{inspect.getdoc(scene)}", align="left")
    console.print(Syntax(_body_of(scene), "python", theme="ansi_dark", background_color="default", word_wrap=True))
    shown: list[str] = []

    def show(piece: str) -> None:
        shown.append(piece)
        console.print(piece, end="", style="cyan", markup=False)

    answering = scene(show)
    console.print("\n" if shown else "", end="")
    console.print(answering.transcript(), style="dim", markup=False)
    console.print()


def _body_of(scene: Callable[..., object]) -> str:
    """Return the source of a scene without its head, docstring and return."""
    _, _, body = inspect.getsource(scene).partition('"""\n')
    return textwrap.dedent(body).rpartition("return ")[0].rstrip()
