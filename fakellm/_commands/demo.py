"""``fakellm demo``: the main job in six scenes, each with the test that does it and what comes of it.

The agent below is what a user might have: it knows nothing of fakellm and speaks HTTP to api.openai.com.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from types import FunctionType
from typing import Any

import httpx
from rich.console import Console
from rich.syntax import Syntax

from fakellm import (
    Clock,
    FakeLLM,
    MockClock,
    Pace,
    SystemClock,
    ToolCall,
    UnmatchedRequestError,
    explore,
    faults,
    framings,
    use_cassette,
)

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

    def ask_twice(self, question: str, heard: Callable[[str], None] = lambda piece: None) -> str:
        """Stream the answer and return it; ask once more where the connection is lost on the way."""
        try:
            return self._hear(question, heard)
        except httpx.RemoteProtocolError as err:
            heard(f" … {type(err).__name__}\n")
            self.messages.pop()
            return self._hear(question, heard)

    def ask_or_apologise(self, question: str) -> str:
        """Return the answer, or words where there is none."""
        try:
            return self.ask(question)
        except httpx.HTTPError:
            return "Sorry, I cannot see outside."

    def get_weather(self, city: str) -> str:
        """Look out of the window."""
        return "18 °C, clear"

    def _hear(self, question: str, heard: Callable[[str], None]) -> str:
        pieces: list[str] = []
        for piece in self.stream(question):
            heard(piece)
            pieces.append(piece)
        return "".join(pieces)

    def _complete(self) -> dict[str, Any]:
        response = self._http.post("/chat/completions", json=self._body())
        message: dict[str, Any] = response.raise_for_status().json()["choices"][0]["message"]
        return {name: value for name, value in message.items() if name != "annotations"}

    def _body(self) -> dict[str, Any]:
        return {"model": self._model, "messages": self.messages, "tools": [GET_WEATHER]}


Show = Callable[[str], None]
"""Prints what the code under test got."""


def tool_loop(show: Show, clock: Clock) -> str:
    """Script a tool loop; the agent runs unchanged."""
    with FakeLLM() as llm:
        llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
        llm.when(tool_result="18 °C").reply("It is 18 °C in Paris.")

        answer = WeatherAgent().ask("What is the weather in Paris?")

        assert answer == "It is 18 °C in Paris."
    return llm.transcript()


def stream(show: Show, clock: Clock) -> str:
    """Stream an answer, one token a chunk."""
    with FakeLLM(clock=clock, pace=Pace(tokens_per_second=30)) as llm:
        llm.reply("Once upon a time it rained in Paris, and everybody stayed in.")

        for piece in WeatherAgent().stream("Tell me a story"):
            show(piece)
    return ""


def dropped_connection(show: Show, clock: Clock) -> str:
    """Lose the connection after three chunks, and see that the agent recovers."""
    with FakeLLM() as llm:
        llm.reply("It is going to r", fault=faults.drop(after=3))
        llm.reply("It is going to rain.")

        answer = WeatherAgent().ask_twice("Will it rain?", heard=show)

        assert answer == "It is going to rain."
    return ""


def misspelt_rule(show: Show, clock: Clock) -> str:
    """Misspell a rule: the test fails, though the agent swallows the error."""
    with FakeLLM() as llm:
        llm.when(user="wether").reply("It is 18 °C in Paris.")

        WeatherAgent().ask_or_apologise("What is the weather in Paris?")
    return ""


def exploration(show: Show, clock: Clock) -> str:
    """Try every trouble on every call, in no time."""
    with FakeLLM() as llm:
        llm.reply("It is going to rain.")
        trials = explore(
            lambda: WeatherAgent().ask_twice("Will it rain?"),
            llm=llm,
            faults=[faults.drop(2), faults.read_timeout(), faults.bad_chunk()],
            framings=[framings.bytewise()],
        )
    return "\n".join(trials.table())


def recorded_session(show: Show, clock: Clock) -> str:
    """Replay a session that was recorded once: no key, no network."""
    with use_cassette(recording("weather_tool_loop.yaml")) as cassette:
        agent = WeatherAgent(base_url="http://127.0.0.1:4010/v1")

        show(agent.ask("What is the weather in Paris?") + "\n")
        for piece in agent.stream("Say that again as a haiku"):
            show(piece)

        assert not cassette.unplayed
    return ""


def recording(name: str) -> Path:
    """Return a recording of the project: shipped in the wheel, or beside the package in a checkout."""
    shipped = Path(str(files("fakellm"))) / "cassettes" / name
    return shipped if shipped.exists() else Path(__file__).parents[2] / "cassettes" / name


FIRST_TEST = """\
import httpx


def ask(question):  # in its place, import what asks a model in your code
    asked = {"role": "user", "content": question}
    body = {"model": "gpt-4o", "messages": [asked]}
    key = {"authorization": "Bearer sk-fakellm"}
    chat = "https://api.openai.com/v1/chat/completions"
    answer = httpx.post(chat, json=body, headers=key).json()
    return answer["choices"][0]["message"]["content"]


def test_first(fake_llm):
    fake_llm.when(user="weather").reply("It is 18 °C.")

    assert ask("How is the weather?") == "It is 18 °C."
"""


def run_demo() -> int:
    """Run the scenes and print them; return the exit code."""
    console = Console(highlight=False, emoji=False)
    for scene in (tool_loop, stream, dropped_connection, misspelt_rule, exploration, recorded_session):
        _run_scene(scene, console)
    console.rule("[bold]All six ran offline. A first test of yours:", align="left")
    _print_code(FIRST_TEST.rstrip(), console)
    console.print("\nWrite it to [bold]tests/test_first.py[/] and type [bold]pytest tests/test_first.py[/].")
    return 0


def _run_scene(scene: Callable[[Show, Clock], str], console: Console) -> None:
    console.rule(f"[bold]{inspect.getdoc(scene)}", align="left")
    _print_code(_body_of(scene), console)
    console.print()
    shown: list[str] = []

    def show(piece: str) -> None:
        shown.append(piece)
        console.print(piece, end="", style="cyan", markup=False)

    try:
        told, style = _of_a_user(scene)(show, SystemClock() if console.is_terminal else MockClock()), "dim"
    except UnmatchedRequestError as err:
        told, style = str(err).partition("\n\n")[0], "red"  # the rest tells of the reply that was not asked for
    console.print("\n" if shown else "", end="")
    console.print(told, style=style, markup=False, end="\n" if told else "")
    console.print()


def _of_a_user(scene: Callable[[Show, Clock], str]) -> Callable[[Show, Clock], str]:
    """Return a scene as code outside the package, so that a report names its lines, as it does a user's."""
    return FunctionType(scene.__code__, {**globals(), "__name__": "demo"})


def _print_code(code: str, console: Console) -> None:
    console.print(Syntax(code, "python", theme="ansi_dark", background_color="default", word_wrap=True))


def _body_of(scene: Callable[..., object]) -> str:
    """Return the source of a scene without its head, docstring and return."""
    _, _, body = inspect.getsource(scene).partition('"""\n')
    return textwrap.dedent(body).rpartition("return ")[0].rstrip()
