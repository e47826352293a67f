import pytest

from fakellm.models import MemoryContent, MemoryMimeType


@pytest.mark.parametrize("mime_type", [MemoryMimeType.MARKDOWN, "text/markdown"])
def test_mime_type_is_written_as_its_string(mime_type: MemoryMimeType | str) -> None:
    memory = MemoryContent(content="# Paris", mime_type=mime_type)

    assert memory.model_dump() == {"content": "# Paris", "mime_type": "text/markdown", "metadata": None}


def test_known_mime_type_is_read_as_the_string_it_is() -> None:
    memory = MemoryContent.model_validate({"content": "a", "mime_type": "text/plain"})

    assert memory.mime_type == "text/plain"


def test_unknown_mime_type_is_kept() -> None:
    assert MemoryContent(content="a", mime_type="text/x-own").mime_type == "text/x-own"


@pytest.mark.parametrize("content", ["text", b"\x00\x01", {"key": 1}, {"data": 5}])
def test_content_keeps_its_type(content: object) -> None:
    assert MemoryContent.model_validate({"content": content, "mime_type": "x/y"}).content == content


def test_mime_types_are_no_strings() -> None:
    assert repr(MemoryMimeType.TEXT) == "<MemoryMimeType.TEXT: 'text/plain'>"
    assert not isinstance(MemoryMimeType.TEXT, str)
