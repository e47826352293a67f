"""What is raised for answers that cannot be used, and that no key is in it."""

from __future__ import annotations

import pickle
import traceback

import httpx
import pytest
import respx
from provider_bytes import HI, URL, client, completion, pieces_of, stream
from pydantic import BaseModel, ValidationError

import fakellm
from fakellm import (
    APIConnectionError,
    APIError,
    ContentFilterFinishReasonError,
    LengthFinishReasonError,
    NotFoundError,
    UsageError,
)

pytestmark = pytest.mark.asyncio


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as router:
        yield router.post(URL)


async def error_of(api, answer, **settings):
    api.mock(return_value=answer)
    with pytest.raises(APIError) as caught:
        await client(max_retries=0, **settings).create(HI)
    return caught.value


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"), (401, "AuthenticationError"), (402, "APIStatusError"), (403, "PermissionDeniedError"),
        (404, "NotFoundError"), (408, "APIStatusError"), (409, "ConflictError"), (413, "APIStatusError"),
        (422, "UnprocessableEntityError"), (429, "RateLimitError"), (500, "InternalServerError"),
        (503, "InternalServerError"), (529, "InternalServerError"),
    ],
)  # fmt: skip
async def test_each_status_has_its_class(api, status, name):
    error = await error_of(api, httpx.Response(status, json={"error": {"message": "no"}}))

    assert type(error) is getattr(fakellm, name)
    assert error.status_code == status


async def test_an_error_carries_what_the_api_said(api):
    body = {"message": "No such model.", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}
    answer = httpx.Response(404, json={"error": body}, headers={"x-request-id": "req_1"})

    error = await error_of(api, answer)

    assert isinstance(error, NotFoundError)
    assert str(error) == "Error code: 404 - No such model."
    assert (error.code, error.type, error.param, error.request_id) == (
        "model_not_found",
        body["type"],
        "model",
        "req_1",
    )
    assert error.body == body
    assert error.response.status_code == 404


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"error": "plain text"}', "Error code: 500 - plain text"),
        (b'{"detail": "from FastAPI"}', "Error code: 500 - from FastAPI"),
        (b'{"message": "from Mistral", "type": "x"}', "Error code: 500 - from Mistral"),
        (b"<html>bad gateway</html>", "Error code: 500 - <html>bad gateway</html>"),
        (b"", "Error code: 500 - no text"),
        (b'{"error": [1]}', "Error code: 500 - [1]"),
    ],
)
async def test_other_bodies_are_read_as_far_as_can_be(api, content, message):
    assert str(await error_of(api, httpx.Response(500, content=content))) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>hello</html>", "the answer (status 200) is no chat completion; it begins with '<html>hello</html>'"),
        (b"", "the answer (status 200) is empty"),
        (b'{"id": ', "the answer (status 200) is no chat completion; it begins with '{\"id\": '"),
        (b'{"choices": null}', "the answer (status 200) is no chat completion; it begins with '{\"choices\": null}'"),
        (b'{"choices": []}', "the answer (status 200) is no chat completion; it begins with '{\"choices\": []}'"),
        (b"[1]", "the answer (status 200) is no chat completion; it begins with '[1]'"),
    ],
)
async def test_what_is_no_completion_is_one_clear_error(api, content, message):
    assert str(await error_of(api, httpx.Response(200, content=content))) == message


async def test_an_error_object_with_status_200_keeps_its_code(api):
    error = await error_of(api, httpx.Response(200, json={"error": {"message": "busy", "code": "overloaded"}}))

    assert type(error) is APIError
    assert (error.code, error.body) == ("overloaded", {"message": "busy", "code": "overloaded"})


async def test_a_long_body_is_shown_in_part(api):
    error = await error_of(api, httpx.Response(200, content=b"x" * 5000))

    assert len(str(error)) < 300


async def test_a_connection_error_names_its_cause(api):
    api.mock(side_effect=httpx.ConnectError("name not known"))

    with pytest.raises(APIConnectionError, match=r"^Connection error: ConnectError: name not known$") as caught:
        await client().create(HI)

    assert isinstance(caught.value.__cause__, httpx.ConnectError)


async def test_an_address_that_is_none_is_the_callers_mistake():
    with pytest.raises(UsageError, match=r"is no URL .*look at base_url"):
        await client(base_url="http://x:port").create(HI)


async def test_an_empty_address_is_a_connection_error():
    with pytest.raises(APIConnectionError, match="UnsupportedProtocol"):
        await client(base_url="").create(HI)


async def test_a_redirect_that_is_not_followed_is_a_status_error(api):
    answer = httpx.Response(307, headers={"location": "https://elsewhere.example/"})

    assert (await error_of(api, answer, http_client=httpx.AsyncClient())).status_code == 307


