"""The command fakellm: exit codes, help, and the table of ``cassette check``."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from importlib.metadata import EntryPoint, PackageNotFoundError

import pytest
from cassette_text import cassette, chat_exchange, interaction

from fakellm._commands import demo
from fakellm._commands import main as command
from fakellm._commands.main import main

GOOD = cassette(chat_exchange("hi", "hello"), interaction())


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """Print as to a terminal of 80 columns without colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into the working directory; give its name."""
    monkeypatch.chdir(tmp_path)

    def write_text(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write_text


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def test_check_of_good_files_prints_a_table(write, capsys):
    names = [write("one.yaml", GOOD), write("two.yaml", cassette(interaction()))]

    code = main(["cassette", "check", *names])

    assert code == 0
    assert lines(capsys.readouterr().out) == [
        "replayed as recorded",
        "┏━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━┳━━━━━━━┳━━━━━━━━┳━━━━━━━━┓",
        "┃          ┃          ┃ httpx ┃ httpx ┃ httpx2 ┃ httpx2 ┃",
        "┃ cassette ┃ recorded ┃  sync ┃ async ┃   sync ┃  async ┃",
        "┡━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━╇━━━━━━━╇━━━━━━━━╇━━━━━━━━┩",
        "│ one.yaml │        2 │     2 │     2 │      2 │      2 │",
        "│ two.yaml │        1 │     1 │     1 │      1 │      1 │",
        "└──────────┴──────────┴───────┴───────┴────────┴────────┘",
        "files: 2, interactions: 3, files with problems: 0",
    ]


def test_check_of_a_damaged_file_says_where(write, capsys):
    name = write("bad.yaml", "interactions:\n- request: [\n")

    code = main(["cassette", "check", name])

    assert code == 1
    assert lines(capsys.readouterr().out)[-3:] == [
        "└──────────┴──────────┴───────┴───────┴────────┴────────┘",
        "bad.yaml:3: not valid YAML: did not find expected node content",
        "files: 1, interactions: 0, files with problems: 1",
    ]


def test_check_of_a_missing_file_says_so(write, capsys):
    write("one.yaml", GOOD)

    code = main(["cassette", "check", "one.yaml", "nowhere.yaml"])

    assert code == 1
    assert lines(capsys.readouterr().out)[-3:] == [
        "there is no cassette at nowhere.yaml",
        "  to record one: use_cassette('nowhere.yaml', mode='once')",
        "files: 2, interactions: 2, files with problems: 1",
    ]


def test_file_that_does_not_load_has_no_counts(write, capsys):
    name = write("bad.yaml", "")

    main(["cassette", "check", name])

    assert "│ bad.yaml │        0 │     - │     - │      - │      - │" in lines(capsys.readouterr().out)


def test_request_that_no_client_can_send_is_a_finding(write, capsys):
    name = write("odd.yaml", cassette(interaction(), interaction(uri="nowhere")))

    code = main(["cassette", "check", name])

    out = lines(capsys.readouterr().out)
    assert code == 1
    assert "│ odd.yaml │        2 │     1 │     1 │      1 │      1 │" in out
    assert out[-5] == "odd.yaml: httpx sync: interaction 2: ValueError: unknown url type: '/nowhere'"


def test_answer_with_another_status_is_a_finding(write, capsys):
    # No client sends this URL as the file writes it, so it is not found again.
    name = write("odd.yaml", cassette(interaction(uri="https://h/a b")))

    code = main(["cassette", "check", name])

    assert code == 1
    assert "odd.yaml: httpx sync: interaction 1: recorded status 200, replayed 404" in lines(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("first", "second", "byte"), [("first", "fist", 2), ("first", "firsT", 4), ("first", "firs", 4), ("", "x", 0)]
)
def test_answer_with_another_body_is_a_finding(write, capsys, first, second, byte):
    # Clients send both requests as the second is written, so its answer is given to the first.
    odd = cassette(
        interaction(uri="https://h/a b", response=f"body: {{string: '{first}'}}"),
        interaction(uri="https://h/a%20b", response=f"body: {{string: '{second}'}}"),
    )
    name = write("odd.yaml", odd)

    code = main(["cassette", "check", name])

    problem = f"odd.yaml: httpx sync: interaction 1: the body differs from byte {byte} on"
    assert code == 1
    assert problem in lines(capsys.readouterr().out)


def test_answer_to_a_request_that_should_be_unknown_is_a_finding(write, capsys):
    # The request that the check makes up, recorded with a header that no client sends.
    known = interaction(
        uri="https://api.openai.com/v1/chat/completions?not=recorded",
        request="""headers: {content-type: [é]}\nbody: '{"not": "recorded"}'""",
    )
    name = write("odd.yaml", cassette(known))

    code = main(["cassette", "check", name])

    out = lines(capsys.readouterr().out)
    assert code == 1
    assert "odd.yaml: httpx async: a request that is not in the file was answered" in out


@pytest.mark.parametrize("name", ["test[red].yaml", "test_:boom:.yaml", "[bold]x.yaml", "\\[x].yaml"])
def test_name_of_a_file_is_shown_as_it_is(write, capsys, name):
    write(name, GOOD)

    main(["cassette", "check", name])

    assert f"│ {name} │" in capsys.readouterr().out


def test_problem_of_a_file_is_shown_as_it_is(write, capsys):
    write("a[red]:boom:.yaml", "")

    main(["cassette", "check", "a[red]:boom:.yaml"])

    assert "a[red]:boom:.yaml:1: not a cassette: there is no list" in capsys.readouterr().out


def test_long_name_is_folded_within_80_columns(write, capsys):
    name = write("test_" + "x" * 120 + ".yaml", GOOD)

    main(["cassette", "check", name])

    assert max(map(len, capsys.readouterr().out.splitlines())) == 80


def test_file_with_compressed_and_strange_bodies_is_equal(write, capsys):
    odd = cassette(
        interaction(response="headers: {content-encoding: [gzip]}\nbody: {string: hi}"),
        interaction(method="GET", request="body: null", response="headers: {x: [é]}\nbody: {string: !!binary //4=}"),
        interaction(
            uri="http://127.0.0.1:1/x?b=2&a=1",
            response="headers: {content-encoding: [br]}\nbody: {string: !!binary /w==}",
        ),
    )
    name = write("odd.yaml", odd)

    assert main(["cassette", "check", name]) == 0


def test_check_of_nothing_cannot_be_carried_out(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["cassette", "check"])

    assert caught.value.code == 2
    assert "the following arguments are required: FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["record"],
            "fakellm: error: there is no command 'record'; there are demo, cassette, tokens, script\n",
        ),
        (
            ["casette"],
            "fakellm: error: there is no command 'casette'; did you mean 'cassette'?\n"
            "  there are demo, cassette, tokens, script\n",
        ),
        (
            ["cassette", "chek"],
            "fakellm cassette: error: there is no verb 'chek'; did you mean 'check'?\n"
            "  there are check, show, redact, prune\n",
        ),
        (
            ["script", "shema"],
            "fakellm script: error: there is no verb 'shema'; did you mean 'schema'?\n  there are check, schema\n",
        ),
        (["demo", "--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_unknown_command_cannot_be_carried_out(capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert message in capsys.readouterr().err


COMMANDS = [
    [],
    ["demo"],
    ["cassette"],
    ["cassette", "check"],
    ["cassette", "show"],
    ["cassette", "redact"],
    ["cassette", "prune"],
    ["tokens"],
    ["script"],
    ["script", "check"],
    ["script", "schema"],
]


def help_of(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--help"])
    assert caught.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (
            [],
            ["usage: fakellm", "Test code that talks to language models, offline.", "demo", "cassette"],
        ),
        (["demo"], ["usage: fakellm demo"]),
        (["cassette"], ["usage: fakellm cassette", "check", "replay every recorded request of each file"]),
        (
            ["cassette", "check"],
            ["usage: fakellm cassette check [-h] [--max-age DAYS] FILE [FILE ...]", "Exits with 1 where anything"],
        ),
        (["script"], ["rules in YAML or JSON that say what the model answers"]),
    ],
)
def test_help_says_what_there_is(capsys, arguments, texts):
    out = help_of(arguments, capsys)

    assert [text for text in texts if text not in out] == []


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_help_describes_the_command(capsys, arguments):
    paragraphs = help_of(arguments, capsys).split("\n\n")

    assert paragraphs[1][0].isupper()
    assert paragraphs[1].endswith(".")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_help_ends_with_examples_that_can_be_typed(capsys, arguments):
    _, _, end = help_of(arguments, capsys).partition("\n\nexamples:\n")
    typed = [line.partition("fakellm ")[2].partition(" | ")[0].partition(" > ")[0] for line in end.splitlines()]

    assert typed
    for line in typed:
        words = shlex.split(line.replace("COMMAND --help", "demo"))
        assert words[: len(arguments)] == arguments
        assert command._parser().parse_args(words).run.__name__ != "_run_alone"


def test_every_command_is_tried_here(capsys):
    def names(arguments):
        _, _, listed = help_of(arguments, capsys).partition("COMMAND\n" if not arguments else "VERB\n")
        return re.findall(r"^    (\w+)", listed.partition("\n\n")[0], re.MULTILINE)

    commands = [[name] for name in names([])]
    verbs = [[group, name] for group in ("cassette", "script") for name in names([group])]

    assert sorted([[], *commands, *verbs]) == sorted(COMMANDS)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_help_fits_into_80_columns(capsys, arguments):
    assert max(map(len, help_of(arguments, capsys).splitlines())) <= 80


def test_help_imports_nothing_that_takes_time():
    heavy = ("asyncio", "dataclasses", "httpx", "importlib.metadata", "pydantic", "rich", "yaml")

    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "fakellm", "--help"], capture_output=True)

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert done.returncode == 0
    assert "fakellm._commands.verbs.cassette_check" in imported
    assert imported.intersection(heavy) == set()


def test_our_own_error_cannot_be_carried_out(tmp_path, monkeypatch, capsys):
    if demo.recording("weather_tool_loop.yaml").parent.parent.name == "fakellm":
        pytest.skip("the recording is part of this installation")
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "[red]" / "fakellm" / "_commands" / "demo.py"))

    code = main(["demo"])

    assert code == 2
    missing = tmp_path / "[red]" / "cassettes" / "weather_tool_loop.yaml"
    assert capsys.readouterr().err.startswith(f"fakellm: there is no cassette at {missing}\n  to record one: ")


def test_module_is_the_command(write, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fakellm", "cassette", "check", write("one.yaml", GOOD)])

    with pytest.raises(SystemExit) as caught:
        runpy.run_module("fakellm", run_name="__main__")

    assert caught.value.code == 0
    assert "files: 1, interactions: 2, files with problems: 0" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["cassette"], ["script"]], ids=" ".join)
def test_command_alone_prints_its_help(capsys, arguments):
    assert main(arguments) == 2

    out, err = capsys.readouterr()
    assert (out, err) == (help_of(arguments, capsys), "")


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_names_the_distribution(capsys, option):
    with pytest.raises(SystemExit) as caught:
        main([option])

    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("fakellm-toolkit 0.")


def test_source_tree_that_is_not_installed_has_no_version(capsys, monkeypatch):
    def find_nothing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", find_nothing)

    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == "fakellm-toolkit unknown (run from a source tree that is not installed)\n"
    assert main(["script", "schema"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["demo"], 0),
        (["--help"], 0),
        (["script", "schema"], 0),
        (["cassette", "show", "one.yaml"], 0),
        (["cassette", "check", "bad.yaml"], 1),
    ],
)
def test_command_whose_output_nobody_reads_ends_as_ever(write, arguments, code):
    write("one.yaml", GOOD)
    write("bad.yaml", "")
    read, written = os.pipe()
    os.close(read)  # as head does, which has seen enough

    done = subprocess.run([sys.executable, "-m", "fakellm", *arguments], stdout=written, stderr=subprocess.PIPE)

    os.close(written)
    assert (done.returncode, done.stderr) == (code, b"")


def test_interrupted_command_has_the_exit_code_of_the_signal(monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr("fakellm._commands.demo.run_demo", interrupt)

    assert main(["demo"]) == 130


def test_client_modules_that_are_missing_are_told(monkeypatch, write, capsys):
    import httpx

    monkeypatch.setattr("fakellm._commands.cassette_check.installed_modules", lambda: (httpx,))

    assert main(["cassette", "check", write("one.yaml", GOOD)]) == 0
    assert "httpx2 is not installed, so only the clients of httpx were tried" in capsys.readouterr().out


def test_console_script_is_main():
    assert EntryPoint("fakellm", "fakellm._commands.main:main", "console_scripts").load() is main
