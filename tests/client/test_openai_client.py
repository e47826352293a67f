"""create and create_stream, through respx routes and recorded sessions."""

import asyncio
import json
import os
from pathlib import Path

import httpx
import pytest
import yaml

from fakellm import _errors as errors
from fakellm import use_cassette
from fakellm.client import ChatCompletionClient, OpenAIChatCompletionClient
from fakellm.models import (
    AssistantMessage,
    CancellationToken,
    CreateResult,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    RequestUsage,
    SystemMessage,
    UserMessage,
)

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = "sk-very-secret"
ASK = [UserMessage(content="hi", source="user")]
WEATHER = {
    "name": "get_weather",
    "description": "Current weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
INFO = {
    "vision": False,
    "function_calling": True,
    "json_output": True,
    "family": "unknown",
    "structured_output": False,
}


def completion(message, *, finish_reason="stop", usage=(9, 3)):
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)},
    }


def call(name, arguments, call_id):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def chunk(delta=None, *, finish_reason=None, **members):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": choices, **members}


def sse(*chunks, done=True):
    events = [f"data: {json.dumps(one)}\n\n" for one in chunks]
    return "".join([*events, "data: [DONE]\n\n" * done]).encode()


def streamed(*chunks):
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=sse(*chunks))


def create(client, messages=ASK, **arguments):
    return asyncio.run(client.create(messages, **arguments))


def stream(client, messages=ASK, **arguments):
    async def collect():
        return [piece async for piece in client.create_stream(messages, **arguments)]

    return asyncio.run(collect())


def sent(route):
    return json.loads(route.calls.last.request.content)


class Pieces(httpx.AsyncByteStream):
    """The bytes of a response; an exception among the pieces is raised."""

    def __init__(self, *pieces):
        self._pieces = pieces
        self.closed = False

    async def __aiter__(self):
        for piece in self._pieces:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    async def aclose(self):
        self.closed = True


# construction


def test_client_is_a_chat_completion_client(make_client):
    assert isinstance(make_client(), ChatCompletionClient)


@pytest.mark.parametrize("key", [None, ""])
def test_missing_key_is_a_usage_error(make_client, key):
    with pytest.raises(errors.UsageError) as caught:
        make_client(api_key=key)

    assert str(caught.value) == "no API key: pass api_key=..., or set the environment variable OPENAI_API_KEY"


def test_key_comes_from_the_environment(make_client, monkeypatch, respx_mock):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-environment")
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(api_key=None))

    assert route.calls.last.request.headers["authorization"] == "Bearer sk-from-environment"


@pytest.mark.parametrize("key", ["sk-secret\n", "sk-secret\r\nx: y", "sk-sécret", "sk-\x7fsecret"])
def test_key_that_no_header_can_carry_is_a_usage_error(make_client, key):
    with pytest.raises(errors.UsageError) as caught:
        make_client(api_key=key)

    assert str(caught.value) == "the API key holds a line break or another character that no header can carry"


def test_base_url_comes_from_the_environment(make_client, monkeypatch, respx_mock):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/api/")
    route = respx_mock.post("http://127.0.0.1:8000/api/chat/completions").respond(json=completion({"content": ""}))

    create(make_client())

    assert route.called


def test_base_url_is_used(make_client, respx_mock):
    route = respx_mock.post("https://openrouter.ai/api/v1/chat/completions").respond(json=completion({"content": ""}))

    create(make_client(base_url="https://openrouter.ai/api/v1/"))

    assert route.called


def test_base_url_that_is_none_is_a_usage_error(make_client):
    with pytest.raises(errors.UsageError, match=r"^base_url='http://h:port/' is no URL: Invalid port: 'port'$"):
        make_client(base_url="http://h:port/")


def test_unknown_model_needs_a_description(make_client):
    with pytest.raises(ValueError, match=r"^model_info is required when model name is not a valid OpenAI model; got"):
        make_client(model="qwen/qwen3-14b:free")


