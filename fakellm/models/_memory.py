"""Remembered content that an agent adds to what it tells the model."""

from enum import Enum
from typing import Any

from pydantic import field_serializer

from fakellm.models._image import Image
from fakellm.models._lazy import LazyModel


class MemoryMimeType(Enum):
    """Kinds of content in a memory."""

    TEXT = "text/plain"
    JSON = "application/json"
    MARKDOWN = "text/markdown"
    IMAGE = "image/*"
    BINARY = "application/octet-stream"


class MemoryContent(LazyModel):
    """One remembered item.

    `content`: the item itself; `mime_type`: its kind, in JSON always the plain string; `metadata`: whatever
    the memory store knows about it, such as a score.
    """

    content: str | bytes | dict[str, Any] | Image
    mime_type: MemoryMimeType | str
    metadata: dict[str, Any] | None = None

    @field_serializer("mime_type")
    def _serialize_mime_type(self, mime_type: MemoryMimeType | str) -> str:
        return mime_type.value if isinstance(mime_type, MemoryMimeType) else mime_type
