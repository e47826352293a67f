"""Clients that users write on requests are answered, by sessions that were made at import."""

from __future__ import annotations

from plain_client import TESTS

CODE = """
import json

import pytest
import requests
from fakellm import ErrorReply, ToolCall
from requests.adapters import HTTPAdapter, Retry

API = "https://api.openai.com/v1"

session = requests.Session()
session.headers["authorization"] = "Bearer sk-test"
session.mount("https://", HTTPAdapter(max_retries=Retry(2, status_forcelist=[429], allowed_methods=None)))

def ask(path, **body):
    response = session.post(f"{API}/{path}", json={"model": "gpt-4o", **body}, timeout=10)
    response.raise_for_status()
    return response.json()

def stream(path, **body):
    body = {"model": "gpt-4o", "stream": True, **body}
    with session.post(f"{API}/{path}", json=body, stream=True, timeout=10) as response:
        lines = [line.removeprefix("data: ") for line in response.iter_lines(decode_unicode=True)]
    return [json.loads(line) for line in lines if line.startswith("{")]

def test_error_that_an_adapter_retries(fake_llm):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert ask("responses", input="hi")["output"][0]["content"][0]["text"] == "Hello!"

def test_error(fake_llm):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(requests.HTTPError) as caught:
        ask("responses", input="hi")

    assert caught.value.response.json()["error"]["message"] == "No."
"""


def test_requests(run_tests):
    run_tests("requests", CODE + TESTS, passed=7)
