"""Scenario: a script, the request that belongs to it, and what a correct client reports."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

from fakellm._errors import UsageError
from fakellm._fake import FakeLLM
from fakellm._script.reply import Reply
from fakellm._script.scripted import as_reply
from fakellm.models import LLMMessage, ToolSchema
from fakellm.scenarios._expected import Expected
from fakellm.scenarios._messages import messages_of, tools_of
from fakellm.scenarios._responses import as_responses
from fakellm.tokens import encoding_for_model

__all__ = ["ENDPOINTS", "FAMILIES", "Endpoint", "Scenario", "checked_endpoint", "expected_of"]

FAMILIES = ("create", "stream", "usage", "finish_reason", "error")
"""The families that scenarios belong to; each has a fixture, such as ``llm_create_scenario``."""

Family = Annotated[str, FAMILIES]

ENDPOINTS = ("chat", "responses")
"""The APIs at which scenarios can be asked."""

Endpoint = Annotated[str, ENDPOINTS]

_QUESTION = {"role": "user", "content": "Hello!"}


class Scenario:
    """A named situation: what the model says, and what a correct client must report.

    name: unique in its family, and the id of the test
    script: what the model says: a reply, as ``FakeLLM.reply`` takes it, given for ever; or a callable that is given the
      FakeLLM and scripts it
    expected: what a correct client reports; of a single Reply it is made from the reply
    request: keyword arguments for ``chat.completions.create``; without it, ``gpt-4o`` is greeted
    messages: the same in the classes of ``fakellm.models``, for what cannot be taken over from the request
    families: where it belongs, any of FAMILIES; in "stream" its request asks for a stream
    description: one line
    usage_unasked: whether the usage of a stream comes without being asked for
    elsewhere: by the names of other APIs than chat, what a correct client reports there where that is something else;
      None for an API that has no place for the scenario

    >>> haiku = Scenario("haiku", "An old silent pond ...")
    >>> haiku.expected.content, haiku.request["model"], haiku.messages[0].content
    ('An old silent pond ...', 'gpt-4o', 'Hello!')
    """

    def __init__(
        self,
        name: str,
        script: Any,
        *,
        expected: Expected | None = None,
        request: Mapping[str, Any] | None = None,
        messages: Iterable[LLMMessage] | None = None,
        families: Family | Iterable[Family] = ("create",),
        description: str = "",
        usage_unasked: bool = False,
        elsewhere: Mapping[str, Expected | None] | None = None,
    ) -> None:
        __tracebackhide__ = True
        self.name = _checked_name(name)
        self.description = description
        self.families = _checked_families(families)
        self.usage_unasked = usage_unasked
        self._request = {"model": "gpt-4o", "messages": [_QUESTION], **(request or {})}
        self._messages = None if messages is None else list(messages)
        self._script: Callable[[FakeLLM], object] = script if callable(script) else _answering(script)
        self._expected = _with_chunks(expected or expected_of(name, script), self._request["model"])
        self._elsewhere = _checked_elsewhere(elsewhere or {}, self._request["model"])
        self._endpoint = "chat"
        self._llm: FakeLLM | None = None

    @property
    def llm(self) -> FakeLLM:
        """The fake that plays it, scripted and intercepting.

        Raises:
            UsageError: nothing plays it.
        """
        if self._llm is None:
            raise UsageError(
                f"nothing plays the scenario {self.name!r} yet\n"
                "  in a test, take the fixture llm_create_scenario or its like\n"
                f"  elsewhere, type: with scenarios.get({self.name!r}).play() as scenario:"
            )
        return self._llm

    @property
    def request(self) -> dict[str, Any]:
        """Keyword arguments for ``chat.completions.create``; a copy, to change at will."""
        return copy.deepcopy(self._request)

    def request_for(self, endpoint: Endpoint) -> dict[str, Any]:
        """Return keyword arguments for the method of an API: of ``chat.completions.create``, ``responses.create``.

        Raises:
            UsageError: no scenario is asked at this API, or it has no place for this one.

        >>> Scenario("haiku", "An old silent pond ...").request_for("responses")
        {'model': 'gpt-4o', 'input': [{'role': 'user', 'content': 'Hello!'}]}
        """
        if checked_endpoint(endpoint) == "chat":
            return self.request
        if self._elsewhere.get(endpoint, self) is None:
            raise UsageError(f"the scenario {self.name!r} is about what {endpoint} have no place for")
        try:
            return as_responses(self.request)
        except UsageError as err:
            raise UsageError(f"the scenario {self.name!r} cannot be asked at {endpoint}: {err}") from None

    def is_for(self, endpoint: Endpoint) -> bool:
        """Whether it can be asked at an API."""
        try:
            self.request_for(endpoint)
        except UsageError:
            return False
        return True

    @property
    def messages(self) -> list[LLMMessage]:
        """The messages of the request, in the classes of ``fakellm.models``."""
        return messages_of(self._request["messages"]) if self._messages is None else list(self._messages)

    @property
    def tools(self) -> list[ToolSchema]:
        """The tools of the request, as ``fakellm.models`` has them."""
        return tools_of(self._request.get("tools") or ())

    @property
    def extra_create_args(self) -> dict[str, Any]:
        """What else the request says: ``client.create(..., extra_create_args=scenario.extra_create_args)``."""
        return {name: value for name, value in self.request.items() if name not in _ARGUMENTS}

    @property
    def expected(self) -> Expected:
        """What a correct client reports.

        At another API than chat that may be something else. The usage of a stream is expected where it was asked for.
        The newest call decides about both; before there is one, the marker of the test and ``request`` do.
        """
        newest = self._llm.calls[-1] if self._llm is not None and self._llm.calls else None
        endpoint = newest.endpoint if newest is not None and newest.endpoint in ENDPOINTS else self._endpoint
        if endpoint != "chat":  # where a stream always tells its usage
            return self._elsewhere.get(endpoint) or self._expected
        asked = self._request if newest is None or newest.request is None else newest.request.body
        return self._expected if self.usage_unasked or _asks_for_usage(asked) else self._expected.without_usage()

    def of(self, family: str) -> Scenario:
        """Return it as a member of one family: in "stream", the request asks for a stream."""
        if family != "stream":
            return self
        streamed = copy.copy(self)
        streamed._request = {**self._request, "stream": True}  # noqa: SLF001  # a copy of its own
        return streamed

    def at(self, endpoint: Endpoint) -> Scenario:
        """Return it as one that is asked at an API: ``expected`` is what a client of that API reports."""
        if checked_endpoint(endpoint) == self._endpoint:
            return self
        there = copy.copy(self)
        there._endpoint = endpoint  # noqa: SLF001  # a copy of its own
        return there

    def on(self, llm: FakeLLM) -> Scenario:
        """Script a fake with it; return the scenario that this fake plays. What is never asked for fails nothing."""
        rules = llm._engine.rules  # noqa: SLF001  # a scenario is part of the project
        before = len(rules)
        self._script(llm)
        for rule in rules[before:]:
            rule.is_owed, rule.where = False, f"scenario {self.name!r}"
        played = copy.copy(self)
        played._llm = llm  # noqa: SLF001  # a copy of its own
        return played

    @contextmanager
    def play(self) -> Iterator[Scenario]:
        """Play it to whichever client asks while the block runs, on virtual time; check at its end."""
        with FakeLLM(test_id=self.name) as llm, llm.virtual_time():
            yield self.on(llm)

    def __repr__(self) -> str:
        return f"<Scenario {self.name}>"


def _asks_for_usage(body: Mapping[str, Any]) -> bool:
    return not body.get("stream") or bool((body.get("stream_options") or {}).get("include_usage"))


_ARGUMENTS = ("model", "messages", "tools", "stream")


def _answering(reply: Any) -> Callable[[FakeLLM], object]:
    as_reply(reply, {})  # a mistake is told where the scenario is made
    return lambda llm: llm.reply(reply, times=None)


def expected_of(name: str, script: Any) -> Expected:
    """Return what a single reply leads a correct client to report. name: of the scenario, for the message.

    Raises:
        UsageError: it is not one reply, or what it comes to is for the request to decide.
    """
    reply = None if callable(script) else as_reply(script, {})
    if not isinstance(reply, Reply) or _has_more(reply):
        raise UsageError(f"the scenario {name!r} needs to say what a correct client reports: expected=Expected(...)")
    texts = [chunk for chunk in reply.chunks or () if isinstance(chunk, str)]
    text = "".join(texts) if reply.text is None and reply.chunks is not None else reply.text
    silent = reply.refusal is not None or bool(reply.tool_calls)
    reason = reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")
    return Expected(
        content=text if text is not None or silent else "",
        chunks=texts,
        tool_calls=list(reply.tool_calls),
        refusal=reply.refusal,
        reasoning=reply.reasoning,
        usage=dict(reply.usage) if reply.usage else None,
        finish_reason=None if reason == "null" else reason,
    )


def _with_chunks(expected: Expected, model: str) -> Expected:
    """Return it with the chunks that a stream cuts the text into, a token each, where it names none."""
    if expected.chunks or not expected.content:
        return expected
    return replace(expected, chunks=list(encoding_for_model(model).split(expected.content)))


def _has_more(reply: Reply) -> bool:
    """Whether a reply says more than can be taken over: what the request decides, or bytes."""
    deltas = [chunk for chunk in reply.chunks or () if not isinstance(chunk, str)]
    return bool(deltas) or any(value is not None for value in (reply.parsed, reply.choices, reply.raw, reply.fault))


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"a Scenario needs a name, which is the id of its tests; got {name!r}")
    return name


def checked_endpoint(endpoint: str) -> str:
    """Return the name of an API at which scenarios can be asked.

    Raises:
        UsageError: it is none.
    """
    if endpoint not in ENDPOINTS:
        raise UsageError(f"scenarios are asked at {' and '.join(ENDPOINTS)}, not at {endpoint!r}")
    return endpoint


def _checked_elsewhere(given: Mapping[str, Expected | None], model: str) -> dict[str, Expected | None]:
    if "chat" in given:
        raise UsageError("what a client of chat reports is expected=Expected(...); elsewhere= is for other APIs")
    return {checked_endpoint(name): said and _with_chunks(said, model) for name, said in given.items()}


def _checked_families(given: str | Iterable[str]) -> tuple[str, ...]:
    families = (given,) if isinstance(given, str) else tuple(given)
    wrong = [repr(family) for family in families if family not in FAMILIES]
    if wrong or not families:
        got = wrong[0] if wrong else "none"
        raise UsageError(f"families of a Scenario are any of {', '.join(FAMILIES)}; got {got}")
    return families
