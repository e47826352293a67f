"""What comes before and between parameters: the key, the body, the model, and who asks for whom."""

from __future__ import annotations

import pytest
from asking import AZURE, ELSEWHERE, OPENAI, USER, body, decode, rejection, tool

from fakellm._wire.dialect import Strictness

INVALID = "invalid_request_error"
NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the "
    "API from your browser and are prompted for a username and password. You can obtain an API key from "
    "https://platform.openai.com/account/api-keys."
)
NO_KEY_AZURE = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
    "active subscription and use a correct regional API endpoint for your resource."
)
NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
)


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Bearer "}, {"api-key": "k"}])
def test_request_without_a_key_is_rejected_before_its_body_is_read(headers):
    assert rejection(b"{", headers=headers) == (401, INVALID, None, None, NO_KEY)


@pytest.mark.parametrize("headers", [{}, {"api-key": " "}, {"authorization": "Bearer"}])
def test_request_to_azure_without_a_key_is_rejected(headers):
    assert rejection(body(), url=AZURE, headers=headers) == (401, None, "401", None, NO_KEY_AZURE)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (OPENAI, {"authorization": "Bearer anything"}),
        (OPENAI, {"authorization": "Basic OnNr"}),
        (AZURE, {"api-key": "k"}),
        (AZURE, {"authorization": "Bearer token"}),
        (ELSEWHERE, {}),
        ("https://api.groq.com/openai/v1/chat/completions", {}),
    ],
)
def test_any_key_will_do_and_only_openai_asks_for_one(url, headers):
    assert rejection(body(), url=url, headers=headers) is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b'{"model": "\\ud800"}'])
@pytest.mark.parametrize("url", [OPENAI, ELSEWHERE])
def test_body_that_is_no_object_is_rejected(data, url):
    assert rejection(data, url=url) == (400, INVALID, None, None, NOT_JSON)


@pytest.mark.parametrize("model", [{}, {"model": None}, {"model": ""}])
def test_model_must_be_named(model):
    asked = {"messages": [USER], **model}

    assert rejection(asked) == (400, INVALID, None, None, "you must provide a model parameter")


def test_deployment_of_an_azure_path_is_the_model():
    assert decode({"messages": [USER]}, url=AZURE).model == "gpt-4o"


@pytest.mark.parametrize("url", [OPENAI, "https://eu.api.openai.com/v1/chat/completions", AZURE])
def test_unknown_parameter_is_rejected_by_openai(url):
    error = (400, INVALID, None, None, "Unrecognized request argument supplied: top_k")

    assert rejection(body(top_k=5, temperature="hot"), url=url) == error


def test_unknown_parameters_are_named_together():
    error = (400, INVALID, None, None, "Unrecognized request arguments supplied: top_k, thinking")

    assert rejection(body(top_k=5, thinking=None)) == error


def test_azure_takes_parameters_of_its_own():
    assert rejection(body(data_sources=[]), url=AZURE) is None
    assert rejection(body(data_sources=[])) is not None


@pytest.mark.parametrize("url", [OPENAI, ELSEWHERE])
def test_model_that_is_not_listed_does_not_exist(url):
    words = "The model `gpt-4p` does not exist or you do not have access to it."

    found = rejection(body(model="gpt-4p"), url=url, strictness=Strictness(models=frozenset({"gpt-4o"})))

    assert found == (404, INVALID, "model_not_found", None, words)


def test_deployment_that_is_not_listed_does_not_exist():
    words = (
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 "
        "minutes, please wait a moment and try again."
    )

    found = rejection({"messages": [USER]}, url=AZURE, strictness=Strictness(models=frozenset({"gpt-4"})))

    assert found == (404, None, "DeploymentNotFound", None, words)


def test_any_model_exists_where_none_is_listed():
    assert rejection(body(model="gpt-9-galactic")) is None


FORMAT = {"type": "json_object"}
JSON_WORD = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."

