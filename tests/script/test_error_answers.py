"""Errors as each provider sends them."""

import json

import pytest
from asking import AZURE, OPENAI, body
from chat_wire import play, wire
from engines import scripted

from fakellm import ErrorReply, Reply, faults
from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.providers import PROVIDERS
from fakellm._wire.voice import Speaker

DEEPSEEK = "https://api.deepseek.com/chat/completions"
GROQ = "https://api.groq.com/openai/v1/chat/completions"
OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"
SILICONFLOW = "https://api.siliconflow.cn/v1/chat/completions"

INVALID = "invalid_request_error"
LIMITED = (
    "Rate limit reached for gpt-4o in organization org-fakellm on requests per min (RPM): Limit 10000, Used 10000, "
    "Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more."
)
NO_MODEL = "The model `gpt-4o` does not exist or you do not have access to it."
SORRY = "The server had an error while processing your request. Sorry about that!"
PERSISTS = "You can retry your request, or contact us through our help center at help.openai.com if the error persists."


def ask(reply, url=OPENAI, *, stream=False, **options):
    request = wire(body(model="gpt-4o", stream=stream), url=url)
    return play(scripted(reply, **options).handle(request))


def error(message, kind=INVALID, code=None, param=None):
    return {"message": message, "type": kind, "param": param, "code": code}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, error("Scripted error 400")),
        (
            401,
            error(
                "Incorrect API key provided: sk-fakellm. You can find your API key at "
                "https://platform.openai.com/account/api-keys.",
                code="invalid_api_key",
            ),
        ),
        (402, error("Scripted error 402")),
        (
            403,
            error(
                "Country, region, or territory not supported",
                "request_forbidden",
                "unsupported_country_region_territory",
            ),
        ),
        (404, error(NO_MODEL, code="model_not_found")),
        (408, error("Scripted error 408")),
        (409, error("Scripted error 409")),
        (422, error("Scripted error 422")),
        (429, error(LIMITED.replace("20s", "1ms"), "requests", "rate_limit_exceeded")),
        (
            500,
            error(
                f"The server had an error while processing your request. Sorry about that! {PERSISTS}", "server_error"
            ),
        ),
        (502, error("Bad gateway.", "server_error")),
        (503, error(f"That model is currently overloaded with other requests. {PERSISTS}", "server_error")),
        (504, error("Gateway timeout.", "server_error")),
        (529, error(f"That model is currently overloaded with other requests. {PERSISTS}", "server_error")),
    ],
)
def test_status_alone_is_the_usual_error(status, expected):
    answer = ask(ErrorReply(status))

    assert (answer.status, answer.json) == (status, {"error": expected})


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (ErrorReply(400, code="context_length_exceeded"), ("messages", "context_length_exceeded")),
        (ErrorReply(429, message="slow down"), (None, "rate_limit_exceeded")),
        (ErrorReply(429, code="mine"), (None, "mine")),
        (ErrorReply(400, param="n", message="no"), ("n", None)),
    ],
)
def test_what_is_left_out_is_usual(reply, expected):
    found = ask(reply).error

    assert (found["param"], found["code"]) == expected


def test_missing_model_is_the_one_asked_for():
    assert ask(ErrorReply.model_not_found()).error["message"].startswith("The model `gpt-4o` does not")


def test_braces_of_the_tests_own_words_stay():
    assert ask(ErrorReply(429, message="{model} {wait}")).error["message"] == "{model} {wait}"


FILTERED = (
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
    "your prompt and retry. To learn more about our content filtering policies please read our documentation: "
    "https://go.microsoft.com/fwlink/?linkid=2198766"
)


@pytest.mark.parametrize(
    ("url", "reply", "expected"),
    [
        (
            AZURE,
            ErrorReply.invalid_api_key(),
            {
                "error": {
                    "code": "401",
                    "message": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to "
                    "provide a valid key for an active subscription and use a correct regional API endpoint for your "
                    "resource.",
                }
            },
        ),
        (
            AZURE,
            ErrorReply.model_not_found(),
            {
                "error": {
                    "code": "DeploymentNotFound",
                    "message": "The API deployment for this resource does not exist. If you created the deployment "
                    "within the last 5 minutes, please wait a moment and try again.",
                }
            },
        ),
        (
            AZURE,
            ErrorReply.rate_limited(retry_after=20),
            {
                "error": {
                    "code": "429",
                    "message": "Your requests to gpt-4o for gpt-4o in East US have exceeded the token rate limit for "
                    "your current AIServices S0 pricing tier. Please retry after 20s. To increase your default rate "
                    "limit, visit: https://aka.ms/oai/quotaincrease.",
                }
            },
        ),
        (AZURE, ErrorReply(429, message="mine"), {"error": error("mine", "requests", "rate_limit_exceeded")}),
        (
            AZURE,
            ErrorReply.content_filter(),
            {
                "error": {
                    "message": FILTERED,
                    "type": None,
                    "param": "prompt",
                    "code": "content_filter",
                    "status": 400,
                    "innererror": {
                        "code": "ResponsibleAIPolicyViolation",
                        "content_filter_result": {
                            "hate": {"filtered": False, "severity": "safe"},
                            "self_harm": {"filtered": False, "severity": "safe"},
                            "sexual": {"filtered": False, "severity": "safe"},
                            "violence": {"filtered": True, "severity": "medium"},
                            "jailbreak": {"detected": False, "filtered": False},
                        },
                    },
                }
            },
        ),
        (OPENAI, ErrorReply.content_filter(), {"error": error(FILTERED, code="content_filter", param="prompt")}),
        (
            DEEPSEEK,
            ErrorReply.invalid_api_key(),
            {
                "error": error(
                    "Authentication Fails, Your api key: ****ellm is invalid", "authentication_error", INVALID
                )
            },
        ),
        (DEEPSEEK, ErrorReply(402), {"error": error("Insufficient Balance", "unknown_error", INVALID)}),
        (DEEPSEEK, ErrorReply(404), {"error": error("Model Not Exist", code=INVALID)}),
        (
            GROQ,
            ErrorReply.invalid_api_key(),
            {"error": {"message": "Invalid API Key", "type": INVALID, "code": "invalid_api_key"}},
        ),
        (OPENROUTER, ErrorReply.invalid_api_key(), {"error": {"message": "No auth credentials found", "code": 401}}),
        (OPENROUTER, ErrorReply(404), {"error": {"message": "No endpoints found for gpt-4o.", "code": 404}}),
        (OPENROUTER, ErrorReply(400, message="no"), {"error": {"message": "no", "code": 400}}),
        (
            SILICONFLOW,
            ErrorReply(404),
            {"code": 20012, "message": "Model does not exist. Please check it carefully.", "data": None},
        ),
        (
            SILICONFLOW,
            ErrorReply.overloaded(),
            {"code": 50603, "message": "System is too busy now. Please try again later.", "data": None},
        ),
        (SILICONFLOW, ErrorReply(418, message="tea"), {"code": 418, "message": "tea", "data": None}),
    ],
)
def test_provider_has_its_own_words_and_envelope(url, reply, expected):
    assert ask(reply, url).json == expected


