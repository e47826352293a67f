"""Pictures inside messages. Pillow, an extra of the distribution, is imported when a picture is handled."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from fakellm._errors import UsageError

if TYPE_CHECKING:
    from PIL import Image as PillowModule

_URI_PREFIXES = ("data:image/png;base64,", "data:image/jpeg;base64,")
_NO_PILLOW = "an image is being decoded, but Pillow is not installed; type: pip install 'fakellm-toolkit[images]'"


class Image:
    """A picture, held as a decoded RGB bitmap in `image` (a `PIL.Image.Image`).

    In JSON it is `{"data": <base64 of a PNG>}`, whatever format it came from. Two images are equal only when
    they are the same object.

    >>> Image.from_file(Path("cat.jpg")).data_uri  # doctest: +SKIP
    'data:image/png;base64,iVBORw0KGgo...'
    """

    def __init__(self, image: "PillowModule.Image") -> None:
        """Keep an RGB copy of a Pillow image; transparency is dropped."""
        self.image: PillowModule.Image = image.convert("RGB")

    @classmethod
    def from_pil(cls, pil_image: "PillowModule.Image") -> Self:
        """Wrap a Pillow image."""
        return cls(pil_image)

    @classmethod
    def from_file(cls, file_path: Path) -> Self:
        """Read a picture file of any format Pillow knows.

        Raises: UsageError without Pillow; OSError when the file is missing or is not a picture.
        """
        with _pillow().open(file_path) as picture:  # an animation would keep the file open
            return cls(picture)

    @classmethod
    def from_base64(cls, base64_str: str) -> Self:
        """Decode the base64 text of a picture file.

        Raises: UsageError without Pillow; ValueError when it is not base64; OSError when it is not a picture.
        """
        from io import BytesIO

        return cls(_pillow().open(BytesIO(base64.b64decode(base64_str))))

    @classmethod
    def from_uri(cls, uri: str) -> Self:
        """Decode a `data:image/png;base64,...` or `data:image/jpeg;base64,...` URI.

        Raises: ValueError for any other URI; otherwise as `from_base64`.
        """
        for prefix in _URI_PREFIXES:
            if uri.startswith(prefix):
                return cls.from_base64(uri.removeprefix(prefix))
        raise ValueError(
            f"not a data URI of a PNG or JPEG picture: {uri[:40]!r}; it has to start with "
            f"{_URI_PREFIXES[0]!r} or {_URI_PREFIXES[1]!r}"
        )

    def to_base64(self) -> str:
        """Encode as PNG and give its base64 text."""
        from io import BytesIO

        png = BytesIO()
        self.image.save(png, format="PNG")
        return base64.b64encode(png.getvalue()).decode("ascii")

    @property
    def data_uri(self) -> str:
        """The picture as a `data:` URI; always PNG, which is what `to_base64` writes."""
        return _URI_PREFIXES[0] + self.to_base64()

    def to_openai_format(self, detail: Literal["auto", "low", "high"] = "auto") -> dict[str, Any]:
        """Write the content part of a chat completions request that shows the picture.

        `detail`: how closely the model is to look, which decides the price.
        Source: https://platform.openai.com/docs/api-reference/chat/create
        """
        return {"type": "image_url", "image_url": {"url": self.data_uri, "detail": detail}}

    def _repr_html_(self) -> str:
        return f'<img src="{self.data_uri}"/>'

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept an instance or `{"data": base64}`, write the latter; the JSON schema is `{}`."""
        return core_schema.no_info_after_validator_function(
            cls._validated,
            core_schema.any_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(_dump),
        )

    @classmethod
    def _validated(cls, value: Any) -> "Image":
        # Only a ValueError becomes a ValidationError; others would escape from a union of str and Image.
        if isinstance(value, cls):
            return value
        if not isinstance(value, dict):
            raise ValueError(f"expected an image or a dict with its base64 under 'data', got {type(value)}")
        data = value.get("data")
        if not isinstance(data, str | bytes):
            raise ValueError(f"expected the base64 text of a picture under 'data', got {data!r}")
        return cls._decoded(data)

    @classmethod
    def _decoded(cls, data: str | bytes) -> "Image":
        try:
            return cls.from_base64(data if isinstance(data, str) else data.decode("ascii"))
        except binascii.Error as err:
            raise ValueError(f"'data' is not base64: {err}") from err
        except (OSError, SyntaxError) as err:  # Pillow raises SyntaxError for a PNG with broken chunks
            raise ValueError(f"'data' is not a picture: {err}") from err


def _dump(image: Image) -> dict[str, str]:
    return {"data": image.to_base64()}


def _pillow() -> Any:
    # Imported here: Pillow is optional and costs more than the rest of this package together.
    try:
        from PIL import Image as pillow  # noqa: N813  # a module, in spite of its name
    except ImportError as err:
        raise UsageError(_NO_PILLOW) from err
    return pillow