def test_incomplete_description_is_refused(make_client):
    with pytest.raises(ValueError, match="family"):
        make_client(model_info={"vision": False, "function_calling": True, "json_output": True})


def test_description_is_kept(make_client):
    assert make_client(model="qwen", model_info=INFO).model_info == INFO


def test_description_of_a_known_model_is_known(make_client):
    assert make_client().model_info == {
        "vision": True,
        "function_calling": True,
        "json_output": True,
        "family": "gpt-4o",
        "structured_output": True,
        "multiple_system_messages": True,
    }


def test_capabilities_are_deprecated(make_client):
    client = make_client(model="qwen", model_info=INFO)

    with pytest.warns(DeprecationWarning, match=r"^capabilities is deprecated; use model_info$"):
        assert client.capabilities == INFO


def test_http_client_is_made_where_none_is_given():
    client = OpenAIChatCompletionClient(model="gpt-4o", api_key=KEY)

    asyncio.run(client.close())

    with pytest.raises(errors.APIConnectionError):
        create(client)


def test_key_is_in_no_repr(make_client):
    client = make_client()

    assert KEY not in repr(client) + str(client) + repr(client._session)


# what is sent


def test_body_holds_messages_model_and_parameters(make_client, respx_mock):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(temperature=0), extra_create_args={"seed": 7})

    assert sent(route) == {
        "messages": [{"content": "hi", "role": "user", "name": "user"}],
        "model": "gpt-4o",
        "temperature": 0,
        "seed": 7,
        "stream": False,
    }


def test_parameter_of_a_call_overrides_that_of_the_client(make_client, respx_mock):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(temperature=0), extra_create_args={"temperature": 1})

    assert sent(route)["temperature"] == 1


@pytest.mark.parametrize(("wanted", "kind"), [(True, "json_object"), (False, "text")])
def test_json_output_is_a_response_format(make_client, respx_mock, wanted, kind):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "{}"}))

    create(make_client(), json_output=wanted)

    assert sent(route)["response_format"] == {"type": kind}


def test_schema_as_json_output_is_refused(make_client):
    with pytest.raises(errors.UsageError) as caught:
        create(make_client(), json_output=RequestUsage)

    assert str(caught.value) == "json_output takes True or False so far; pass a schema in extra_create_args"


def test_tools_are_sent_with_their_choice(make_client, respx_mock):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(), tools=[WEATHER], tool_choice="required")

    assert sent(route)["tools"] == [{"type": "function", "function": {**WEATHER, "strict": False}}]
    assert sent(route)["tool_choice"] == "required"


def test_no_tools_send_no_choice(make_client, respx_mock):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(), tool_choice="none")

    assert sent(route).keys() == {"messages", "model", "stream"}


def test_headers_are_sent(make_client, respx_mock):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(default_headers={"X-Title": "mine"}))

    headers = route.calls.last.request.headers
    assert (headers["x-title"], headers["authorization"]) == ("mine", f"Bearer {KEY}")


def test_authorization_of_the_caller_replaces_the_key(make_client, respx_mock):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(default_headers={"Authorization": "Basic abc"}))

    assert route.calls.last.request.headers.get_list("authorization") == ["Basic abc"]


@pytest.mark.parametrize(
    ("timeout", "sent_timeout"),
    [
        (None, {"connect": 5.0, "read": 600.0, "write": 600.0, "pool": 600.0}),
        (7, {"connect": 7, "read": 7, "write": 7, "pool": 7}),
        (httpx.Timeout(1, read=2), {"connect": 1, "read": 2, "write": 1, "pool": 1}),
    ],
)
def test_timeout_is_used(make_client, respx_mock, timeout, sent_timeout):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))

    create(make_client(timeout=timeout))

    assert route.calls.last.request.extensions["timeout"] == sent_timeout


# create