def test_error_is_sent_by_the_provider_that_the_fake_is():
    found = ask(ErrorReply(404), provider=PROVIDERS["openrouter"])

    assert found.json == {"error": {"message": "No endpoints found for gpt-4o.", "code": 404}}


def test_rejected_request_is_told_in_the_providers_envelope():
    answer = play(scripted().handle(wire({"messages": []}, url=OPENROUTER)))

    assert answer.json == {"error": {"message": "you must provide a model parameter", "code": 400}}


def test_unmatched_request_is_told_in_openais_envelope():
    answer = play(scripted().handle(wire(body(), url=OPENROUTER)))

    assert answer.error["code"] == "fakellm_unmatched"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            OPENAI,
            {
                "error": error(
                    "The model `gpt-4o` does not exist or you do not have access to it.", code="model_not_found"
                )
            },
        ),
        (OPENROUTER, {"error": {"message": "No endpoints found for gpt-4o.", "code": 404}}),
    ],
)
def test_error_inside_a_stream_is_the_providers(url, expected):
    fault = faults.error_event(after=1, error=ErrorReply.model_not_found())

    answer = ask(Reply("Hello", fault=fault), url, stream=True)

    *_, last = answer.body.split(b"data: ")
    assert (answer.status, json.loads(last)) == (200, expected)


def test_fault_is_shown_as_it_was_typed_at_every_provider():
    fault = faults.error_event(after=1, error=ErrorReply(500))

    assert fault.name == fault.at(Speaker(CHAT, PROVIDERS["azure"], "gpt-4o")).name == "error_event(after=1)"


STATIC = {
    "openai-organization": "org-fakellm",
    "openai-processing-ms": "320",
    "openai-version": "2020-10-01",
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
}


def headers_of(answer):
    usual = {"content-type", "content-length", "x-request-id"}
    return {name: value for name, value in answer.headers if name not in usual}


def test_error_carries_the_headers_of_the_real_api():
    assert headers_of(ask(ErrorReply(400))) == STATIC


def test_rate_limit_tells_the_limits():
    assert headers_of(ask(ErrorReply.rate_limited(retry_after=20))) == {
        **STATIC,
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": "2000000",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-remaining-tokens": "1999000",
        "x-ratelimit-reset-requests": "20s",
        "x-ratelimit-reset-tokens": "30ms",
        "retry-after": "20",
    }


def test_scripted_header_wins():
    reply = ErrorReply(429, headers={"X-RateLimit-Reset-Requests": "6m0s"})

    assert headers_of(ask(reply))["x-ratelimit-reset-requests"] == "6m0s"


def test_answer_carries_three_headers():
    assert headers_of(ask("hi")) == {}


@pytest.mark.parametrize("stream", [False, True])
def test_answer_carries_all_headers_where_asked(stream):
    found = headers_of(ask("hi", full_headers=True, stream=stream))

    assert found == {
        **STATIC,
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": "2000000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-remaining-tokens": "1999000",
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": "30ms",
    }


def test_azure_has_headers_of_its_own():
    answer = ask("hi", AZURE, full_headers=True)

    found = headers_of(answer)
    assert found["apim-request-id"] == dict(answer.headers)["x-request-id"]
    assert found["x-ms-region"] == "East US"
    assert {name for name in found if name.startswith("x-ratelimit-")} == {
        "x-ratelimit-limit-requests",
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-tokens",
    }
    assert "openai-version" not in found


def test_one_answer_carries_all_headers_where_its_reply_says_so():
    assert headers_of(ask(Reply("hi", headers="full")))["openai-version"] == "2020-10-01"


@pytest.mark.parametrize("raw", [None, b"{}"])
def test_header_of_a_reply_wins_over_the_usual_one(raw):
    reply = Reply(None if raw else "hi", raw=raw, headers={"X-RateLimit-Remaining-Requests": "7", "x-a": "b"})

    found = headers_of(ask(reply, full_headers=True))

    assert (found["x-ratelimit-remaining-requests"], found["x-a"]) == ("7", "b")
    assert found["openai-version"] == "2020-10-01"
