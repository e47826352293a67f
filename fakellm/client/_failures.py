"""Exceptions for answers that the client cannot use. No text here holds a key, even where a server echoes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fakellm._errors import APIError, APIStatusError, status_error
from fakellm._secret_names import REDACTED, is_secret_name, is_secret_parameter
from fakellm.client._answer import Answer, decode_json, read_answer

__all__ = ["chunk_failure", "is_json", "parse_chunk", "parse_completion", "status_failure"]

_SHOWN = 200  # characters of a body that a message shows
_SHORTEST_SECRET = 8  # characters; "none" and the like, which local servers take, are not worth hiding


def status_failure(response: Any, body: bytes) -> APIStatusError:
    """Return the exception for an answer with an error status."""
    body = _without_secrets(response, body)
    text = body.decode("utf-8", "replace")
    content = _decoded(body)
    error = content.get("error") or content
    return status_error(response.status_code)(
        f"Error code: {response.status_code} - {_message(error) or text[:_SHOWN] or 'no text'}",
        status_code=response.status_code,
        **_fields(error),
        body=error or text,
        request_id=response.headers.get("x-request-id"),
        response=response,
    )


def _not_a_completion(response: Any, body: bytes) -> APIError:
    """Return the exception for an answer of good status that is no chat completion."""
    body = _without_secrets(response, body)
    start = body[:_SHOWN].decode("utf-8", "replace")
    error = _decoded(body).get("error")
    what = "is empty" if not body.strip() else f"is no chat completion; it begins with {start!r}"
    return APIError(
        f"the answer (status {response.status_code}) {what}",
        **_fields(error),
        body=error or start,
        request_id=response.headers.get("x-request-id"),
        response=response,
    )


def parse_completion(response: Any, body: bytes) -> Answer:
    """Read a whole answer, which has a choice with a message.

    Raises:
        APIError: the body is no chat completion; shows the status and how the body begins.
    """
    try:
        answer = read_answer(body)
    except ValueError as err:
        raise _not_a_completion(response, body) from err
    if not answer.choices or (answer.choices[0].message or answer.choices[0].delta) is None:
        raise _not_a_completion(response, body)
    return answer


def parse_chunk(response: Any, data: str) -> Answer:
    """Read one object of a stream.

    Raises:
        APIError: it is an error object, or no chunk.
    """
    try:
        answer = read_answer(data)
    except ValueError as err:
        raise chunk_failure(response, data) from err
    if answer.error:
        raise chunk_failure(response, data)
    return answer


def chunk_failure(response: Any, data: str) -> APIError:
    """Return the exception for an object inside a stream that is an error, or that is no chunk."""
    body = _without_secrets(response, data.encode())
    error = _decoded(body).get("error") or _decoded(body)
    start = body[:_SHOWN].decode("utf-8", "replace")
    return APIError(
        _message(error) or f"the stream holds something that is no chunk: {start!r}",
        **_fields(error),
        body=error or start,
        request_id=response.headers.get("x-request-id"),
        response=response,
    )


def _without_secrets(response: Any, body: bytes) -> bytes:
    """Return a body without the credentials that were sent, which some servers echo."""
    for secret in _credentials(response.request):
        if len(secret) >= _SHORTEST_SECRET:
            body = body.replace(secret.encode(), REDACTED.encode())
    return body


def _credentials(request: Any) -> Iterator[str]:
    yield from (value.rpartition(" ")[2] for name, value in request.headers.items() if is_secret_name(name))
    yield from (value for name, value in request.url.params.multi_items() if is_secret_parameter(name))
    yield request.url.password


def is_json(text: str) -> bool:
    """Tell whether a text is a complete JSON value."""
    try:
        decode_json(text)
    except ValueError:
        return False
    return True


def _decoded(body: bytes) -> Mapping[str, Any]:
    try:
        content = decode_json(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _message(error: object) -> str:
    """Return the text of an error object; FastAPI calls it detail, and some send the text alone."""
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("detail") or ""
    return error if isinstance(error, str) else repr(error)


def _fields(error: object) -> dict[str, str | None]:
    fields = error if isinstance(error, Mapping) else {}
    return {name: None if (value := fields.get(name)) is None else str(value) for name in ("code", "type", "param")}
