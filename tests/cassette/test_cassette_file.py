"""Cassette files on the disk."""

from contextlib import suppress

import pytest
from cassette_text import cassette, interaction

from fakellm._cassette.file import read_cassette
from fakellm._errors import CassetteError, CassetteFormatError, CassetteNotFoundError


def test_file_is_read(write):
    path = write(cassette(interaction(), interaction()))

    assert [found.number for found in read_cassette(path)] == [1, 2]


def test_path_may_be_text(write):
    path = write(cassette(interaction()))

    assert len(read_cassette(str(path))) == 1


def test_byte_order_mark_is_passed_over(write):
    path = write(b"\xef\xbb\xbf" + cassette(interaction()).encode())

    assert len(read_cassette(path)) == 1


def test_byte_order_mark_before_json_is_passed_over(write):
    path = write(b'\xef\xbb\xbf{"interactions": []}')

    assert read_cassette(path) == []


def test_windows_line_ends_are_read(write):
    path = write(cassette(interaction()).replace("\n", "\r\n"))

    assert read_cassette(path)[0].response.body == b"ok"


def test_missing_file_is_named(tmp_path):
    path = tmp_path / "nowhere.yaml"

    with pytest.raises(CassetteNotFoundError) as caught:
        read_cassette(path)

    assert str(caught.value) == (
        f"there is no cassette at {path}\n  to record one: use_cassette('{path}', mode='once')"
    )


def test_missing_file_is_told_with_the_nearest_name(write, tmp_path):
    write(cassette(), name="test_weather.yaml")
    path = tmp_path / "test_whether.yaml"

    with pytest.raises(CassetteNotFoundError) as caught:
        read_cassette(path)

    assert str(caught.value) == (
        f"there is no cassette at {path}\n"
        "  the nearest name there: test_weather.yaml\n"
        f"  to record one: use_cassette('{path}', mode='once')"
    )


def test_file_in_a_missing_folder_is_missing(tmp_path):
    with pytest.raises(CassetteNotFoundError, match="there is no cassette at"):
        read_cassette(tmp_path / "none" / "session.yaml")


@pytest.mark.parametrize("kind", [FileNotFoundError, CassetteError])
def test_missing_file_is_both_kinds_of_error(tmp_path, kind):
    with pytest.raises(kind):
        read_cassette(tmp_path / "nowhere.yaml")


def test_folder_is_refused(tmp_path):
    with pytest.raises(CassetteFormatError) as caught:
        read_cassette(tmp_path)

    assert str(caught.value) == f"{tmp_path}: cannot be read: Is a directory"


def test_file_used_as_a_folder_is_refused(write):
    path = write("") / "session.yaml"

    with pytest.raises(CassetteFormatError) as caught:
        read_cassette(path)

    assert str(caught.value) == f"{path}: cannot be read: Not a directory"


@pytest.mark.parametrize("data", [b"a: 1\nb: \xff\n", "a: 1\nb: é\n".encode("latin-1")])
def test_text_that_is_not_utf8_is_refused_with_its_line(write, data):
    path = write(data)

    with pytest.raises(CassetteFormatError) as caught:
        read_cassette(path)

    assert str(caught.value) == f"{path}:2: not UTF-8 text"


def test_damaged_file_is_named(write):
    path = write("interactions:\n- request: [\n")

    with pytest.raises(CassetteFormatError) as caught:
        read_cassette(path)

    assert str(caught.value) == f"{path}:3: not valid YAML: did not find expected node content"


@pytest.mark.parametrize("cut", range(1, 9))
def test_file_cut_anywhere_is_read_or_refused(write, cut):
    text = cassette(interaction(response="parsed_body: {a: [1, 'b', \"c\"]}"), interaction())
    path = write(text[: len(text) * cut // 9])

    with suppress(CassetteFormatError):
        assert len(read_cassette(path)) in (1, 2)
