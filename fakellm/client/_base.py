"""The base of both clients: create and create_stream over HTTP, counting, usage."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel

from fakellm._errors import UsageError
from fakellm.client._arguments import model_info_from, request_defaults
from fakellm.client._connection import DEFAULT_RETRIES, Connection, Headers, TokenProvider
from fakellm.client._count import count_request, count_text
from fakellm.client._foreign import in_classes_of, own_messages, stream_in_classes_of
from fakellm.client._known_models import resolve_model, token_limit
from fakellm.client._messages import Naming
from fakellm.client._pickled import revealed, sealed
from fakellm.client._request import Prepared, RequestMaker
from fakellm.client._tools import ToolChoice
from fakellm.client._warn import warn
from fakellm.models import (
    CancellationToken,
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelInfo,
    RequestUsage,
    Tool,
    ToolSchema,
)
from fakellm.tokens._models import answering_model

if TYPE_CHECKING:
    from fakellm.client._exchange import Exchange

__all__ = ["BaseOpenAIChatCompletionClient", "connection_of"]


class BaseOpenAIChatCompletionClient(ChatCompletionClient):
    """A client of one model; subclasses know its URL and its credentials.

    settings: the arguments as the caller gave them. connection: how requests reach the API. As a context
    manager it closes itself.
    """

    component_type = "model"

    def __init__(self, settings: Mapping[str, Any], connection: Connection) -> None:
        self._settings = dict(settings)
        self._connection = connection
        defaults = request_defaults(settings)
        self._model: str = settings["model"]
        self._model_info = model_info_from(settings)
        naming = Naming(
            name=settings.get("include_name_in_message", True), prefix=settings.get("add_name_prefixes", False)
        )
        self._maker = RequestMaker(defaults, self._model_info, naming)
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
        """Ask the model once and wait for the whole answer; see ChatCompletionClient for the arguments.

        Raises:
            ValueError: messages, tools or arguments that the model or the API cannot take; a structured
                answer that does not fit its class (pydantic's ValidationError).
            APIError: the API refused, did not answer, or answered with what is no chat completion.
            LengthFinishReasonError, ContentFilterFinishReasonError: structured output was cut or withheld.
        """
        asked = own_messages(messages)
        request = self._maker.make(asked, tools, tool_choice, json_output, extra_create_args, stream=False)
        result, model = await self._exchange.complete(self._url(request.model), request, cancellation_token)
        self._check_model(model)
        self._add_usage(result)
        return in_classes_of(messages, result)

    def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
        max_consecutive_empty_chunk_tolerance: int = 0,
        include_usage: bool | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Ask the model once; yield its text in pieces, then one CreateResult with everything.

        Reasoning comes among the pieces, between ``<think>`` and ``</think>``. include_usage: whether the API
        is to send the token counts at the end; they are 0 where it does not.
        max_consecutive_empty_chunk_tolerance: deprecated, without effect.

        Raises:
            APIConnectionError: the stream broke; says how much had arrived.
            Others as ``create``.
        """

        def make() -> tuple[str, Prepared]:
            asked = own_messages(messages)
            request = self._maker.make(asked, tools, tool_choice, json_output, extra_create_args, stream=True)
            _include_usage(request.body, include_usage)
            if max_consecutive_empty_chunk_tolerance != 0:
                warn("max_consecutive_empty_chunk_tolerance is deprecated and has no effect", DeprecationWarning)
            return self._url(request.model), request

        return stream_in_classes_of(messages, self._exchange.stream(make, cancellation_token, self._add_usage))

    async def close(self) -> None:
        """Close the HTTP client; the client is not used afterwards."""
        await self._exchange.aclose()

    def actual_usage(self) -> RequestUsage:
        """Give the tokens used so far."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """Give the tokens used so far; the same as ``actual_usage``, since nothing is cached."""
        return self._usage

    def count_tokens(self, messages: Sequence[LLMMessage] | str, *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Count the tokens of a request as AutoGen does, without asking the model; of a text, its own alone."""
        if isinstance(messages, str):
            return count_text(self._model, messages)
        counted = own_messages(messages)
        return count_request(self._model, counted, self._maker.wire_messages(counted, self._model), tools)

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Give how many tokens of the model's context are left after a request; may be negative.

        The context is ``context_length`` of model_info, or else what is known about the model.

        Raises:
            KeyError: there is neither.
        """
        given: Any = self._model_info.get("context_length")
        limit: int = token_limit(self._model) if given is None else given
        return limit - self.count_tokens(messages, tools=tools)

    @property
    def capabilities(self) -> ModelInfo:
        """The same as ``model_info``; deprecated."""
        warn("capabilities is deprecated, use model_info instead", DeprecationWarning)
        return self._model_info

    @property
    def model_info(self) -> ModelInfo:
        """The abilities of the model, such as ``vision`` and ``function_calling``."""
        return self._model_info

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self._model!r})"

    def __getstate__(self) -> dict[str, Any]:
        settings, secrets = sealed(self._own_settings("pickled"))
        return {"settings": settings, "secrets": secrets, "usage": self._usage}

    def __setstate__(self, state: dict[str, Any]) -> None:
        settings = revealed(state["settings"], state["secrets"])
        try:
            self.__init__(**settings)  # type: ignore[misc]  # the subclass' own, which takes settings
        except UsageError as err:
            raise UsageError(
                f"{err}\n  a pickled client holds no key, it takes it from the environment when it is loaded"
            ) from None
        self._usage = state["usage"]

    def __copy__(self) -> Self:
        return self._again(self._own_settings("copied"))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._again(deepcopy(self._own_settings("copied"), memo))

    def _own_settings(self, done: str) -> dict[str, Any]:
        if self._settings.get("http_client") is not None:
            raise UsageError(f"a client with an http_client of its own cannot be {done}; leave http_client out")
        return self._settings

    def _again(self, settings: dict[str, Any]) -> Self:
        """Return a client of the same class; it stays in this process, so that it may keep its key."""
        again = self.__new__(type(self))
        again.__setstate__({"settings": settings, "secrets": {}, "usage": self._usage})
        return again

    def _url(self, model: str) -> str:
        """Return where requests to a model go."""
        raise NotImplementedError

    @cached_property
    def _exchange(self) -> Exchange:
        from fakellm.client._exchange import Exchange  # with all that only requests need

        return Exchange(self._connection, family=self._model_info["family"])

    def _add_usage(self, result: CreateResult) -> None:
        # A new object, so that what was given out before stays as it was.
        self._usage = RequestUsage(
            prompt_tokens=self._usage.prompt_tokens + result.usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens + result.usage.completion_tokens,
        )

    def _check_model(self, answered: str) -> None:
        # Who gives model_info is told what AutoGen tells, which does not know the dated names of later models.
        is_described = self._settings.get("model_info") or self._settings.get("model_capabilities")
        expected = resolve_model(self._model) if is_described else answering_model(self._model)
        if answered and answered not in (expected, self._model):  # many a server echoes the name that it was asked for
            warn(
                f"asked for {expected!r}, answered by {answered!r}; if that is meant, pass "
                f"model={answered!r}, so that limits and token counts are those of this model"
            )


def connection_of(
    settings: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    token: TokenProvider | None = None,
    query: Mapping[str, Any] | None = None,
) -> Connection:
    """Return the connection that the arguments of a client ask for."""
    return Connection(
        headers=Headers(headers),
        token=token,
        http_client=settings.get("http_client"),
        max_retries=settings.get("max_retries", DEFAULT_RETRIES),
        query=query,
        clock=settings.get("clock"),
    )


def _include_usage(body: dict[str, Any], wanted: bool | None) -> None:
    """Ask for the token counts, or not to get them.

    Raises:
        ValueError: stream_options asks for the opposite.
    """
    if wanted is None:
        return
    options = body.get("stream_options") or {}
    if options.get("include_usage", wanted) != wanted:
        raise ValueError(f"include_usage={wanted} and stream_options={options} contradict each other; give one of them")
    body["stream_options"] = {**options, "include_usage": wanted}
