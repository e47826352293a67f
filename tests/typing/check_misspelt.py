"""What type checkers refuse: each ignored line is an error, and both checkers complain of an ignore that is none."""

from __future__ import annotations

from pydantic import BaseModel

from fakellm import FakeLLM, Reply


class City(BaseModel):
    name: str


def objects_are_replies(llm: FakeLLM) -> None:
    llm.reply(City(name="Paris"), times=2)
    llm.when(user="hi").reply(lambda request: City(name=request.model))
    llm.otherwise(City(name="Paris"), finish_reason="stop")
    llm.reply("a", finish_reason="stop", usage={"prompt_tokens": 1}, chunks=["a"], deliberate=True, headers="full")


def misspelt_fields_are_errors(llm: FakeLLM) -> None:
    llm.reply("a", finsh_reason="stop")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    llm.otherwise("a", finsh_reason="stop")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    llm.when(user="hi").reply("a", chunk=["a"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    llm.when(usr="hi")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Reply("a", finsh_reason="stop")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    FakeLLM(sed=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def values_of_another_type_are_errors(llm: FakeLLM) -> None:
    llm.reply("a", deliberate="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    llm.reply(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
