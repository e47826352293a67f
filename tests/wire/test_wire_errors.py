import pytest
from chat_wire import play

from fakellm._wire.errors import ErrorBody, Rejected, encodable, render_error


def test_error_is_these_bytes():
    error = ErrorBody("No such model", "invalid_request_error", None, "model_not_found")

    answer = play(render_error(404, error, request_id="req_1"))

    assert answer.body == (
        b'{\n  "error": {\n    "message": "No such model",\n    "type": "invalid_request_error",\n'
        b'    "param": null,\n    "code": "model_not_found"\n  }\n}'
    )


def test_error_head_names_type_length_and_request():
    answer = play(render_error(429, ErrorBody("é"), request_id="req_1", headers=(("retry-after", "3"),)))

    assert (answer.status, answer.headers) == (
        429,
        [
            ("content-type", "application/json"),
            ("content-length", "114"),
            ("x-request-id", "req_1"),
            ("retry-after", "3"),
        ],
    )


@pytest.mark.parametrize("name", ["content-type", "x-request-id"])
def test_scripted_header_replaces_the_usual_one(name):
    answer = play(render_error(500, ErrorBody("no"), request_id="req_1", headers=((name, "mine"),)))

    assert [value for found, value in answer.headers if found == name] == ["mine"]


def test_message_that_utf8_cannot_carry_is_escaped():
    answer = play(render_error(400, ErrorBody("a\ud83d"), request_id="req_1"))

    assert answer.error["message"] == "a\\ud83d"


@pytest.mark.parametrize(("text", "readable"), [("é😀\n", "é😀\n"), ("\udc00x", "\\udc00x"), ("", "")])
def test_encodable_text_is_kept(text, readable):
    assert encodable(text) == readable


def test_rejection_carries_error_and_status():
    rejected = Rejected(ErrorBody("no"), status=422)

    assert (str(rejected), rejected.error, rejected.status) == ("no", ErrorBody("no"), 422)
