"""Every exception that fakellm raises on purpose, and how its messages word names and texts.

FakeLLMError
├── UsageError                      the caller's mistake, raised where it was made
│   ├── ScriptFormatError           a script file that cannot be read; its text starts with path:line
│   └── ContradictionError          also UnmatchedRequestError: a reply that the request rules out
├── UnmatchedRequestError           also AssertionError: asked but not scripted, or rejected
│   └── RejectedRequestError        where nothing but rejected requests fail
├── UnusedReplyError                also AssertionError: scripted but not asked
├── CassetteError
│   ├── CassetteNotFoundError       also FileNotFoundError
│   ├── CassetteFormatError         a file that cannot be read; its text starts with path:line
│   ├── CassetteMismatchError       also AssertionError: a request that the recording does not hold
│   └── UnredactedSecretError       a recording that would hold a secret
├── SchemaConversionError           in ``fakellm.messages``: a JSON Schema that makes no pydantic model
└── APIError                        what the client raises
    ├── APIConnectionError          no answer, or an answer that broke off
    │   └── APITimeoutError
    ├── APIStatusError              an answer with status >= 400
    │   ├── BadRequestError             400
    │   ├── AuthenticationError         401
    │   ├── PermissionDeniedError       403
    │   ├── NotFoundError               404
    │   ├── ConflictError               409
    │   ├── UnprocessableEntityError    422
    │   ├── RateLimitError              429
    │   └── InternalServerError         5xx
    ├── LengthFinishReasonError         structured output cut by the token limit
    └── ContentFilterFinishReasonError  structured output stopped by the content filter

The names below APIError are those of the OpenAI SDK, so that ``except`` clauses read the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "CassetteError",
    "CassetteFormatError",
    "CassetteMismatchError",
    "CassetteNotFoundError",
    "ConflictError",
    "ContentFilterFinishReasonError",
    "ContradictionError",
    "FakeLLMError",
    "InternalServerError",
    "LengthFinishReasonError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "RejectedRequestError",
    "ScriptFormatError",
    "UnmatchedRequestError",
    "UnprocessableEntityError",
    "UnredactedSecretError",
    "UnusedReplyError",
    "UsageError",
    "cut",
    "did_you_mean",
    "shown",
    "status_error",
]


_COMPARED = 200  # characters; the API takes names of 64


def did_you_mean(name: object, known: Iterable[str], *, then: str = "") -> str:
    """Return ``; did you mean 'user'?`` for a name that is nearly one of those known, in any case, else an empty text.

    then: what is said next, such as which names there are; it goes on a line of its own behind the question.
    """
    from difflib import get_close_matches  # only for a message

    # Comparing takes the product of the lengths.
    lowered = {other.lower(): other for other in known if len(other) <= _COMPARED}
    near = get_close_matches(str(name)[:_COMPARED].lower(), lowered, n=1)
    if not near:
        return f"; {then}" if then else ""
    return f"; did you mean {lowered[near[0]]!r}?" + (f"\n  {then}" if then else "")


def shown(text: str, limit: int = 120) -> str:
    """Return a text as it reads in a message: quoted, on one line, cut in the middle where it is long."""
    return repr(cut(text, limit))


def cut(text: str, limit: int = 120) -> str:
    """Return a text without its middle where it is long."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … {text[-half:]}"


class FakeLLMError(Exception):
    """Base of everything that fakellm raises on purpose."""


class UsageError(FakeLLMError):
    """A call of fakellm that cannot work, raised where the caller wrote it."""


class ScriptFormatError(UsageError):
    """A script file that cannot be read, or says what no script can; the text tells each mistake with its line.

    path: the file. line: where the first mistake is, first line 1, or None where the place is unknown. mistakes:
    (what is wrong, line) of each.
    """

    def __init__(
        self, message: str, *, path: str, line: int | None = None, further: Iterable[tuple[str, int | None]] = ()
    ) -> None:
        self.path = path
        self.line = line
        self.mistakes = ((message, line), *further)
        super().__init__("\n".join(f"{_place(path, line)}: {message}" for message, line in self.mistakes))


