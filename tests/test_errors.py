import pytest

import fakellm
from fakellm._errors import did_you_mean, shown, status_error

PARENTS = {
    "UsageError": {"FakeLLMError"},
    "ScriptFormatError": {"UsageError"},
    "UnmatchedRequestError": {"FakeLLMError", "AssertionError"},
    "UnusedReplyError": {"FakeLLMError", "AssertionError"},
    "CassetteError": {"FakeLLMError"},
    "CassetteNotFoundError": {"CassetteError", "FileNotFoundError"},
    "CassetteFormatError": {"CassetteError"},
    "CassetteMismatchError": {"CassetteError", "AssertionError"},
    "UnredactedSecretError": {"CassetteError"},
    "APIError": {"FakeLLMError"},
    "APIConnectionError": {"APIError"},
    "APITimeoutError": {"APIConnectionError"},
    "APIStatusError": {"APIError"},
    "BadRequestError": {"APIStatusError"},
    "AuthenticationError": {"APIStatusError"},
    "PermissionDeniedError": {"APIStatusError"},
    "NotFoundError": {"APIStatusError"},
    "ConflictError": {"APIStatusError"},
    "UnprocessableEntityError": {"APIStatusError"},
    "RateLimitError": {"APIStatusError"},
    "InternalServerError": {"APIStatusError"},
    "LengthFinishReasonError": {"APIError"},
    "ContentFilterFinishReasonError": {"APIError"},
}


@pytest.mark.parametrize(("name", "parents"), PARENTS.items())
def test_error_stands_where_the_tree_says(name, parents):
    assert {parent.__name__ for parent in getattr(fakellm, name).__bases__} == parents


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (503, "InternalServerError"),
        (529, "InternalServerError"),
        (402, "APIStatusError"),
        (408, "APIStatusError"),
        (451, "APIStatusError"),
    ],
)
def test_status_has_the_class_of_the_openai_sdk(status, name):
    assert status_error(status).__name__ == name


def test_api_error_carries_what_the_api_said():
    error = fakellm.NotFoundError(
        "no such model",
        status_code=404,
        code="model_not_found",
        type="invalid_request_error",
        param="model",
        body={"message": "no such model"},
        request_id="req_1",
    )

    assert (str(error), error.message) == ("no such model", "no such model")
    assert (error.status_code, error.code, error.type, error.param) == (
        404,
        "model_not_found",
        "invalid_request_error",
        "model",
    )
    assert (error.body, error.request_id) == ({"message": "no such model"}, "req_1")


@pytest.mark.parametrize(("line", "text"), [(7, "a.yaml:7: no list"), (None, "a.yaml: no list")])
@pytest.mark.parametrize("kind", [fakellm.CassetteFormatError, fakellm.ScriptFormatError])
def test_format_error_starts_with_its_place(kind, line, text):
    error = kind("no list", path="a.yaml", line=line)

    assert (str(error), error.path, error.line) == (text, "a.yaml", line)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("usr", "; did you mean 'user'?"),
        ("USER", "; did you mean 'user'?"),
        ("city", "; did you mean 'City'?"),
        ("x", ""),
    ],
)
def test_nearest_name_is_asked_for_in_any_case(name, hint):
    assert did_you_mean(name, ["user", "system", "City"]) == hint


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "'short'"),
        ("a\nb\t\x00\ud800", 10, r"'a\nb\t\x00\ud800'"),
        ("0123456789", 10, "'0123456789'"),
        ("0123456789A", 10, "'01234 … 6789A'"),
        ("", 10, "''"),
    ],
)
def test_shown_text_is_quoted_on_one_line_and_cut_in_the_middle(text, limit, expected):
    assert shown(text, limit) == expected
