import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fakellm._errors import UsageError
from fakellm.models import Image, UserMessage

# One red pixel; the PNG that Pillow writes for it may differ in its compression.
RED = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
HELLO = "aGVsbG8="  # base64 of "hello"


def test_without_pillow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(UsageError, match=r"pip install 'fakellm-toolkit\[images\]'") as caught:
        Image.from_base64(RED)

    assert isinstance(caught.value.__cause__, ImportError)


def test_without_pillow_text_parts_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    assert UserMessage(content=["a"], source="user").content == ["a"]


def test_without_pillow_a_message_with_an_image_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(UsageError, match="fakellm-toolkit"):
        UserMessage.model_validate({"content": [{"data": RED}], "source": "user"})


@pytest.fixture
def pillow() -> Any:
    return pytest.importorskip("PIL.Image")


@pytest.mark.usefixtures("pillow")
class TestWithPillow:
    def test_pictures_become_rgb(self, pillow: Any) -> None:
        image = Image(pillow.new("RGBA", (2, 3), (255, 0, 0, 128)))

        assert (image.image.mode, image.image.size, image.image.getpixel((0, 0))) == (
            "RGB",
            (2, 3),
            (255, 0, 0),
        )

    def test_from_pil_wraps_a_picture(self, pillow: Any) -> None:
        assert Image.from_pil(pillow.new("L", (2, 3))).image.mode == "RGB"

    def test_from_base64_decodes(self) -> None:
        assert Image.from_base64(RED).image.getpixel((0, 0)) == (255, 0, 0)

    @pytest.mark.parametrize("kind", ["PNG", "GIF"])
    def test_from_file_reads_any_format(self, pillow: Any, tmp_path: Path, kind: str) -> None:
        pillow.new("RGB", (4, 5)).save(tmp_path / "picture", kind)

        assert Image.from_file(tmp_path / "picture").image.size == (4, 5)

    @pytest.mark.parametrize("kind", ["png", "jpeg"])
    def test_from_uri_takes_png_and_jpeg(self, kind: str) -> None:
        assert Image.from_uri(f"data:image/{kind};base64,{RED}").image.size == (1, 1)

    @pytest.mark.parametrize("uri", ["", "https://a.b/c.png", f"data:image/gif;base64,{RED}", f" {RED}"])
    def test_from_uri_rejects_others(self, uri: str) -> None:
        with pytest.raises(ValueError, match="not a data URI of a PNG or JPEG picture"):
            Image.from_uri(uri)

    def test_data_uri_is_always_png(self) -> None:
        uri = Image.from_base64(RED).data_uri

        assert uri.startswith("data:image/png;base64,iVBORw0KGgo")

    def test_openai_format_is_a_content_part(self) -> None:
        image = Image.from_base64(RED)

        assert image.to_openai_format("low") == {
            "type": "image_url",
            "image_url": {"url": image.data_uri, "detail": "low"},
        }

    def test_notebooks_show_it(self) -> None:
        html = Image.from_base64(RED)._repr_html_()

        assert html.startswith('<img src="data:image/png;base64,')
        assert html.endswith('"/>')

    def test_equality_is_identity(self) -> None:
        image = Image.from_base64(RED)

        assert image == image  # the point of the test
        assert image != Image.from_base64(RED)

    def test_it_is_a_dict_in_json(self) -> None:
        message = UserMessage(content=["look", Image.from_base64(RED)], source="user")

        part = message.model_dump(mode="json")["content"][1]

        assert list(part) == ["data"]
        assert part["data"].startswith("iVBORw0KGgo")

    def test_json_text_with_text_and_image_loads(self) -> None:
        written = UserMessage(content=["look", Image.from_base64(RED)], source="user").model_dump_json()

        read = UserMessage.model_validate_json(written)

        assert read.content[0] == "look"
        assert isinstance(read.content[1], Image)

    def test_an_instance_is_kept_as_it_is(self) -> None:
        image = Image.from_base64(RED)

        assert UserMessage(content=[image], source="user").content[0] is image

    def test_bytes_of_base64_are_accepted(self) -> None:
        assert TypeAdapter(Image).validate_python({"data": RED.encode()}).image.size == (1, 1)

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            (5, "expected an image or a dict with its base64 under 'data', got <class 'int'>"),
            ("text", "expected an image or a dict"),
            (None, "expected an image or a dict"),
            ({}, "expected the base64 text of a picture under 'data', got None"),
            ({"data": 5}, "expected the base64 text of a picture under 'data', got 5"),
            ({"data": "abc"}, "'data' is not base64"),
            ({"data": HELLO}, "'data' is not a picture"),
            ({"data": RED[:60]}, "'data' is not a picture"),
        ],
    )
    def test_anything_else_is_a_validation_error(self, value: Any, reason: str) -> None:
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(Image).validate_python(value)

        assert reason in str(caught.value)

    def test_json_schema_is_open(self) -> None:
        assert TypeAdapter(Image).json_schema() == {}
