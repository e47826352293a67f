"""Encrypted contents: the seals that the fake puts on what it thinks, in the form of OpenAI's.

A seal is base64url of a Fernet token: the version 0x80, a time, 16 bytes, text in blocks of 16, a digest of 32. The
fake's own bear a mark in two places, so that a changed one is still known as its own.
Source: 115 encrypted contents recorded from api.openai.com, of 57 bytes more than a multiple of 16; the form is
https://github.com/fernet/spec/blob/master/Spec.md.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

from fakellm._wire.canonical import digest
from fakellm._wire.identity import CREATED

__all__ = ["seal"]

_MARK = b"fakellm's seal  "
_BLOCKS = 17  # with the mark: the shortest recorded one has 329 bytes


def seal(item_id: str, text: str, stage: str = "") -> str:
    """Return the seal of a reasoning item. stage: in which event it is sent, since each has its own."""
    digests = (digest(item_id, text, stage, str(block)) for block in range(_BLOCKS))
    head = b"\x80" + CREATED.to_bytes(8) + _MARK
    body = head + b"".join(digests) + _MARK
    return urlsafe_b64encode(body + _tag(body, item_id)).decode()


def _tag(body: bytes, item_id: str) -> bytes:
    """Return what binds a seal to its content and to its item."""
    return digest(body, item_id, size=32)
