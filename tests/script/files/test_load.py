"""FakeLLM.load: rules from a file."""

import json
import subprocess
import sys
from dataclasses import fields
from inspect import signature
from pathlib import Path

import pytest
from chat_wire import asking, play

from fakellm import FakeLLM, Pace, Reply, ScriptFormatError, UnusedReplyError, UsageError
from fakellm._commands.main import main
from fakellm._script.options import Options

SCRIPT = """\
rules:
- when: {user: weather}
  reply:
    tool_calls:
    - name: get_weather
      arguments: {city: Paris}
- when: {tool_result: "18"}
  reply: 18 °C in Paris.
- replies: [Hello!, Hello again!]
otherwise: I don't know.
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_file(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


def asked(llm, question="hi"):
    return play(llm._engine.handle(asking(question)))


def test_rules_of_a_file_answer(write):
    llm = FakeLLM()

    rules = llm.load(write("trip.yaml", SCRIPT))

    assert [str(rule) for rule in rules] == [
        "rule 1 when(user='weather') at trip.yaml:2",
        "rule 2 when(tool_result='18') at trip.yaml:7",
        "rule 3 reply() at trip.yaml:9",
    ]
    assert [asked(llm).content for _ in range(3)] == ["Hello!", "Hello again!", "I don't know."]


def test_rules_of_a_file_stand_behind_those_that_are_there(write):
    llm = FakeLLM()
    llm.when(user="hi").reply("first")

    llm.load(write("a.json", json.dumps({"rules": [{"reply": "second"}]})))
    llm.reply("third")

    assert [asked(llm).content for _ in range(3)] == ["first", "second", "third"]


def test_path_may_be_text(write):
    write("trip.yaml", SCRIPT)

    assert len(FakeLLM(allow_unused=True).load("trip.yaml")) == 3


def test_byte_order_mark_is_passed_over(write):
    assert len(FakeLLM(allow_unused=True).load(write("a.yaml", "\ufeffrules: [{reply: a}]"))) == 1


def test_unused_reply_is_told_with_its_place_in_the_file(write):
    llm = FakeLLM()
    llm.load(write("trip.yaml", "rules:\n- reply: a\n"))

    with pytest.raises(UnusedReplyError, match=r"^1 scripted reply never asked for: rule 1 reply\(\) at trip.yaml:2"):
        llm.check()


OPTIONS = {
    "strict": False,
    "seed": 7,
    "pace": Pace(ttft=0.2),
    "models": ["gpt-4o", "gpt-5"],
    "provider": "openrouter",
    "headers": "full",
    "cache": True,
    "allow_unmatched": True,
    "allow_rejected": True,
    "allow_unused": True,
}
OPTIONS_SAID = """\
strict: false
seed: 7
pace: {ttft: 0.2}
models: [gpt-4o, gpt-5]
provider: openrouter
headers: full
cache: true
allow_unmatched: true
allow_rejected: true
allow_unused: true
otherwise: Hello!
"""


@pytest.mark.parametrize("question", [{}, {"model": "gpt-x"}, {"temperature": 3}, {"stream": True}], ids=str)
def test_options_of_a_file_are_those_of_a_fake(write, question):
    loaded, made = FakeLLM(), FakeLLM(**OPTIONS)
    made.otherwise("Hello!")

    loaded.load(write("a.yaml", OPTIONS_SAID))

    answers = [list(llm._engine.handle(asking(**question))) for llm in (loaded, made)]
    assert answers[0] == answers[1]
    assert answers[0] != list(FakeLLM()._engine.handle(asking(**question)))


def test_script_says_every_option_but_the_clock_and_the_name_of_the_test():
    options = set(signature(FakeLLM).parameters)

    assert set(OPTIONS) == {field.name for field in fields(Options)} == options - {"clock", "test_id", "dialects"}


def test_options_that_a_file_leaves_out_stay_as_they_are(write):
    llm = FakeLLM(models=["gpt-5"], allow_unused=True)

    llm.load(write("a.yaml", "seed: 1\nrules: [{reply: a}]"))
    llm.load(write("b.yaml", "allow_rejected: true\nrules: [{reply: b}]"))

    assert asked(llm).status == 404
    llm.check()


def test_seed_of_a_file_changes_what_is_said_already(write):
    llm = FakeLLM()
    llm.reply(Reply("Hello!"), times=None)
    fingerprints = [asked(llm).json["system_fingerprint"]]

    llm.load(write("a.yaml", "seed: 5\notherwise: Bye!"))

    fingerprints.append(asked(llm).json["system_fingerprint"])
    assert fingerprints[0] != fingerprints[1]


def test_file_that_is_no_script_changes_no_option(write):
    llm = FakeLLM(allow_unused=True)

    with pytest.raises(ScriptFormatError):
        llm.load(write("a.yaml", "models: [gpt-5]\nrules: [{reply: 5}]"))

    llm.reply("Hello!")
    assert asked(llm).content == "Hello!"


def test_missing_file_is_a_usage_error(write, tmp_path):
    with pytest.raises(UsageError) as caught:
        FakeLLM().load(tmp_path / "nowhere.yaml")

    assert str(caught.value) == f"the script {tmp_path / 'nowhere.yaml'} cannot be opened: No such file or directory"


def test_path_that_cannot_be_one_is_a_usage_error():
    with pytest.raises(UsageError, match=r"^'a\\x00b.yaml' cannot be the path of a script: embedded null byte$"):
        FakeLLM().load("a\0b.yaml")


def test_file_that_is_no_text_is_told_with_its_line(write):
    path = write("a.yaml", b"rules:\n- reply: \xff\n")

    with pytest.raises(ScriptFormatError) as caught:
        FakeLLM().load(path)

    assert str(caught.value) == f"{path}:2: not UTF-8 text"


def test_damaged_file_adds_no_rule(write):
    llm = FakeLLM()

    with pytest.raises(ScriptFormatError) as caught:
        llm.load(write("a.yaml", "rules:\n- reply: a\n- reply: 5\notherwise: b\n"))

    assert (caught.value.line, llm._engine.rules, llm._engine.fallback) == (3, [], None)


def test_second_otherwise_adds_no_rule(write):
    llm = FakeLLM()
    llm.otherwise("a")

    with pytest.raises(UsageError, match="already; give all replies in one otherwise"):
        llm.load(write("trip.yaml", SCRIPT))

    assert llm._engine.rules == []


def test_script_check_tells_each_file(write, capsys):
    write("good.yaml", SCRIPT)
    write("one.json", '{"rules": [{"reply": "a"}]}')
    write("bad.yaml", "rules:\n- replay: a\n")

    code = main(["script", "check", "good.yaml", "one.json", "bad.yaml", "nowhere.yaml"])

    assert code == 1
    assert capsys.readouterr().out.splitlines() == [
        "good.yaml: 3 rules and otherwise",
        "one.json: 1 rule",
        "bad.yaml:2: a rule has no 'replay'; did you mean 'reply'?",
        "  it takes when, reply, replies, times",
        f"the script nowhere.yaml cannot be opened: No such file or directory; looked for {Path.cwd()}/nowhere.yaml",
    ]


def test_script_check_tells_all_mistakes_of_a_file(write, capsys):
    write("bad.yaml", "rules:\n- when: {usr: a}\n  reply: a\n- reply: a\n  times: never\n")

    code = main(["script", "check", "bad.yaml"])

    told = capsys.readouterr().out.splitlines()
    assert code == 1
    assert told[0] == "bad.yaml:2: when has no 'usr'; did you mean 'user'?"
    assert told[1].startswith("  it takes user, ")
    assert told[2:] == [
        "bad.yaml:5: times takes a whole number, 1 or more, or forever; got \"never\"; did you mean 'forever'?"
    ]


def test_script_check_tells_mistakes_of_a_scenario(write, capsys):
    write("bad.yaml", "otherwise: a\nscenario:\n  familys: [create]\n")

    assert main(["script", "check", "bad.yaml"]) == 1
    assert capsys.readouterr().out.startswith("bad.yaml:3: a scenario has no 'familys'; did you mean 'families'?\n")


def test_script_check_of_good_files_is_zero(write):
    write("good.yaml", SCRIPT)

    assert main(["script", "check", "good.yaml"]) == 0


def test_script_schema_is_printed(capsys):
    assert main(["script", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "fakellm script"


def test_script_check_needs_a_file(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["script", "check"])

    assert caught.value.code == 2


def test_missing_file_is_told_with_the_folders_that_were_looked_in(write, tmp_path):
    folder = Path(__file__).parent

    with pytest.raises(UsageError) as caught:
        FakeLLM().load("nowhere.yaml")

    assert str(caught.value) == (
        "the script nowhere.yaml cannot be opened: No such file or directory; "
        f"looked for {folder / 'nowhere.yaml'} and {folder.parents[2] / 'nowhere.yaml'} and {tmp_path / 'nowhere.yaml'}"
    )


def test_outside_a_test_the_current_folder_is_the_only_one(write, tmp_path, monkeypatch):
    write("hello.yaml", "rules:\n- reply: Hello!\n")
    program = (
        "from fakellm import FakeLLM, UsageError\n"
        "print(FakeLLM().load('hello.yaml'))\n"
        "try:\n    FakeLLM().load('nowhere.yaml')\n"
        "except UsageError as err:\n    print(err)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [
        "[rule 1 reply() at hello.yaml:2]",
        f"the script nowhere.yaml cannot be opened: No such file or directory; looked for {tmp_path / 'nowhere.yaml'}",
    ]
