"""`fakellm.models.Image` against AutoGen's."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fakellm.models import Image

autogen_core = pytest.importorskip("autogen_core")
pillow = pytest.importorskip("PIL.Image")

# One red pixel.
RED = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"


def outcome(action: Callable[[], Any]) -> Any:
    """Give what an action returns, or what it raises."""
    try:
        return action()
    except Exception as err:
        return type(err)


def encoded(kind: str) -> str:
    picture = io.BytesIO()
    pillow.new("RGBA", (3, 2), (10, 20, 30, 40)).convert("RGB" if kind == "JPEG" else "RGBA").save(picture, kind)
    return base64.b64encode(picture.getvalue()).decode()


URIS = [
    f"data:image/png;base64,{RED}",
    f"data:image/jpeg;base64,{RED}",
    f"data:image/gif;base64,{RED}",
    f" data:image/png;base64,{RED}",
    f"DATA:image/png;base64,{RED}",
    "data:image/png;base64,",
    "data:image/png;base64,####",
    "data:image/png;base64,abc",
    "https://example.com/a.png",
    "",
]


@pytest.mark.parametrize("uri", URIS)
def test_images_come_from_the_same_uris(uri: str) -> None:
    assert outcome(lambda: Image.from_uri(uri).to_base64()) == outcome(
        lambda: autogen_core.Image.from_uri(uri).to_base64()
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_images_of_every_format_agree(kind: str, tmp_path: Path) -> None:
    data = encoded(kind)
    (tmp_path / "picture").write_bytes(base64.b64decode(data))

    def facts(image_class: Any) -> Any:
        image = image_class.from_base64(data)
        return (
            image.image.mode,
            image.to_base64(),
            image.data_uri,
            image.to_openai_format(),
            image.to_openai_format("low"),
            image._repr_html_(),
            image_class.from_pil(image.image).to_base64(),
            image == image_class.from_base64(data),
            TypeAdapter(image_class).dump_python(image),
            TypeAdapter(image_class).json_schema(),
            TypeAdapter(image_class).validate_python({"data": data, "more": 1}).to_base64(),
        )

    assert facts(Image) == facts(autogen_core.Image)
    # Not from_file there: AutoGen leaves the file of an animation open.
    read = Image.from_file(tmp_path / "picture")
    assert read.to_base64() == autogen_core.Image.from_base64(data).to_base64()


@pytest.mark.parametrize("value", [{}, {"data": None}, {"data": "abc"}])
def test_images_reject_the_same_dicts(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(autogen_core.Image).validate_python(value)
    with pytest.raises(ValidationError):
        TypeAdapter(Image).validate_python(value)


@pytest.mark.parametrize(
    ("value", "escapes"),
    [
        (5, TypeError),
        ("text", TypeError),
        (None, TypeError),
        ({"data": 5}, TypeError),
        ({"data": "aGVsbG8="}, OSError),
    ],
)
def test_what_escapes_from_pydantic_there_is_a_validation_error_here(value: Any, escapes: Any) -> None:
    with pytest.raises(escapes):
        TypeAdapter(autogen_core.Image).validate_python(value)
    with pytest.raises(ValidationError):
        TypeAdapter(Image).validate_python(value)