def test_text_is_the_content(make_client, respx_mock):
    respx_mock.post(CHAT).respond(json=completion({"content": "Hello!"}))

    result = create(make_client())

    assert result == CreateResult(
        finish_reason="stop",
        content="Hello!",
        usage=RequestUsage(prompt_tokens=9, completion_tokens=3),
        cached=False,
    )


def test_tool_calls_are_the_content(make_client, respx_mock):
    message = {"content": None, "tool_calls": [call("get_weather", '{"city":"Paris"}', "call_1"), call("f", "", "c2")]}
    respx_mock.post(CHAT).respond(json=completion(message, finish_reason="tool_calls"))

    result = create(make_client(), tools=[WEATHER])

    assert result.finish_reason == "function_calls"
    assert result.content == [
        FunctionCall(id="call_1", arguments='{"city":"Paris"}', name="get_weather"),
        FunctionCall(id="c2", arguments="", name="f"),
    ]


def test_usage_adds_up(make_client, respx_mock):
    respx_mock.post(CHAT).mock(
        side_effect=[
            httpx.Response(200, json=completion({"content": "a"}, usage=(9, 3))),
            httpx.Response(400, json={"error": {"message": "no"}}),
            httpx.Response(200, json=completion({"content": "b"}, usage=(10, 4))),
        ]
    )
    client = make_client()

    create(client)
    before = client.total_usage()
    with pytest.raises(errors.BadRequestError):
        create(client)
    create(client)

    assert before == RequestUsage(prompt_tokens=9, completion_tokens=3)
    assert client.total_usage() == client.actual_usage() == RequestUsage(prompt_tokens=19, completion_tokens=7)


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (b"<html><body>Bad gateway</body></html>", "'<html><body>Bad gateway</body></html>'"),
        (b"", "''"),
        (b'{"choices": null}', """'{"choices": null}'"""),
        (b'{"choices": []}', """'{"choices": []}'"""),
        (b'{"error": {"message": "no"}}', """'{"error": {"message": "no"}}'"""),
        (b"\xff" + b"x" * 300, repr("\N{REPLACEMENT CHARACTER}" + "x" * 199)),
    ],
)
def test_answer_that_is_no_completion_shows_how_it_begins(make_client, respx_mock, content, start):
    respx_mock.post(CHAT).respond(200, content=content)

    with pytest.raises(errors.APIError) as caught:
        create(make_client())

    assert str(caught.value) == f"the answer (status 200) is no chat completion: {start}"


# create_stream


def test_stream_yields_text_then_the_result(make_client, respx_mock):
    respx_mock.post(CHAT).mock(
        return_value=streamed(
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": "Hel"}),
            chunk({"content": "lo"}),
            chunk({}, finish_reason="stop"),
            chunk(usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}),
        )
    )
    client = make_client()

    pieces = stream(client)

    assert pieces == [
        "Hel",
        "lo",
        CreateResult(
            finish_reason="stop",
            content="Hello",
            usage=RequestUsage(prompt_tokens=9, completion_tokens=2),
            cached=False,
        ),
    ]
    assert client.total_usage() == RequestUsage(prompt_tokens=9, completion_tokens=2)


def test_fragments_of_calls_are_put_together(make_client, respx_mock):
    def delta(index, **members):
        return chunk({"tool_calls": [{"index": index, **members}]})

    respx_mock.post(CHAT).mock(
        return_value=streamed(
            chunk({"role": "assistant", "content": None}),
            delta(0, id="call_1", type="function", function={"name": "get_", "arguments": ""}),
            delta(0, function={"name": "weather"}),
            delta(1, id="call_2", function={"name": "f", "arguments": "{"}),
            delta(0, function={"arguments": '{"city":'}),
            delta(1, function={"arguments": "}"}),
            delta(0, function={"arguments": '"Paris"}'}),
            chunk({}, finish_reason="tool_calls"),
        )
    )

    [result] = stream(make_client(), tools=[WEATHER])

    assert result.finish_reason == "function_calls"
    assert result.content == [
        FunctionCall(id="call_1", arguments='{"city":"Paris"}', name="get_weather"),
        FunctionCall(id="call_2", arguments="{}", name="f"),
    ]


