"""What a dialect of your own is made of: ``FakeLLM(dialects=[...])`` speaks it beside the others, and asks it first.

For an API that no client library speaks, such as a company's gateway. Subclass ``Dialect``: claim its paths, read a
request into chat's form, say an answer in the API's own, hear one. All else works on it as on the others: conditions,
journal, transcript, faults, ``explore``, recordings.
"""

from __future__ import annotations

from fakellm._wire.answer import (
    Choice,
    Completion,
    WireReasoning,
    WireText,
    WireToolCall,
    json_answer,
    stream_head,
)
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim, Traffic
from fakellm._wire.dialect import Dialect, Strictness
from fakellm._wire.errors import ErrorBody, Rejected, ScriptedError
from fakellm._wire.events import Data, Head, WireEvent, WireRequest
from fakellm._wire.identity import Identity
from fakellm._wire.provider import Provider
from fakellm._wire.reader import Reader
from fakellm._wire.sse import SSEDecoder, encode_event
from fakellm._wire.voice import Heard, Marks

__all__ = [
    "ChatRequest",
    "Choice",
    "Claim",
    "Completion",
    "Data",
    "Dialect",
    "ErrorBody",
    "Head",
    "Heard",
    "Identity",
    "Marks",
    "Provider",
    "Reader",
    "Rejected",
    "SSEDecoder",
    "ScriptedError",
    "Strictness",
    "Traffic",
    "WireEvent",
    "WireReasoning",
    "WireRequest",
    "WireText",
    "WireToolCall",
    "encode_event",
    "json_answer",
    "stream_head",
]
