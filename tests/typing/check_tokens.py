"""What type checkers see of ``fakellm.tokens``; checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from fakellm import tokens
from fakellm.tokens import Encoding


def counting() -> None:
    assert_type(tokens.count("hello", model="gpt-4o"), int)
    assert_type(tokens.count("hello", encoding="o200k_base"), int)


def encodings() -> None:
    assert_type(tokens.encoding_for_model("gpt-4o"), Encoding)
    assert_type(tokens.encoding_for_model("gpt-4o", default="cl100k_base"), Encoding)
    assert_type(tokens.encoding_for_model("gpt-4o", default=None), Encoding | None)


def using(encoding: Encoding) -> None:
    assert_type(encoding.encode("hello"), list[int])
    assert_type(encoding.decode([1, 2]), str)
    assert_type(encoding.decode_bytes([1, 2]), bytes)
    assert_type(encoding.split("hello"), tuple[str, ...])