class UnmatchedRequestError(FakeLLMError, AssertionError):
    """The code under test asked something that no rule answers, or that the real API rejects."""


class RejectedRequestError(UnmatchedRequestError):
    """The code under test asked something that the real API rejects, and nothing else went wrong."""


class ContradictionError(UsageError, UnmatchedRequestError):
    """The test scripted a reply that no model would give to the request, such as a call of a tool not offered."""


class UnusedReplyError(FakeLLMError, AssertionError):
    """The test scripted a reply that nothing asked for."""


class CassetteError(FakeLLMError):
    """Base of everything that goes wrong with a recording."""


class CassetteNotFoundError(CassetteError, FileNotFoundError):
    """There is no file at the path of the cassette."""


class CassetteFormatError(CassetteError):
    """A cassette file that cannot be read.

    path: the file. line: where reading stopped, first line 1, or None where the place is unknown.
    """

    def __init__(self, message: str, *, path: str, line: int | None = None) -> None:
        self.path = path
        self.line = line
        super().__init__(f"{_place(path, line)}: {message}")


class CassetteMismatchError(CassetteError, AssertionError):
    """The code under test asked something that the recording does not hold."""


class UnredactedSecretError(CassetteError):
    """A recording was not saved, since it would hold what looks like a secret."""


class APIError(FakeLLMError):
    """Base of what the client raises for an answer that it cannot use.

    message: readable text. code, type, param: the fields of the API's error object, None where
    absent. body: the decoded error object, or the start of the body as text. request_id: the
    ``x-request-id`` of the answer. response: the answer as httpx or httpx2 holds it, None where there
    was none; its request holds the key, in a header.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        type: str | None = None,
        param: str | None = None,
        body: object = None,
        request_id: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.type = type
        self.param = param
        self.body = body
        self.request_id = request_id
        self.response = response

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes, without the response: keyword arguments do not by themselves."""
        return _remake, (type(self), self.args, {**vars(self), "response": None})


def _remake(cls: type[APIError], args: tuple[Any, ...], fields: dict[str, Any]) -> APIError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(fields)
    return error


class APIConnectionError(APIError):
    """No answer arrived, or the answer broke off; the cause is the transport's exception."""


class APITimeoutError(APIConnectionError):
    """The answer, or the next part of it, took longer than the client's timeout."""


class APIStatusError(APIError):
    """The API answered with status_code >= 400."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        code: str | None = None,
        type: str | None = None,
        param: str | None = None,
        body: object = None,
        request_id: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(
            message, code=code, type=type, param=param, body=body, request_id=request_id, response=response
        )
        self.status_code = status_code


class BadRequestError(APIStatusError):
    """Status 400."""


class AuthenticationError(APIStatusError):
    """Status 401."""


class PermissionDeniedError(APIStatusError):
    """Status 403."""


class NotFoundError(APIStatusError):
    """Status 404."""


class ConflictError(APIStatusError):
    """Status 409."""


class UnprocessableEntityError(APIStatusError):
    """Status 422."""


class RateLimitError(APIStatusError):
    """Status 429."""


class InternalServerError(APIStatusError):
    """Status 500 or above."""


class LengthFinishReasonError(APIError):
    """Structured output ended with finish reason ``length``, so its JSON is cut."""


class ContentFilterFinishReasonError(APIError):
    """Structured output ended with finish reason ``content_filter``."""


def _place(path: str, line: int | None) -> str:
    return path if line is None else f"{path}:{line}"


def status_error(status_code: int) -> type[APIStatusError]:
    """Return the class for an answer with this status, as the OpenAI SDK chooses it."""
    match status_code:
        case 400:
            return BadRequestError
        case 401:
            return AuthenticationError
        case 403:
            return PermissionDeniedError
        case 404:
            return NotFoundError
        case 409:
            return ConflictError
        case 422:
            return UnprocessableEntityError
        case 429:
            return RateLimitError
        case _ if status_code >= 500:
            return InternalServerError
        case _:
            return APIStatusError
