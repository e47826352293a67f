"""Folders of script files that are scenarios."""

from __future__ import annotations

from textwrap import dedent

import httpx
import pytest

from fakellm import RateLimitError, ScriptFormatError, ToolCall, UsageError, scenarios
from fakellm.scenarios import Expected

CHAT = "https://api.openai.com/v1/chat/completions"
CLASSES = (
    "APIConnectionError, APIError, APIStatusError, APITimeoutError, AuthenticationError, BadRequestError, "
    "ConflictError, ContentFilterFinishReasonError, InternalServerError, LengthFinishReasonError, NotFoundError, "
    "PermissionDeniedError, RateLimitError, UnprocessableEntityError"
)
KEY = {"authorization": "Bearer sk-fakellm"}


def load(tmp_path, text, name="own.yaml"):
    (tmp_path / name).write_text(dedent(text))
    return scenarios.load(tmp_path)


def complaint(tmp_path, text):
    with pytest.raises(ScriptFormatError) as caught:
        load(tmp_path, text)
    return str(caught.value).removeprefix(f"{tmp_path}/")


def test_script_of_one_reply_is_a_scenario(tmp_path):
    [scenario] = load(tmp_path, "rules: [{reply: Hello!}]")

    assert (scenario.name, scenario.families) == ("own", ("create", "stream"))
    assert scenario.expected == Expected(content="Hello!", chunks=["Hello", "!"], finish_reason="stop")
    with scenario.play() as played:
        answer = httpx.post(CHAT, json=played.request, headers=KEY).json()
    assert answer["choices"][0]["message"]["content"] == "Hello!"


def test_question_is_the_one_that_the_first_rule_asks_for(tmp_path):
    [scenario] = load(tmp_path, "rules: [{when: {user: weather}, reply: It rains.}]")

    assert scenario.request["messages"] == [{"role": "user", "content": "weather"}]


def test_otherwise_alone_is_a_reply(tmp_path):
    [scenario] = load(tmp_path, "otherwise: I don't know.")

    assert scenario.expected.content == "I don't know."


def test_file_says_what_the_script_does_not(tmp_path):
    [scenario] = load(
        tmp_path,
        """\
        scenario:
          families: finish_reason
          description: a second attempt is cut
          request: {model: gpt-4o-mini, messages: [{role: user, content: Go on.}], seed: 1}
          expected:
            content: Once
            chunks: [On, ce]
            tool_calls: [{name: look, arguments: {at: moon}, id: call_1}]
            usage: {prompt_tokens: 7, completion_tokens: 1}
            finish_reason: length
        rules:
          - replies: [{error: rate_limited}, {text: Once, finish_reason: length}]
        """,
    )

    assert (scenario.families, scenario.description) == (("finish_reason",), "a second attempt is cut")
    assert scenario.request == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Go on."}],
        "seed": 1,
    }
    assert scenario.expected == Expected(
        content="Once",
        chunks=["On", "ce"],
        tool_calls=[ToolCall("look", {"at": "moon"}, id="call_1")],
        usage={"prompt_tokens": 7, "completion_tokens": 1},
        finish_reason="length",
    )


def test_error_is_an_exception_class(tmp_path):
    [scenario] = load(
        tmp_path,
        """\
        scenario: {families: error, expected: {error: RateLimitError}}
        rules: [{reply: {error: rate_limited}, times: forever}]
        """,
    )

    assert scenario.expected == Expected(error=RateLimitError)


def test_file_says_what_another_api_leads_to(tmp_path):
    [scenario] = load(
        tmp_path,
        """\
        scenario:
          elsewhere: {responses: {content: Hello!, finish_reason: length}}
        otherwise: Hello!
        """,
    )

    assert scenario.at("responses").expected.finish_reason == "length"


def test_file_leaves_out_another_api(tmp_path):
    [scenario] = load(tmp_path, "scenario: {elsewhere: {responses: null}}\notherwise: Hello!")

    assert not scenario.is_for("responses")


def test_files_come_in_order_of_their_names(tmp_path):
    (tmp_path / "b.json").write_text('{"otherwise": "b"}')
    (tmp_path / "c.yml").write_text("otherwise: c")
    (tmp_path / "README.md").write_text("# no script")

    assert [scenario.name for scenario in load(tmp_path, "otherwise: a", "a.yaml")] == ["a", "b", "c"]


def test_scenario_section_is_passed_over_by_a_fake(tmp_path, fake_llm):
    (tmp_path / "own.yaml").write_text("scenario: {description: mine}\notherwise: Hello!")

    assert fake_llm.load(tmp_path / "own.yaml") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "rules: [{reply: a}, {reply: b}]",
            "own.yaml:1: a script with several replies does not say what a client reports; "
            "add scenario: {expected: {...}}",
        ),
        (
            "scenario:\n  expects: {}\notherwise: a",
            "own.yaml:2: a scenario has no 'expects'; did you mean 'expected'?\n"
            "  it takes request, families, description, usage_unasked, expected, elsewhere",
        ),
        (
            "scenario:\n  expected: {}\n  families: streams\notherwise: a",
            'own.yaml:3: families takes one of create, stream, usage, finish_reason, error, or a list; got "streams"; '
            "did you mean 'stream'?",
        ),
        ("scenario: mine\notherwise: a", 'own.yaml:1: a scenario takes a mapping, got "mine"'),
        (
            "scenario:\n  expected:\n    text: a\notherwise: a",
            "own.yaml:3: expected has no 'text'; it takes content, chunks, tool_calls, refusal, reasoning, usage, "
            "finish_reason, error",
        ),
        (
            "scenario:\n  expected:\n    content: 7\notherwise: a",
            "own.yaml:3: content takes a text, got 7; a text that looks like this goes in quotes",
        ),
        ("scenario:\n  expected:\n    chunks: a\notherwise: a", 'own.yaml:3: chunks takes a list, got "a"'),
        ("scenario:\n  expected:\n    usage: 7\notherwise: a", "own.yaml:3: usage takes a mapping, got 7"),
        (
            "scenario:\n  expected:\n    error: ValueError\notherwise: a",
            f"own.yaml:3: error takes one of {CLASSES}; got \"ValueError\"; did you mean 'APIError'?",
        ),
        (
            "scenario:\n  elsewhere: {mail: null}\notherwise: a",
            "own.yaml:2: scenarios are asked at chat and responses, not at 'mail'",
        ),
        (
            "scenario:\n  elsewhere:\n    responses: a\notherwise: a",
            'own.yaml:3: responses takes a mapping, got "a"',
        ),
        (
            "rules: [{reply: {error: rate_limited}}]",
            "own.yaml:1: the scenario 'own' needs to say what a correct client reports: expected=Expected(...)",
        ),
    ],
)
def test_mistake_is_told_with_its_line(tmp_path, text, said):
    assert complaint(tmp_path, text) == said


def test_relative_folder_is_that_of_the_beginning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "own.yaml").write_text("rules: [{reply: Hello!}]")
    [scenario] = scenarios.load("kept")

    monkeypatch.chdir("/")
    with scenario.play() as played:
        answer = httpx.post(CHAT, json=played.request, headers=KEY).json()

    assert answer["choices"][0]["message"]["content"] == "Hello!"


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"there is no folder of scenarios '.*/none'"):
        scenarios.load(tmp_path / "none")