# (request, code, param, message)
TOGETHER = [
    (
        body(stream_options={"include_usage": True}),
        None,
        "stream_options",
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ),
    (
        body(top_logprobs=2),
        None,
        "top_logprobs",
        "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
    ),
    (
        body(metadata={"k": "v"}),
        None,
        "metadata",
        "The 'metadata' parameter is only allowed when 'store' is enabled.",
    ),
    (
        body(max_tokens=5, max_completion_tokens=5),
        "invalid_parameter_combination",
        "max_tokens",
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    ),
    (
        body(tool_choice="auto"),
        None,
        "tool_choice",
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ),
    (
        body(parallel_tool_calls=False),
        None,
        "parallel_tool_calls",
        "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
    ),
    (
        body(tools=[tool("f")], tool_choice={"type": "function", "function": {"name": "g"}}),
        None,
        "function_call",
        "Invalid value for 'function_call': no function named 'g' was specified in the 'functions' parameter.",
    ),
    (
        body(tools=[tool("f")], tool_choice={"type": "custom", "custom": {"name": "f"}}),
        None,
        "function_call",
        "Invalid value for 'function_call': no function named 'f' was specified in the 'functions' parameter.",
    ),
    (
        body(function_call="auto"),
        None,
        "function_call",
        "Invalid value for 'function_call': 'function_call' is only allowed when 'functions' are specified.",
    ),
    (
        body(functions=[{"name": "f"}], function_call={"name": "g"}),
        None,
        "function_call",
        "Invalid value for 'function_call': no function named 'g' was specified in the 'functions' parameter.",
    ),
    (body(response_format=FORMAT), None, "messages", JSON_WORD),
    (
        body(response_format=FORMAT, messages=[{"role": "user", "content": [{"type": "text", "text": "hi"}]}]),
        None,
        "messages",
        JSON_WORD,
    ),
]


@pytest.mark.parametrize(("request_body", "code", "param", "words"), TOGETHER, ids=lambda value: str(value)[:60])
def test_parameters_that_do_not_go_together_are_rejected(request_body, code, param, words):
    assert rejection(request_body) == (400, INVALID, code, param, words)
    assert rejection(request_body, url=ELSEWHERE) is None


@pytest.mark.parametrize(
    "request_body",
    [
        body(stream=True, stream_options={}),
        body(tools=[tool("f")], tool_choice={"type": "function", "function": {"name": "f"}}),
        body(tools=[tool("f")], tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
        body(response_format=FORMAT, messages=[{"role": "system", "content": "Answer in JSON."}, USER]),
        body(
            response_format=FORMAT,
            messages=[{"role": "user", "content": [{"type": "text", "text": "as json, please"}]}],
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_parameters_that_go_together_are_accepted(request_body):
    assert rejection(request_body) is None


@pytest.mark.parametrize(
    "request_body",
    [
        body(temperature="hot", top_k=1, n=0),
        body(messages=[{"role": "tool", "content": "orphan"}]),
        body(messages=[], model="gpt-9"),
        body(messages=[{}], stream=True),
    ],
)
def test_whatever_is_well_formed_is_accepted_when_not_strict(request_body):
    lenient = Strictness(strict=False, models=frozenset({"gpt-4o"}))

    assert decode(request_body, headers={}, strictness=lenient).body == request_body


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", NOT_JSON),
        ({"messages": []}, "you must provide a model parameter"),
        ({"model": "gpt-4o"}, "Missing required parameter: 'messages'."),
        (body(messages="hi"), "Invalid type for 'messages': expected an array of objects, but got a string instead."),
        (body(messages=["hi"]), "Invalid type for 'messages[0]': expected an object, but got a string instead."),
        (body(tools="f"), "Invalid type for 'tools': expected an array of objects, but got a string instead."),
    ],
)
def test_what_is_not_well_formed_is_rejected_even_when_not_strict(data, words):
    assert rejection(data, strictness=Strictness(strict=False))[4] == words


def test_the_key_is_looked_up_in_headers_as_clients_send_them():
    import httpx

    assert rejection(body(), headers=httpx.Headers({"Authorization": "Bearer k"})) is None
    assert rejection(body(), headers=httpx.Headers({}))[0] == 401