@pytest.mark.parametrize(
    ("include_usage", "options"), [(True, {"include_usage": True}), (False, {"include_usage": False})]
)
def test_usage_is_asked_for(make_client, respx_mock, include_usage, options):
    route = respx_mock.post(CHAT).mock(return_value=streamed(chunk({"content": "a"})))

    stream(make_client(), include_usage=include_usage)

    assert (sent(route)["stream"], sent(route)["stream_options"]) == (True, options)


def test_usage_is_not_asked_for_by_default(make_client, respx_mock):
    route = respx_mock.post(CHAT).mock(return_value=streamed(chunk({"content": "a"})))

    [_, result] = stream(make_client())

    assert "stream_options" not in sent(route)
    assert result.usage == RequestUsage(prompt_tokens=0, completion_tokens=0)


@pytest.mark.parametrize(
    "content",
    [
        b': OPENROUTER PROCESSING\n\ndata: {"choices":[{"delta":{"content":"h\xc3\xa9"}}]}\n\ndata: [DONE]\n\n',
        b'data:{"choices":[{"delta":{"content":"h\xc3\xa9"}}]}\r\n\r\ndata:[DONE]\r\n\r\ndata: ignored\r\n\r\n',
        b'data: {"choices":[{"delta":\ndata: {"content":"h\xc3\xa9"}}]}\n\n',
    ],
)
def test_stream_is_read_in_each_spelling(make_client, respx_mock, content):
    for size in (1, 7, len(content)):
        pieces = Pieces(*(content[n : n + size] for n in range(0, len(content), size)))
        respx_mock.post(CHAT).mock(return_value=httpx.Response(200, stream=pieces))

        assert stream(make_client())[0] == "hé"


def test_nothing_is_sent_before_the_stream_is_read(make_client, respx_mock):
    route = respx_mock.post(CHAT).mock(return_value=streamed())

    make_client().create_stream(ASK)

    assert not route.called


def test_error_in_a_stream_is_raised(make_client, respx_mock):
    error = {"error": {"message": "Provider disconnected", "code": 502, "type": "upstream"}}
    respx_mock.post(CHAT).mock(return_value=streamed(chunk({"content": "a"}), error))

    with pytest.raises(errors.APIError) as caught:
        stream(make_client())

    assert (str(caught.value), caught.value.code, caught.value.type) == ("Provider disconnected", "502", "upstream")


def test_error_in_a_stream_may_be_a_text(make_client, respx_mock):
    respx_mock.post(CHAT).mock(return_value=streamed({"error": "overloaded"}))

    with pytest.raises(errors.APIError, match=r"^overloaded$"):
        stream(make_client())


@pytest.mark.parametrize("data", ["{", "null", "[1]", '{"choices": 3}', "<html>"])
def test_what_is_no_chunk_is_shown(make_client, respx_mock, data):
    respx_mock.post(CHAT).respond(200, content=f"data: {data}\n\n".encode())

    with pytest.raises(errors.APIError) as caught:
        stream(make_client())

    assert str(caught.value) == f"the stream holds something that is no chunk: {data!r}"


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b'{"choices": [{"message": {"content": "hi"}}]}', b"data: [DONE]\n\n"]
)
def test_answer_that_is_no_stream_is_empty_with_a_warning(make_client, respx_mock, content):
    respx_mock.post(CHAT).respond(200, content=content)

    with pytest.warns(UserWarning, match=r"^the answer held no chunk of a stream, so the result is empty$"):
        [result] = stream(make_client())

    assert (result.content, result.finish_reason) == ("", "unknown")


