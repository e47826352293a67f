"""The size of an image, from the bytes of its header and from real files."""

from __future__ import annotations

import base64
import io
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakellm.tokens._image_size import data_uri_size, image_size

PNG = b"\x89PNG\r\n\x1a\n" + pack(">I4sII", 13, b"IHDR", 300, 200)
GIF = b"GIF89a" + pack("<HH", 300, 200)
FRAME = pack(">HHBHH", 0xFFC2, 17, 8, 200, 300)
JPEG = b"\xff\xd8" + pack(">HH", 0xFFE0, 4) + b"ab" + pack(">HH", 0xFFC4, 2) + b"\xff" + FRAME
LOSSY = b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + pack("<HH", 300 | 0x4000, 200)
LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + pack("<I", 299 | 199 << 14 | 1 << 28)
EXTENDED = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + (299).to_bytes(3, "little") + (199).to_bytes(3, "little")


@pytest.mark.parametrize("data", [PNG, GIF, JPEG, LOSSY, LOSSLESS, EXTENDED])
def test_size_is_read_from_the_header(data):
    assert image_size(data) == (300, 200)


@pytest.mark.parametrize("data", [PNG, GIF, JPEG, LOSSY, LOSSLESS, EXTENDED])
def test_header_that_ends_too_early_has_no_size(data):
    assert [image_size(data[:length]) for length in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain text",
        PNG[:16] + pack(">II", 0, 200),
        b"RIFF\0\0\0\0WAVEfmt " + bytes(20),
        b"\xff\xd8" + pack(">HH", 0xFFE0, 1) + bytes(20),
        b"\xff\xd8" + bytes(20),
    ],
)
def test_what_is_no_image_has_no_size(data):
    assert image_size(data) is None


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"GIF8", b"RIFF\0\0\0\0WEBPVP8X"]), st.binary(max_size=60))
def test_any_bytes_have_a_size_or_none(signature, rest):
    size = image_size(signature + rest)

    assert size is None or (size[0] > 0 and size[1] > 0)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_size_of_a_real_file_is_read(form):
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.new("RGB", (317, 211)).save(file, form)

    assert image_size(file.getvalue()) == (317, 211)


def uri(data, head="data:image/png;base64,"):
    return head + base64.b64encode(data).decode()


@pytest.mark.parametrize("head", ["data:image/png;base64,", "DATA:image/png;name=a;BASE64,", "data:;base64,"])
def test_size_is_read_from_a_data_uri(head):
    assert data_uri_size(uri(PNG, head)) == (300, 200)


def test_jpeg_with_much_metadata_is_read():
    metadata = (pack(">HH", 0xFFE1, 60_002) + bytes(60_000)) * 3

    assert data_uri_size(uri(b"\xff\xd8" + metadata + FRAME)) == (300, 200)


def test_padding_may_be_left_out():
    assert data_uri_size(uri(GIF).rstrip("=")) == (300, 200)


@pytest.mark.parametrize(
    "url",
    ["", "https://example.com/a.png", "data:image/png,raw", "data:;base64,", "data:;base64,ö", "data:;base64,A"],
)
def test_what_holds_no_image_has_no_size(url):
    assert data_uri_size(url) is None
