"""Redaction takes time in proportion to the text, whatever the text is made of.

Each text is one that begins what a pattern looks for again and again. Time that grew with the square of it would be
minutes at this size; linear, it is well below a second.
"""

import contextlib
import time

import pytest

from fakellm._cassette.redact import Redactor
from fakellm._cassette.scan import check_no_secrets
from fakellm._cassette.shapes import SHAPES
from fakellm._errors import UnredactedSecretError
from fakellm._secret_names import stems

SIZE = 150_000
SECONDS = 4

PREFIXES = sorted({shape.prefix for shape in SHAPES})
NAMES = ["password", "cookie"]
BEHIND_A_NAME = [
    "=", ":", '="', '=\\"', "='", ' = "x', '":"', "': '", r"\":\"", "=a", "=1", "=a1b2c3d4:", ":a1b2c3d4e5:",
    ": Bearer ",
    "=x;", ",", '", "', "('", ">", "> <", " ", "\n", "_", "-", ".", "%5B", "\\", "\\n", "=x&", "?", ":\n ",
    '","value":"',
]  # fmt: skip
PARTS = [
    'content-disposition: form-data; name="password\r\n',
    'content-disposition: form-data; name="password"\r\n',
    'content-disposition: form-data; name="password"\r\n\r\n',
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN A", "PuTTY-User-Key-File-2", "bearer ",
    "Basic aaaaaaaa", "://", "://a@", "://a", "@", "-u a:",
    "-u a", "?code=", "?a=", "&key", "&", "_eyJAAAAAAAA", "eyJAAAAAAAA.", "eyJAAAAAAAA.eyJ", "eyJAAAAAAAA..",
    "A", "\\", '\\"', '"', "==",
    "a=", "data:{", "{", "[", "\n", " ", "\\u0041", "é", "0", "*", "sk-a", "xoxa-", "é=",
]  # fmt: skip


def spent(text):
    start = time.process_time()
    redacted = Redactor(["Correct/Horse+Battery9"]).body(text.encode())
    with contextlib.suppress(UnredactedSecretError):  # what was put together at random may be one
        check_no_secrets(redacted.decode(), path="x.yaml")
    return time.process_time() - start


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("behind", ["A1b2C3d4"])
def test_prefixes_of_shapes_take_linear_time(prefix, behind):
    assert spent((prefix + behind) * (SIZE // len(prefix + behind))) < SECONDS


@pytest.mark.parametrize("behind", BEHIND_A_NAME)
@pytest.mark.parametrize("name", NAMES)
def test_names_take_linear_time(name, behind):
    assert spent((name + behind) * (SIZE // len(name + behind))) < SECONDS


@pytest.mark.parametrize("part", [*PARTS, *stems()])
def test_beginnings_of_notations_take_linear_time(part):
    assert spent(part * (SIZE // len(part))) < SECONDS


def test_quotes_of_growing_depth_take_linear_time():
    text = "".join(f"password={chr(92) * (n % 40)}{quote}" for n in range(SIZE // 30) for quote in "\"'`")

    assert spent(text) < SECONDS