def test_broken_stream_says_how_much_had_arrived(make_client, respx_mock):
    lost = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    pieces = Pieces(sse(chunk({"content": "Hel"}), chunk({"content": "lo"}), done=False), lost)
    respx_mock.post(CHAT).mock(return_value=httpx.Response(200, stream=pieces))

    with pytest.raises(errors.APIConnectionError) as caught:
        stream(make_client())

    assert str(caught.value) == (
        "Connection error: peer closed connection without sending complete message body "
        "(the stream broke off after 5 characters of text)"
    )
    assert caught.value.__cause__ is lost


def test_broken_stream_gave_its_text_before(make_client, respx_mock):
    pieces = Pieces(sse(chunk({"content": "Hel"}), done=False), httpx.ReadError(""))
    respx_mock.post(CHAT).mock(return_value=httpx.Response(200, stream=pieces))
    seen = []

    async def read():
        async for piece in make_client().create_stream(ASK):
            seen.append(piece)

    with pytest.raises(errors.APIConnectionError):
        asyncio.run(read())
    assert seen == ["Hel"]


def test_stream_that_stalls_is_a_timeout(make_client, respx_mock):
    pieces = Pieces(sse(chunk({"content": "Hel"}), done=False), httpx.ReadTimeout(""))
    respx_mock.post(CHAT).mock(return_value=httpx.Response(200, stream=pieces))

    with pytest.raises(errors.APITimeoutError) as caught:
        stream(make_client())

    assert str(caught.value) == "Request timed out. (the stream broke off after 3 characters of text)"


def test_stream_that_never_began_broke_off_nowhere(make_client, respx_mock):
    respx_mock.post(CHAT).mock(side_effect=httpx.ConnectError("refused"))

    with pytest.raises(errors.APIConnectionError, match=r"^Connection error: refused$"):
        stream(make_client())


def test_stream_that_is_left_early_is_closed(make_client, respx_mock):
    pieces = Pieces(sse(chunk({"content": "a"}), chunk({"content": "b"})))
    respx_mock.post(CHAT).mock(return_value=httpx.Response(200, stream=pieces))

    async def read_one():
        answer = make_client().create_stream(ASK)
        first = await anext(answer)
        await answer.aclose()
        return first, pieces.closed

    assert asyncio.run(read_one()) == ("a", True)


# errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (409, errors.ConflictError),
        (418, errors.APIStatusError),
        (422, errors.UnprocessableEntityError),
        (429, errors.RateLimitError),
        (500, errors.InternalServerError),
        (503, errors.InternalServerError),
    ],
)
@pytest.mark.parametrize("ask", [create, stream])
def test_status_decides_the_error(make_client, respx_mock, ask, status, kind):
    error = {"message": "Nope", "type": "invalid", "param": "model", "code": "bad"}
    respx_mock.post(CHAT).respond(status, json={"error": error}, headers={"x-request-id": "req_1"})

    with pytest.raises(errors.APIStatusError) as caught:
        ask(make_client())

    found = caught.value
    assert type(found) is kind
    assert str(found) == f"Error code: {status} - Nope"
    assert (found.status_code, found.code, found.type, found.param) == (status, "bad", "invalid", "model")
    assert (found.request_id, found.body) == ("req_1", error)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"<html>Bad gateway</html>", "<html>Bad gateway</html>"),
        (b"x" * 300, "x" * 200),
        (b"", ""),
        (b'{"error": "model not found"}', "model not found"),
        (b'{"detail": "Not Found"}', '{"detail": "Not Found"}'),
        (b'{"error": {"code": 7}}', '{"error": {"code": 7}}'),
        (b'["error"]', '["error"]'),
    ],
)
def test_error_of_another_form_shows_how_it_begins(make_client, respx_mock, content, text):
    respx_mock.post(CHAT).respond(502, content=content)

    with pytest.raises(errors.InternalServerError) as caught:
        create(make_client())

    assert str(caught.value) == f"Error code: 502 - {text}"


