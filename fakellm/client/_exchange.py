"""One question and its answer over HTTP: what ``create`` and ``create_stream`` do once the request is made.

Imported when the first request is sent, and with it httpx, asyncio and the models of answers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from itertools import chain
from typing import Any

from fakellm._errors import APIConnectionError, APIError
from fakellm.client._answer import decode_json
from fakellm.client._assembly import Assembly
from fakellm.client._cancelling import CancellableWaits
from fakellm.client._chunks import ChunkReader
from fakellm.client._completion import check_structured, to_result
from fakellm.client._connection import Connection
from fakellm.client._events import LLMCallEvent, LLMStreamEndEvent, LLMStreamStartEvent, event_log, is_listened_to
from fakellm.client._failures import parse_completion
from fakellm.client._http import HTTPSession
from fakellm.client._request import Prepared
from fakellm.client._stream import StreamCollector
from fakellm.models import CancellationToken, CreateResult, RequestUsage

__all__ = ["Exchange"]


class Exchange:
    """Asks through one connection. family: the model's, which decides how reasoning is found."""

    def __init__(self, connection: Connection, *, family: str) -> None:
        self._session = HTTPSession(connection)
        self._family = family

    async def aclose(self) -> None:
        """Close the HTTP client."""
        await self._session.aclose()

    async def complete(self, url: str, request: Prepared, token: CancellationToken | None) -> tuple[CreateResult, str]:
        """Ask and read the whole answer; return what it says and which model says it, if any."""
        posting = self._session.post(url, request.body, request.options)
        if token is None:
            response, body = await posting
        else:
            waits = CancellableWaits(token)
            response, body = await waits.wait(posting)
            waits.check()
        try:
            answer = parse_completion(response, body)
        except APIError as err:
            err.response = self._session.with_body(response, body)
            raise
        whole = Assembly()
        whole.take(answer)
        whole.end()
        if request.structured is not None:
            check_structured(request.structured, whole.finish_reason, whole.text)
        _log_call(request, body, whole.usage)
        return to_result(whole, family=self._family), answer.model

    async def stream(
        self,
        make: Callable[[], tuple[str, Prepared]],
        token: CancellationToken | None,
        done: Callable[[CreateResult], None],
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Ask and yield the answer's text in pieces, then all of it.

        make: gives URL and request, once the answer is iterated. done: told of the result.
        """
        url, request = make()
        opening = self._session.open(url, request.body, request.options)
        waits = None if token is None else CancellableWaits(token)
        response = await (opening if waits is None else waits.wait(opening))
        reader = ChunkReader(response)
        collected = StreamCollector(self._family, begun=lambda: _log_start(request))
        try:
            async with aclosing(self._parts(response, waits, collected)) as parts:
                async for data in parts:
                    for piece in collected.add(reader.feed(data)):
                        yield piece
                    if reader.is_done:
                        await _drain(parts)
            for piece in chain(collected.add(reader.end()), collected.end()):
                yield piece
        except APIConnectionError as err:
            broken = f"{err.message} The stream broke off after {collected.arrived()}."
            raise type(err)(broken, response=response) from err.__cause__
        finally:
            await response.aclose()
        if request.structured is not None:
            check_structured(request.structured, collected.finish_reason, collected.text)
        result = collected.result()
        _log_end(result)
        done(result)
        yield result

    def _parts(
        self, response: Any, waits: CancellableWaits | None, collected: StreamCollector
    ) -> AsyncGenerator[bytes, None]:
        parts = self._session.read(response, lambda: collected.progress)
        return parts if waits is None else waits.parts(parts)


async def _drain(parts: AsyncGenerator[bytes, None]) -> None:
    """Read the rest and drop it, so that the connection can serve the next request."""
    with suppress(APIConnectionError):
        async for _ in parts:
            pass


def _log_call(request: Prepared, content: bytes, usage: RequestUsage) -> None:
    if is_listened_to():
        event_log.info(
            LLMCallEvent(
                tools=request.body.get("tools", []),
                messages=request.body["messages"],
                response=decode_json(content),
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
            )
        )


def _log_start(request: Prepared) -> None:
    if is_listened_to():
        event_log.info(LLMStreamStartEvent(messages=request.body["messages"]))


def _log_end(result: CreateResult) -> None:
    if is_listened_to():
        event_log.info(
            LLMStreamEndEvent(
                response=result.model_dump(),
                prompt_tokens=result.usage.prompt_tokens,
                completion_tokens=result.usage.completion_tokens,
            )
        )