async def test_redirects_are_followed(respx_mock):
    respx_mock.post(URL).mock(return_value=httpx.Response(307, headers={"location": "https://elsewhere.example/"}))
    respx_mock.post("https://elsewhere.example/").mock(return_value=completion())

    assert (await client().create(HI)).content == "Hello!"


class Point(BaseModel):
    x: int


@pytest.mark.parametrize(
    ("content", "reason", "error"),
    [
        ('{"x"', "length", LengthFinishReasonError),
        ("", "content_filter", ContentFilterFinishReasonError),
        ('{"y": 1}', "stop", ValidationError),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
async def test_structured_output_that_is_none(api, content, reason, error, streams):
    from provider_bytes import chunk

    api.mock(
        return_value=stream([chunk({"content": content}), chunk({}, reason)])
        if streams
        else completion(content, reason)
    )

    with pytest.raises(error):
        if streams:
            await pieces_of(client().create_stream(HI, json_output=Point))
        else:
            await client().create(HI, json_output=Point)


async def test_a_failed_call_costs_nothing(api):
    api.mock(return_value=completion('{"y": 1}'))
    model_client = client()

    with pytest.raises(ValidationError):
        await model_client.create(HI, json_output=Point)

    assert model_client.total_usage().prompt_tokens == 0


KEY = "sk-secret-key"


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": KEY},
        {"default_headers": {"X-Goog-Api-Key": KEY}},
        {"default_headers": {"Ocp-Apim-Subscription-Key": KEY}},
        {"default_headers": {"Authorization": f"Basic {KEY}"}},
        {"default_query": {"key": KEY}},
    ],
    ids=str,
)
async def test_a_server_that_echoes_the_key_does_not_get_it_into_the_error(api, status, settings):
    answer = httpx.Response(status, json={"error": {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}})

    error = await error_of(api, answer, **{"api_key": "sk-another-key", **settings})

    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert KEY not in shown
    assert "Incorrect API key: REDACTED" in str(error.body)


async def test_an_address_that_is_none_is_told_without_the_key_in_it():
    with pytest.raises(UsageError) as caught:
        await client(base_url=f"https://user:{KEY}@x.test:port").create(HI)

    assert str(caught.value).startswith("'https://REDACTED@x.test:port/chat/completions' is no URL (")
    assert KEY not in str(caught.value)


async def test_no_repr_shows_the_key(api):
    model_client = client(default_headers={"X-Api-Key": KEY})
    api.mock(return_value=completion())
    await model_client.create(HI)

    shown = [
        repr(model_client),
        str(model_client),
        repr(model_client.dump_component()),
        repr(model_client._connection.headers),
    ]

    assert KEY not in " ".join(shown)
    assert repr(model_client) == "OpenAIChatCompletionClient(model='gpt-4o')"


async def test_no_log_shows_the_key(api, caplog):
    caplog.set_level("DEBUG")
    api.mock(return_value=completion())

    await client().create(HI)

    assert caplog.records
    assert KEY not in caplog.text


PLACEHOLDER = "is it still the placeholder?"
LINE_END = "look at its end, or at the line of the .env file that it comes from"


@pytest.mark.parametrize(
    ("key", "odd", "cause"),
    [
        ("你的API密钥", "'你'", PLACEHOLDER),
        ("sk-sécret", "'é'", PLACEHOLDER),
        ("sk-secret-key\n", r"'\n'", LINE_END),
        ("sk-\u200bkey", r"'\u200b'", LINE_END),
        ("“sk-secret-key”", "'“'", PLACEHOLDER),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
async def test_a_key_that_no_header_can_carry_fails_when_asked_without_being_shown(api, key, odd, cause, streams):
    model_client = client(api_key=key)

    with pytest.raises(UsageError) as caught:
        await (pieces_of(model_client.create_stream(HI)) if streams else model_client.create(HI))

    assert str(caught.value) == f"the key holds {odd}, which no HTTP header can carry; {cause}"
    assert not api.called


async def test_another_header_that_cannot_be_sent_is_named(api):
    with pytest.raises(UsageError, match=r"^the header 'x-team' holds 'ü', which no HTTP header can carry"):
        await client(default_headers={"X-Team": "Münster"}).create(HI)


async def test_errors_travel_between_processes(api):
    error = await error_of(api, httpx.Response(400, json={"error": {"message": "no", "code": "c"}}))

    found = pickle.loads(pickle.dumps(error))

    assert (type(found), str(found), found.code, found.status_code) == (type(error), str(error), "c", 400)