@pytest.mark.parametrize("ask", [create, stream])
@pytest.mark.parametrize("cause", [httpx.ReadTimeout("slow"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("slow")])
def test_timeout_is_a_timeout_error(make_client, respx_mock, ask, cause):
    respx_mock.post(CHAT).mock(side_effect=cause)

    with pytest.raises(errors.APITimeoutError, match=r"^Request timed out.$"):
        ask(make_client())


@pytest.mark.parametrize("ask", [create, stream])
@pytest.mark.parametrize(
    "cause",
    [
        httpx.ConnectError("why"),
        httpx.RemoteProtocolError("why"),
        httpx.UnsupportedProtocol("why"),
        httpx.TooManyRedirects("why"),
    ],
)
def test_lost_connection_is_a_connection_error(make_client, respx_mock, ask, cause):
    respx_mock.post(CHAT).mock(side_effect=cause)

    with pytest.raises(errors.APIConnectionError, match=r"^Connection error: why$"):
        ask(make_client())


def test_body_that_does_not_decode_is_a_connection_error(make_client, respx_mock):
    respx_mock.post(CHAT).mock(
        return_value=httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Pieces(b"no gzip"))
    )

    with pytest.raises(errors.APIConnectionError, match=r"^Connection error: Error -3 while decompressing data"):
        create(make_client())


def test_error_body_that_breaks_off_is_a_connection_error(make_client, respx_mock):
    broken = Pieces(b'{"error', httpx.RemoteProtocolError("lost"))
    respx_mock.post(CHAT).mock(return_value=httpx.Response(500, stream=broken))

    with pytest.raises(errors.APIConnectionError, match=r"^Connection error: lost$"):
        create(make_client())


@pytest.mark.parametrize(
    "answer",
    [
        {"return_value": httpx.Response(401, json={"error": {"message": "Incorrect API key provided"}})},
        {"return_value": httpx.Response(200, content=b"<html>")},
        {"side_effect": httpx.ConnectError("refused")},
    ],
)
def test_key_is_in_no_error(make_client, respx_mock, answer):
    respx_mock.post(CHAT).mock(**answer)

    with pytest.raises(errors.APIError) as caught:
        create(make_client())

    found = caught.value
    assert KEY not in f"{found!s}{found!r}{vars(found)}{found.__cause__!r}"


def test_closed_client_says_so(make_client):
    client = make_client()

    async def use_after_close():
        await client.close()
        await client.close()
        await client.create(ASK)

    with pytest.raises(errors.APIConnectionError) as caught:
        asyncio.run(use_after_close())

    assert str(caught.value) == "Connection error: the client is closed; make a new one"


def test_close_closes_the_http_client(make_client):
    http_client = httpx.AsyncClient(verify=False)

    asyncio.run(make_client(http_client=http_client).close())

    assert http_client.is_closed


# cancellation


class Never(httpx.AsyncByteStream):
    """A body that starts and then waits for ever; says when it waits, and that it was closed."""

    def __init__(self, *pieces):
        self._pieces = pieces
        self.waits = asyncio.Event()
        self.closed = False

    async def __aiter__(self):
        for piece in self._pieces:
            yield piece
        self.waits.set()
        await asyncio.Event().wait()

    async def aclose(self):
        self.closed = True


@pytest.mark.parametrize("ask", [create, stream])
def test_cancelled_token_sends_nothing(make_client, respx_mock, ask):
    route = respx_mock.post(CHAT).respond(json=completion({"content": "hello"}))
    token = CancellationToken()
    token.cancel()

    with pytest.raises(asyncio.CancelledError):
        ask(make_client(), cancellation_token=token)

    assert not route.called


