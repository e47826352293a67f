"""The command ``fakellm tokens``."""

from __future__ import annotations

import io
import sys

import pytest

from fakellm._commands.main import main


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    """hello.txt and 你好.txt in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello.txt").write_bytes(b"hello world\r\n")
    (tmp_path / "你好.txt").write_text("你好，AutoGen！", encoding="utf-8")
    return ["hello.txt", "你好.txt"]


@pytest.mark.parametrize(
    ("options", "tokens"),
    [
        ([], "5\n"),
        (["--model", "gpt-4o"], "5\n"),
        (["--model", "gpt-4"], "6\n"),
        (["--encoding", "cl100k_base"], "6\n"),
    ],
)
def test_text_is_counted(capsys, options, tokens):
    assert main(["tokens", *options, "--text", "你好，AutoGen！"]) == 0

    assert capsys.readouterr().out == tokens


def test_standard_input_is_counted(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("你好".encode())))

    assert main(["tokens", "--model", "gpt-4"]) == 0

    assert capsys.readouterr().out == "2\n"


def test_terminal_is_told_what_is_waited_for(capsys, monkeypatch):
    typed = io.TextIOWrapper(io.BytesIO("你好".encode()))
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", typed)

    assert main(["tokens"]) == 0

    out, err = capsys.readouterr()
    assert out == "1\n"
    assert err == ("type the text to count, then Enter and Ctrl-D (Windows: Ctrl-Z and Enter)\n")


def test_pipe_is_not_told_what_is_waited_for(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"hi")))

    main(["tokens"])

    assert capsys.readouterr().err == ""


def test_file_is_counted_with_its_line_ends(capsys, two_files):
    assert main(["tokens", "hello.txt"]) == 0

    assert capsys.readouterr().out == "3\n"


def test_several_files_make_a_table_with_a_total(capsys, two_files):
    assert main(["tokens", *two_files]) == 0

    rows = [line.strip("│ ").split("│") for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [["hello.txt", "3"], ["你好.txt", "5"], ["total", "8"]]


def test_unknown_model_is_counted_with_a_warning(capsys, caplog):
    assert main(["tokens", "--model", "qwen/qwen3-14b:free", "--text", "你好，AutoGen！"]) == 0

    assert capsys.readouterr().out == "6\n"
    assert caplog.messages == ["Model qwen/qwen3-14b:free not found. Using cl100k_base encoding."]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.txt"], "fakellm: missing.txt: No such file or directory\n"),
        (["hello.txt", "--text", "hi"], "fakellm: count either files or a --text, not both\n"),
        (["latin1.txt"], "fakellm: latin1.txt: byte 2 is not UTF-8, which tokens are made of\n"),
    ],
)
def test_what_cannot_be_counted_exits_with_2(capsys, two_files, tmp_path, arguments, message):
    (tmp_path / "latin1.txt").write_bytes(b"na\xefve")

    assert main(["tokens", *arguments]) == 2

    assert capsys.readouterr().err == message


def test_model_and_encoding_exclude_each_other(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["tokens", "--model", "gpt-4o", "--encoding", "o200k_base"])

    assert caught.value.code == 2
    assert "argument --encoding: not allowed with argument --model" in capsys.readouterr().err


def test_help_names_the_options(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["tokens", "--help"])

    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert [word for word in ("--model", "--encoding", "--text", "FILE") if word not in out] == []
