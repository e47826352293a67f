"""Packed vocabularies: every token is found both ways, and a damaged file says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fakellm
from fakellm import FakeLLMError
from fakellm.tokens import _vocabulary
from fakellm.tokens._vocabulary import NO_RANK, Vocabulary, pack, read_shipped

PACKED = pack([b"a", b"b", b"ab", b"\0", b"\0\0"])
REINSTALL = "; reinstall it: python -m pip install --force-reinstall fakellm-toolkit"
DAMAGED = [
    (b"", "it does not begin as one"),
    (b"YQ== 0\nYg== 1\n", "it does not begin as one"),
    (b"fakellm\0", "it does not begin as one"),
    (PACKED[:8] + b"\2" + PACKED[9:], "it has version 2, expected 1"),
    (PACKED[:-1], f"it has {len(PACKED) - 1} bytes, expected {len(PACKED)}"),
    (PACKED + b"x", f"it has {len(PACKED) + 1} bytes, expected {len(PACKED)}"),
]


def shipped(name: str) -> Vocabulary:
    return Vocabulary(read_shipped(f"{name}.vocabulary"), name)


@pytest.mark.parametrize(("name", "size"), [("cl100k_base", 100_256), ("o200k_base", 199_998)])
def test_every_token_is_found_by_bytes_and_by_rank(name, size):
    vocabulary = shipped(name)

    tokens = vocabulary.tokens()

    assert len(vocabulary) == len(tokens) == size
    assert all(vocabulary.rank(token) == rank for rank, token in enumerate(tokens))
    assert all(vocabulary.token(rank) == token for rank, token in enumerate(tokens))


@given(st.lists(st.binary(min_size=1, max_size=9), unique=True), st.binary(max_size=9))
def test_packed_tokens_are_found_and_no_others(tokens, other):
    vocabulary = Vocabulary(pack(tokens), "test")

    assert vocabulary.tokens() == tokens
    assert [vocabulary.rank(token) for token in tokens] == list(range(len(tokens)))
    assert vocabulary.rank(other) == (tokens.index(other) if other in tokens else NO_RANK)


@pytest.mark.parametrize("rank", [-1, 100_256, NO_RANK])
def test_rank_that_there_is_not_is_an_index_error(rank):
    with pytest.raises(IndexError):
        shipped("cl100k_base").token(rank)


@pytest.mark.parametrize(("data", "problem"), DAMAGED)
def test_file_that_is_no_vocabulary_is_refused(data, problem):
    with pytest.raises(FakeLLMError) as caught:
        Vocabulary(data, "some.vocabulary")

    assert str(caught.value) == (f"some.vocabulary: not a vocabulary of this release of fakellm: {problem}{REINSTALL}")


def test_changed_byte_is_found_when_all_tokens_are_read():
    vocabulary = Vocabulary(PACKED[:-1] + b"x", "some.vocabulary")

    with pytest.raises(FakeLLMError, match=r"some\.vocabulary: .*: its checksum does not match; reinstall"):
        vocabulary.tokens()


def test_search_in_a_damaged_table_ends():
    slots = PACKED[:32] + b"\1\0\0\0" * ((len(PACKED) - 32) // 4)
    vocabulary = Vocabulary(slots.ljust(len(PACKED), b"\0"), "some.vocabulary")

    with pytest.raises(FakeLLMError, match="a search leads out of it"):
        vocabulary.rank(b"zz")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.unlink(), "it cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "it has 1646334 bytes, expected 1646434"),
    ],
    ids=["emptied", "deleted", "cut"],
)
def test_damaged_installation_says_what_to_type(tmp_path, change, problem):
    copy = tmp_path / "fakellm"
    shutil.copytree(Path(fakellm.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    change(copy / "tokens" / "vocabularies" / "cl100k_base.vocabulary")

    done = in_fresh_process("print(fakellm.tokens.count('hello', model='gpt-4'))", tmp_path)

    assert f": not a vocabulary of this release of fakellm: {problem}{REINSTALL}" in done.stderr
    assert "cl100k_base" in done.stderr


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """A folder of vocabularies that is looked into first, and holds none."""
    folder = tmp_path / "vocabularies"
    folder.mkdir()
    monkeypatch.setattr(_vocabulary, "__file__", str(tmp_path / "_vocabulary.py"))
    return folder


def test_empty_file_is_refused(elsewhere):
    (elsewhere / "some.vocabulary").touch()

    with pytest.raises(FakeLLMError, match=r"some\.vocabulary: not a vocabulary .*: it is empty; reinstall"):
        read_shipped("some.vocabulary")


def test_file_that_is_not_on_disk_comes_from_the_loader(elsewhere):
    data = read_shipped("cl100k_base.vocabulary")

    assert isinstance(data, bytes)
    assert Vocabulary(data, "cl100k_base").rank(b"hello") == 15339


@pytest.mark.parametrize("loaded", [None, FileNotFoundError("not there")])
def test_file_that_the_loader_does_not_have_either_is_refused(elsewhere, monkeypatch, loaded):
    def get_data(package, resource):
        if loaded is not None:
            raise loaded

    monkeypatch.setattr("pkgutil.get_data", get_data)

    with pytest.raises(FakeLLMError, match=r"some\.vocabulary: not a vocabulary .*: it cannot be read; reinstall"):
        read_shipped("some.vocabulary")


def test_package_in_a_zip_file_counts(tmp_path):
    package = Path(fakellm.__file__).parent
    with zipfile.ZipFile(tmp_path / "packages.zip", "w") as archive:
        for file in [*package.glob("*.py"), *(package / "tokens").rglob("*.*")]:
            archive.write(file, file.relative_to(package.parent))

    done = in_fresh_process("print(fakellm.tokens.count('你好, world!', model='gpt-4'))", tmp_path / "packages.zip")

    assert (done.stdout, done.stderr) == ("5\n", "")


@pytest.mark.skipif(sys.byteorder == "big", reason="the machine reads them the other way indeed")
def test_numbers_are_turned_round_where_the_machine_reads_them_the_other_way(monkeypatch):
    monkeypatch.setattr(_vocabulary.sys, "byteorder", "big")

    assert list(_vocabulary._numbers(memoryview(b"\0\0\0\1\0\0\2\0"))) == [1, 512]


def in_fresh_process(code: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run code with fakellm taken from a path."""
    code = f"import sys; sys.path.insert(0, {str(path)!r}); import fakellm.tokens; {code}"
    return subprocess.run([sys.executable, "-c", code], cwd=path.parent, capture_output=True, text=True, check=False)
