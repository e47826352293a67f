"""Scenarios in which something goes wrong: for good, or until the client tries again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fakellm import faults
from fakellm._errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
)
from fakellm._fake import FakeLLM
from fakellm._script.reply import ErrorReply, Reply
from fakellm._script.transform import Fault
from fakellm.scenarios._conversations import asks
from fakellm.scenarios._expected import Expected
from fakellm.scenarios._scenario import Scenario
from fakellm.scenarios._usage import usage

__all__ = ["ERRORS"]

_HELLO = ["Hello", "!"]
_ANSWER = Reply(chunks=_HELLO, usage=usage(9, 2))


def _fails(
    name: str,
    reply: ErrorReply | Fault,
    error: type[Exception],
    description: str,
    *,
    elsewhere: Mapping[str, Expected | None] | None = None,
) -> Scenario:
    """Return a scenario in which every attempt fails."""
    script = reply if isinstance(reply, ErrorReply) else Reply(chunks=_HELLO, fault=reply)
    return Scenario(
        name,
        script,
        request=asks("Hello!"),
        expected=Expected(error=error),
        families="error",
        description=description,
        elsewhere=elsewhere,
    )


def _recovers(name: str, *troubles: ErrorReply | Fault, description: str) -> Scenario:
    """Return a scenario in which the attempts fail in turn, and the next one is answered."""

    def script(llm: FakeLLM) -> None:
        llm.reply(*_attempts(troubles))
        llm.reply(_ANSWER, times=None)

    return Scenario(
        name,
        script,
        request=asks("Hello!"),
        expected=Expected(content="Hello!", chunks=_HELLO, finish_reason="stop", usage=usage(9, 2)),
        families="error",
        description=description,
    )


def _attempts(troubles: tuple[ErrorReply | Fault, ...]) -> Iterator[ErrorReply | Reply]:
    for trouble in troubles:
        yield trouble if isinstance(trouble, ErrorReply) else Reply(chunks=_HELLO, fault=trouble)


def _breaks(name: str, fault: Fault, error: type[Exception], description: str) -> Scenario:
    """Return a scenario in which a stream breaks after it has begun."""
    return Scenario(
        name,
        Reply(chunks=["Once", " upon", " a", " time"], fault=fault),
        request=asks("Tell me a story.", stream=True),
        expected=Expected(error=error),
        families="error",
        description=description,
    )


ERRORS = (
    _fails("invalid_api_key", ErrorReply.invalid_api_key(), AuthenticationError, "401"),
    _fails(
        "model_not_found",
        ErrorReply.model_not_found(),
        NotFoundError,
        "404; 400 of Responses",
        elsewhere={"responses": Expected(error=BadRequestError)},
    ),
    _fails("context_length_exceeded", ErrorReply.context_length_exceeded(), BadRequestError, "400"),
    _fails("prompt_filtered", ErrorReply.content_filter(), BadRequestError, "400, as Azure filters a prompt"),
    _fails("rate_limited", ErrorReply.rate_limited(), RateLimitError, "429 on every attempt"),
    _fails("insufficient_quota", ErrorReply.insufficient_quota(), RateLimitError, "429 that no waiting helps"),
    _fails("server_error", ErrorReply.server_error(), InternalServerError, "500 on every attempt"),
    _fails("overloaded", ErrorReply.overloaded(), InternalServerError, "503 on every attempt"),
    _fails("gateway_page", faults.html_page(), InternalServerError, "502 and a page of HTML on every attempt"),
    _fails("connection_refused", faults.connect_error(), APIConnectionError, "nobody listens"),
    _fails("connect_timeout", faults.connect_timeout(), APITimeoutError, "nobody takes the connection"),
    _fails("read_timeout", faults.read_timeout(), APITimeoutError, "the request is taken and nothing comes"),
    _recovers("rate_limited_once", ErrorReply.rate_limited(retry_after=20), description="429, 20 s later an answer"),
    _recovers("server_error_once", ErrorReply.server_error(), description="500, then an answer"),
    _recovers("overloaded_twice", ErrorReply.overloaded(), ErrorReply.overloaded(), description="503 twice"),
    _recovers("connection_refused_once", faults.connect_error(), description="nobody listens, then an answer"),
    _recovers("read_timeout_once", faults.read_timeout(), description="silence, then an answer"),
    _recovers(
        "dropped_once", faults.drop(after=0), description="the connection is lost before the head, then an answer"
    ),
    _breaks("stream_dropped", faults.drop(after=3), APIConnectionError, "a stream is lost after two words"),
    _breaks("stream_error", faults.error_event(after=3), APIError, "a stream ends in an error object"),
)