def test_token_cancels_a_waiting_answer(make_client, respx_mock):
    async def cancel_while_waiting():
        body, token, client = Never(), CancellationToken(), make_client()
        respx_mock.post(CHAT).mock(
            side_effect=[
                httpx.Response(200, stream=body),
                httpx.Response(200, json=completion({"content": "still here"})),
            ]
        )
        pending = asyncio.ensure_future(client.create(ASK, cancellation_token=token))
        await body.waits.wait()
        token.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending
        return body.closed, (await client.create(ASK)).content

    assert asyncio.run(cancel_while_waiting()) == (True, "still here")


def test_token_cancels_a_waiting_stream(make_client, respx_mock):
    async def cancel_while_waiting():
        body, token, seen = Never(sse(chunk({"content": "Hel"}), done=False)), CancellationToken(), []
        respx_mock.post(CHAT).mock(return_value=httpx.Response(200, stream=body))

        async def read():
            async for piece in make_client().create_stream(ASK, cancellation_token=token):
                seen.append(piece)

        pending = asyncio.ensure_future(read())
        await body.waits.wait()
        token.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending
        return body.closed, seen

    assert asyncio.run(cancel_while_waiting()) == (True, ["Hel"])


@pytest.mark.parametrize("ask", [create, stream])
def test_token_that_is_never_cancelled_changes_nothing(make_client, respx_mock, ask):
    respx_mock.post(CHAT).mock(
        side_effect=lambda request: (
            streamed(chunk({"content": "hello"}), chunk({}, finish_reason="stop"))
            if json.loads(request.content)["stream"]
            else httpx.Response(200, json=completion({"content": "hello"}))
        )
    )

    result = ask(make_client(), cancellation_token=CancellationToken())

    assert (result[-1] if isinstance(result, list) else result).content == "hello"


# tokens


def test_tokens_are_counted(make_client):
    assert make_client().count_tokens([SystemMessage(content="s")]) == 8


def test_remaining_tokens_are_what_is_left_of_the_context(make_client):
    assert make_client().remaining_tokens([SystemMessage(content="s")]) == 128_000 - 8


# recorded sessions

