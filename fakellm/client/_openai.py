"""OpenAIChatCompletionClient: create and create_stream over HTTP."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from fakellm._errors import APIConnectionError, UsageError
from fakellm._wire.sse import SSEDecoder
from fakellm.client._count import count_request
from fakellm.client._http import HTTPSession, stream_error
from fakellm.client._known_models import known_model_info, token_limit
from fakellm.client._request import ToolChoice, to_wire_messages, to_wire_tool_choice, to_wire_tools
from fakellm.client._response import StreamChunk, StreamResult, parse_chunk, parse_completion
from fakellm.models import (
    CancellationToken,
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelInfo,
    RequestUsage,
    Tool,
    ToolSchema,
    validate_model_info,
)

__all__ = ["OpenAIChatCompletionClient"]

T = TypeVar("T")


class OpenAIChatCompletionClient(ChatCompletionClient):
    """Talks to an OpenAI-compatible chat completions API.

    model: the name that the API knows. api_key, base_url: taken from ``OPENAI_API_KEY`` and
    ``OPENAI_BASE_URL`` where not given. http_client: an httpx.AsyncClient to send with; closed by ``close()``.
    timeout: seconds. model_info: what the model can do, required for models that are not OpenAI's.
    default_headers: sent with every request. create_args: parameters of the API for every request, such as
    ``temperature=0``.

    Raises:
        UsageError: there is no key, or one that no header can carry; or base_url is no URL.
        ValueError: nothing is known about the model and no model_info says it.
    """

    component_type = "model"

    def __init__(
        self,
        *,
        model: str,
        api_key: str | None = None,
        base_url: str | None = None,
        http_client: httpx.AsyncClient | None = None,
        timeout: float | httpx.Timeout | None = None,
        model_info: ModelInfo | None = None,
        default_headers: Mapping[str, str] | None = None,
        **create_args: Any,
    ) -> None:
        key = _checked_key(api_key if api_key is not None else os.environ.get("OPENAI_API_KEY"))
        self._model = model
        self._create_args = create_args
        self._model_info: ModelInfo = known_model_info(model) if model_info is None else model_info
        validate_model_info(self._model_info)
        self._session = HTTPSession(
            base_url=_checked_url(base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"),
            headers={"authorization": f"Bearer {key}", **httpx.Headers(default_headers)},
            http_client=http_client,
            timeout=timeout,
        )
        self._usage = RequestUsage(prompt_tokens=0, completion_tokens=0)

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Ask the model once and wait for the whole answer.

        Raises:
            APIError: the API refused, did not answer, or answered with what is no chat completion.
            ValueError: messages or tools that the API cannot take.
        """
        body = self._body(messages, tools, tool_choice, json_output, extra_create_args, stream=False)
        result = await _cancellable(self._complete(body), cancellation_token)
        self._add_usage(result.usage)
        return result

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
        include_usage: bool | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Ask the model once; yield its text in pieces, then one CreateResult with everything.

        include_usage: whether the API is to send the token counts at the end; without it they are 0.

        Raises:
            APIError: as ``create``; APIConnectionError says how much had arrived where the stream broke.
        """
        body = self._body(messages, tools, tool_choice, json_output, extra_create_args, stream=True)
        if include_usage is not None:
            body["stream_options"] = {"include_usage": include_usage}
        collected = StreamResult()
        async with aclosing(self._chunks(body, collected)) as chunks:
            while (chunk := await _cancellable(anext(chunks, None), cancellation_token)) is not None:
                for piece in collected.add(chunk):
                    yield piece
        if collected.is_empty:
            warnings.warn("the answer held no chunk of a stream, so the result is empty", UserWarning, stacklevel=2)
        result = collected.result()
        self._add_usage(result.usage)
        yield result

    async def close(self) -> None:
        """Close the HTTP client; the client is not used afterwards."""
        await self._session.aclose()

    def actual_usage(self) -> RequestUsage:
        """Give the tokens used so far."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """Give the tokens used so far."""
        return self._usage

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Count the tokens of a request as AutoGen does, without asking the model."""
        return count_request(self._model, messages, tools)

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Give how many tokens of the model's context are left after a request; may be negative."""
        return token_limit(self._model) - self.count_tokens(messages, tools=tools)

    @property
    def capabilities(self) -> ModelInfo:
        """The same as ``model_info``; deprecated."""
        warnings.warn("capabilities is deprecated; use model_info", DeprecationWarning, stacklevel=2)
        return self._model_info

    @property
    def model_info(self) -> ModelInfo:
        """What the model accepts and can do."""
        return self._model_info

    async def _complete(self, body: Mapping[str, Any]) -> CreateResult:
        async with self._session.post(body) as response:
            return parse_completion(await response.aread(), status=response.status_code)

    async def _chunks(self, body: Mapping[str, Any], collected: StreamResult) -> AsyncGenerator[StreamChunk, None]:
        """Yield the objects of a stream; collected says how far it had come when it broke."""
        is_open = False
        try:
            async with self._session.post(body) as response:
                is_open = True
                async for data in _stream_data(response):
                    if (error := stream_error(data)) is not None:
                        raise error
                    yield parse_chunk(data)
        except APIConnectionError as err:
            if not is_open:
                raise
            arrived = f"the stream broke off after {collected.characters} characters of text"
            raise type(err)(f"{err.message} ({arrived})") from err.__cause__

    def _body(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        tool_choice: ToolChoice,
        json_output: bool | type[BaseModel] | None,
        extra_create_args: Mapping[str, Any],
        *,
        stream: bool,
    ) -> dict[str, Any]:
        if json_output is not None and not isinstance(json_output, bool):
            raise UsageError("json_output takes True or False so far; pass a schema in extra_create_args")
        body: dict[str, Any] = {
            "messages": to_wire_messages(messages),
            "model": self._model,
            **self._create_args,
            **extra_create_args,
            "stream": stream,
        }
        if json_output is not None:
            body["response_format"] = {"type": "json_object" if json_output else "text"}
        choice = to_wire_tool_choice(tool_choice, tools)
        if tools:
            body |= {"tools": to_wire_tools(tools), "tool_choice": choice}
        return body

    def _add_usage(self, usage: RequestUsage) -> None:
        self._usage = RequestUsage(
            self._usage.prompt_tokens + usage.prompt_tokens,
            self._usage.completion_tokens + usage.completion_tokens,
        )


def _checked_key(key: str | None) -> str:
    if not key:
        raise UsageError("no API key: pass api_key=..., or set the environment variable OPENAI_API_KEY")
    if not (key.isascii() and key.isprintable()):
        # The HTTP library would show the whole header in its complaint.
        raise UsageError("the API key holds a line break or another character that no header can carry")
    return key


def _checked_url(base_url: str) -> str:
    try:
        httpx.URL(base_url)
    except httpx.InvalidURL as err:
        raise UsageError(f"base_url={base_url!r} is no URL: {err}") from err
    return base_url


async def _cancellable(answer: Awaitable[T], token: CancellationToken | None) -> T:
    """Wait for an answer; a token that is cancelled meanwhile, or was before, cancels the wait."""
    if token is None:
        return await answer
    future: asyncio.Future[T] = asyncio.ensure_future(answer)
    token.link_future(future)
    return await future


async def _stream_data(response: httpx.Response) -> AsyncGenerator[str, None]:
    """Yield the data of each event up to the marker that ends the stream."""
    decoder = SSEDecoder()
    async for data in response.aiter_bytes():
        for event in decoder.feed(data):
            if event.data == "[DONE]":
                return
            yield event.data
