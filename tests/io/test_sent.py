"""What is read of a request is the same, whether it is taken from where it is kept or asked for."""

from __future__ import annotations

from types import ModuleType

import httpx
import pytest

from fakellm._io import sent as sent_module
from fakellm._io.flavour import installed_modules
from fakellm._io.sent import sent

URLS = [
    "https://api.openai.com/v1/chat/completions",
    "https://user:secret@api.example:8443/v1/a%20b?x=1&y=%C3%BC#end",
    "http://[::1]:8000/v1",
    "https://bücher.example/ü?q=ü",
    "http://host",
]
HEADERS = [
    [("Authorization", "Bearer sk-1"), ("X-Team", "a")],
    [("x-two", "1"), ("X-Two", "2")],
    [("X-Name", "Zoë".encode("latin-1")), ("X-Empty", "")],
]
MODULES = pytest.mark.parametrize("module", installed_modules(), ids=lambda module: module.__name__)


@MODULES
def test_requests_keep_what_is_read(module):
    """Where a new version no longer does, answers are slower, and this is to be looked at."""
    assert sent_module._keeps_what_is_read(module)


class Slotted:
    """What a later version may make of a URL, or of headers."""

    __slots__ = ("_text",)

    def __init__(self, given):
        self._text = given

    def __str__(self):
        return self._text


def test_version_that_keeps_something_else_is_asked():
    module = ModuleType("httpx")
    vars(module).update(vars(httpx), URL=Slotted, Headers=Slotted)

    assert not sent_module._keeps_what_is_read(module)


@MODULES
@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("headers", HEADERS)
def test_request_that_is_asked_says_the_same(module, url, headers, monkeypatch):
    request = module.Request("POST", url, headers=headers, content=b"x")

    kept = sent(module, request, b"x")
    monkeypatch.setattr(sent_module, "_keeps_what_is_read", lambda module: False)
    asked = sent(module, request, b"x")

    assert kept.url == asked.url == str(request.url)
    assert (kept.method, kept.body) == (asked.method, asked.body) == ("POST", b"x")
    assert dict(kept.headers) == dict(asked.headers) == dict(request.headers)
    for name in ["authorization", "x-team", "x-two", "x-name", "x-empty", "host", "missing"]:
        assert kept.headers.get(name) == asked.headers.get(name) == request.headers.get(name)