PROJECT_FILE = Path(__file__).parents[2] / "cassettes" / "weather_tool_loop.yaml"
FOLDER = os.environ.get("FAKELLM_REAL_CASSETTES")
real = pytest.mark.skipif(not FOLDER, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")


def test_tool_loop_of_the_project_is_understood(make_client):
    client = make_client(model="gpt-4o-mini", base_url="http://127.0.0.1:4010/v1")
    question = UserMessage(content="What is the weather in Paris?", source="user")

    async def converse():
        first = await client.create([question], tools=[WEATHER])
        results = [FunctionExecutionResult(content="18 °C, clear", name=c.name, call_id=c.id) for c in first.content]
        turn = [AssistantMessage(content=first.content, source="a"), FunctionExecutionResultMessage(content=results)]
        second = await client.create([question, *turn], tools=[WEATHER])
        third = [piece async for piece in client.create_stream([question, *turn], include_usage=True)]
        return first, second, third

    with use_cassette(PROJECT_FILE, match=["method", "host", "port", "path"]):
        first, second, third = asyncio.run(converse())

    assert first.content == [FunctionCall(id="call_paris_weather", arguments='{"city":"Paris"}', name="get_weather")]
    assert (second.content, second.finish_reason) == ("It is 18 °C and clear in Paris right now.", "stop")
    assert third[-1].content == "Paris under blue,\neighteen degrees and no cloud,\nthe Seine holds the light."
    assert third[-1].usage == RequestUsage(prompt_tokens=27, completion_tokens=19)
    assert client.total_usage() == RequestUsage(prompt_tokens=8 + 11 + 27, completion_tokens=7 + 11 + 19)


def recorded(name):
    """Return the interactions of the one session with this name, read by another reader than ours."""
    [path] = Path(FOLDER).glob(f"*{name}.yaml")
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["interactions"]


def answer_of(interaction):
    response = interaction["response"]
    body = response.get("parsed_body")
    content = json.dumps(body) if body is not None else response["body"]["string"]
    return httpx.Response(response["status"]["code"], content=content.encode())


@real
@pytest.mark.parametrize(
    ("session", "content", "finish_reason", "usage"),
    [
        ("azure_provider_call", "The capital of France is **Paris**.", "stop", (14, 9)),
        ("cerebras_thinking_part_survives_multiturn", "4.", "stop", (79, 37)),
        ("gateway_provider_with_groq", "The capital of France is Paris.", "stop", (42, 8)),
        ("groq_native_output", '{"city":"Mexico City","country":"Mexico"}', "stop", (178, 94)),
        ("audio_as_binary_content_input", "The name mentioned in the audio is Marcelo.", "stop", (64, 9)),
        ("openrouter_web_search_annotations", "https://github.com/pydantic/pydantic-ai", "stop", (2315, 40)),
        (
            "crusoe_tool_calling",
            [FunctionCall(id="chatcmpl-tool-bbb91941bf76335c", arguments='{"city": "Paris"}', name="get_weather")],
            "function_calls",
            (167, 37),
        ),
    ],
)
def test_recorded_answer_is_understood(make_client, respx_mock, session, content, finish_reason, usage):
    respx_mock.post(CHAT).mock(return_value=answer_of(recorded(session)[0]))

    result = create(make_client())

    assert (result.content, result.finish_reason) == (content, finish_reason)
    assert result.usage == RequestUsage(prompt_tokens=usage[0], completion_tokens=usage[1])


@real
def test_recorded_text_beside_calls_is_the_thought(make_client, respx_mock):
    respx_mock.post(CHAT).mock(return_value=answer_of(recorded("deepseek_deferred_capability_with_thinking")[1]))

    result = create(make_client())

    assert [(one.name, one.arguments) for one in result.content] == [("get_player_name", "{}"), ("roll_dice", "{}")]
    assert result.thought == "Let me get your name and roll the die!"


@real
@pytest.mark.parametrize(
    ("session", "content", "finish_reason", "usage"),
    [
        ("dbos_agent_run_stream", "The capital of Mexico is Mexico City.", "stop", (14, 8)),
        ("deepseek_model_thinking_stream", "Hello there! 😊 How can I help you today?", "stop", (6, 212)),
        ("snowflake_model_streaming", "4", "unknown", (22, 5)),
        ("zai_thinking_stream", "4", "stop", (13, 564)),
    ],
)
def test_recorded_stream_is_understood(make_client, respx_mock, session, content, finish_reason, usage):
    respx_mock.post(CHAT).mock(return_value=answer_of(recorded(session)[0]))

    *pieces, result = stream(make_client())

    assert ("".join(pieces), result.content, result.finish_reason) == (content, content, finish_reason)
    assert result.usage == RequestUsage(prompt_tokens=usage[0], completion_tokens=usage[1])


@real
def test_recorded_error_in_a_stream_is_raised(make_client, respx_mock):
    respx_mock.post(CHAT).mock(return_value=answer_of(recorded("openrouter_stream_error")[0]))

    with pytest.raises(errors.APIError) as caught:
        stream(make_client())

    assert (str(caught.value), caught.value.code) == ("Token limit reached", "400")


@real
@pytest.mark.parametrize(
    ("session", "kind", "code", "text"),
    [
        (
            "groq__test_tool_regular_error",
            errors.NotFoundError,
            "model_not_found",
            "Error code: 404 - The model `non-existent` does not exist or you do not have access to it.",
        ),
        (
            "web_search_tool_model_not_supported",
            errors.BadRequestError,
            None,
            "Error code: 400 - Web search options not supported with this model.",
        ),
    ],
)
def test_recorded_error_is_understood(make_client, respx_mock, session, kind, code, text):
    respx_mock.post(CHAT).mock(return_value=answer_of(recorded(session)[0]))

    with pytest.raises(kind) as caught:
        create(make_client())

    assert (str(caught.value), caught.value.code) == (text, code)
