"""Completions: rules answer them; in the form, with the usage and the rejections of the real API."""

import json

import httpx
import pytest
from asking import KEY
from cassette_text import cassette, interaction
from openapi_document import needs_document, validate

from fakellm import (
    ContradictionError,
    ErrorReply,
    FakeLLM,
    RejectedRequestError,
    Reply,
    ToolCall,
    UnmatchedRequestError,
    explore,
    faults,
    framings,
    tokens,
)

OPENAI = "https://api.openai.com/v1/completions"
AZURE = "https://mine.openai.azure.com/openai/deployments/gpt-35-turbo-instruct/completions?api-version=2024-10-21"
ELSEWHERE = "http://localhost:8080/v1/completions"
INSTRUCT = "gpt-3.5-turbo-instruct"


def complete(prompt="Say this is a test", *, url=OPENAI, model=INSTRUCT, **parameters):
    return httpx.post(url, headers=KEY, json={"model": model, "prompt": prompt, **parameters})


def texts(response):
    return [choice["text"] for choice in response.json()["choices"]]


def chunks(response):
    """The objects of a stream, and whether it had its end mark."""
    *events, end = response.text.split("\n\n")[:-1]
    assert end == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


def test_answer_is_written_out(llm):
    llm.reply("This is indeed a test.")

    assert complete().json() == {
        "id": "cmpl-7iWninacvLycDHgvzy6MFBkwTvpXf",
        "object": "text_completion",
        "created": 1735689600,
        "model": INSTRUCT,
        "choices": [{"text": "This is indeed a test.", "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11},
    }


def test_stream_is_written_out(llm):
    llm.reply("Hi you")

    response = complete(stream=True)

    frame = {"id": "cmpl-E9qMr5Yp07ecALIRvons4Dk5GakTj", "object": "text_completion", "created": 1735689600}
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert chunks(response) == [
        {**frame, "choices": [{"text": text, "index": 0, "logprobs": None, "finish_reason": end}], "model": INSTRUCT}
        for text, end in (("Hi", None), (" you", None), ("", "stop"))
    ]


PARAMETERS = {
    "plain": {},
    "alternatives": {"n": 3},
    "prompts": {"prompt": ["a", "b"]},
    "tokens": {"prompt": [[1, 2], [3]]},
    "logprobs": {"logprobs": 2},
    "no others": {"logprobs": 0, "max_tokens": 1},
    "echo": {"echo": True},
    "usage": {"stream_options": {"include_usage": True}, "stream": True},
}
REPLIES = {
    "text": "Hello 字 😀, world!",
    "nothing": "",
    "length": Reply("half", finish_reason="length"),
    "filtered": Reply(finish_reason="content_filter"),
    "object": Reply(parsed={"a": 1}),
    "pieces": Reply(chunks=["He", "", "llo"]),
    "extra": Reply("a", extra={"note": 1}),
}


@needs_document
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_answer_holds_to_the_document(llm, reply, parameters, stream):
    llm.reply(reply)

    response = complete(**{"stream": stream, **parameters})

    # The document has no form for a chunk: it is that of an answer, but for finish_reason and usage.
    for body in chunks(response) if parameters.get("stream", stream) else [response.json()]:
        ended = [{**choice, "finish_reason": choice["finish_reason"] or "stop"} for choice in body["choices"]]
        whole = {name: value for name, value in body.items() if value is not None}
        validate({**whole, "choices": ended}, "CreateCompletionResponse")


def test_sixteen_tokens_are_the_default(llm):
    llm.reply("word " * 40, times=None)

    answers = [complete(**parameters) for parameters in ({}, {"max_tokens": None}, {"max_tokens": 30})]

    assert [answer.json()["usage"]["completion_tokens"] for answer in answers] == [16, 16, 30]
    assert {answer.json()["choices"][0]["finish_reason"] for answer in answers} == {"length"}
    assert texts(answers[0]) == ["word" + " word" * 15]


def test_no_tokens_are_none(llm):
    llm.reply("Hello")

    answer = complete("Hi", max_tokens=0, echo=True).json()

    assert (answer["choices"][0]["text"], answer["choices"][0]["finish_reason"]) == ("Hi", "length")
    assert answer["usage"] == {"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1}


def test_stop_ends_it(llm):
    llm.reply("one two three", times=None)

    assert texts(complete(stop=" two")) == texts(complete(stop=["x", " two"])) == ["one"]


def test_echo_begins_with_the_prompt(llm):
    llm.reply(" there", times=None)

    assert texts(complete("Hi", echo=True)) == ["Hi there"]
    assert [chunk["choices"][0]["text"] for chunk in chunks(complete("Hi you", echo=True, stream=True))] == [
        "Hi",
        " you",
        " there",
        "",
    ]


def test_each_prompt_has_its_choices_in_order(llm):
    llm.reply(choices=["a", "b", "c", "d"])

    answer = complete(["first", "second"], n=2, echo=True)

    assert texts(answer) == ["firsta", "firstb", "secondc", "secondd"]
    assert [choice["index"] for choice in answer.json()["choices"]] == [0, 1, 2, 3]
    assert answer.json()["usage"] == {"prompt_tokens": 2, "completion_tokens": 4, "total_tokens": 6}


def test_choices_are_streamed_in_turn(llm):
    llm.reply(choices=["a b", "c"])

    steps = [chunk["choices"][0] for chunk in chunks(complete(n=2, stream=True))]

    assert [(step["index"], step["text"], step["finish_reason"]) for step in steps] == [
        (0, "a", None),
        (1, "c", None),
        (0, " b", None),
        (1, "", "stop"),
        (0, "", "stop"),
    ]


def test_usage_ends_a_stream_that_asks_for_it(llm):
    llm.reply("Hi")

    *others, last = chunks(complete(stream=True, stream_options={"include_usage": True}))

    assert [chunk["usage"] for chunk in others] == [None, None]
    assert (last["choices"], last["usage"]) == ([], {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6})


def test_logprobs_have_their_offsets_behind_the_prompt(llm):
    llm.reply("Hi you", logprobs=[-0.5, -0.25])

    [choice] = complete("Say hi", logprobs=2).json()["choices"]

    assert choice["logprobs"]["tokens"] == ["Hi", " you"]
    assert choice["logprobs"]["token_logprobs"] == [-0.5, -0.25]
    assert choice["logprobs"]["text_offset"] == [6, 8]
    assert [len(others) for others in choice["logprobs"]["top_logprobs"]] == [2, 2]
    assert choice["logprobs"]["top_logprobs"][0]["Hi"] == -0.5


def test_logprobs_of_an_echoed_prompt_begin_with_none(llm):
    llm.reply("!", times=None)

    first, again = [complete("Say hi", echo=True, logprobs=1).json()["choices"][0]["logprobs"] for _ in "ab"]

    assert first["tokens"] == ["Say", " hi", "!"]
    assert first["text_offset"] == [0, 3, 6]
    assert (first["token_logprobs"][0], first["top_logprobs"][0]) == (None, None)
    assert first["token_logprobs"][1] == again["token_logprobs"][1] < 0


def test_logprobs_of_half_characters_share_an_offset(llm):
    llm.reply("a😀b")

    logprobs = complete("x", logprobs=0).json()["choices"][0]["logprobs"]

    assert len(logprobs["tokens"]) == tokens.count("a😀b", model=INSTRUCT)
    assert (logprobs["text_offset"][0], logprobs["text_offset"][1], logprobs["text_offset"][-1]) == (1, 2, 3)
    assert logprobs["top_logprobs"][0] == {"a": logprobs["token_logprobs"][0]}


def test_streamed_logprobs_are_those_of_the_piece(llm):
    llm.reply("Hi you", logprobs=[-0.5, -0.25])

    steps = [chunk["choices"][0]["logprobs"] for chunk in chunks(complete("Say", logprobs=0, stream=True))]

    assert [(step["tokens"], step["text_offset"]) for step in steps] == [(["Hi"], [3]), ([" you"], [5]), ([], [])]


def test_prompt_of_tokens_is_matched_by_its_text(llm):
    llm.when(user="weather").reply("Rain.")

    assert texts(complete(tokens.get_encoding("cl100k_base").encode("the weather?"))) == ["Rain."]
    assert llm.calls[0].usage["prompt_tokens"] == 3


def test_rules_answer_it_and_it_stands_among_the_calls(llm):
    llm.when(endpoint="chat").reply("never", times=None)
    llm.when(endpoint="completions").reply("Hi")

    complete(stream=True)

    [call] = llm.calls
    assert (call.endpoint, call.model, call.stream, call.last_user) == (
        "completions",
        INSTRUCT,
        True,
        "Say this is a test",
    )
    assert (call.usage["total_tokens"], call.chunks) == (6, 3)
    assert llm.transcript().endswith("  user: Say this is a test\n  => Hi")


def test_unmatched_prompt_fails_the_test():
    with pytest.raises(UnmatchedRequestError, match=r"no rule answers call 1: POST …/completions"), FakeLLM():
        assert complete().status_code == 400


def test_deployment_in_the_path_is_the_model(llm):
    llm.reply("Hi")

    response = httpx.post(AZURE, headers={"api-key": "sk-fakellm"}, json={"prompt": "hi"})

    assert (response.status_code, llm.calls[0].model) == (200, "gpt-35-turbo-instruct")


@pytest.mark.parametrize("path", ["/v1/fim/completions", "/v1/chat/completions"])
def test_completions_of_another_form_are_others(path):
    with FakeLLM(allow_unmatched=True, allow_rejected=True) as llm:
        httpx.post(f"http://localhost:1{path}", json={"model": "m", "prompt": "a"})

    assert llm.calls[0].endpoint != "completions"


@pytest.mark.parametrize(
    ("reply", "lost"),
    [(ToolCall("f"), "tool_calls"), (Reply(refusal="No."), "refusal"), (Reply("a", reasoning="Hm."), "reasoning")],
)
def test_what_completions_have_no_place_for_is_a_contradiction(reply, lost):
    llm = FakeLLM()
    llm.reply(reply)

    with pytest.raises(ContradictionError, match=rf"the reply has {lost}, for which …/completions has no place"), llm:
        assert complete().status_code == 400


def test_delta_of_chat_is_a_contradiction():
    llm = FakeLLM()
    llm.reply(chunks=["a", {"content": "b"}])

    with pytest.raises(ContradictionError, match="the reply has a delta among its chunks"), llm:
        assert complete(stream=True).status_code == 400


def test_extra_members_stand_in_the_choice(llm):
    llm.reply(Reply("a", extra={"note": 1}), times=2)

    assert complete().json()["choices"][0]["note"] == 1
    assert chunks(complete(stream=True))[-1]["choices"][0]["note"] == 1


@pytest.mark.parametrize(("after", "left"), [(1, ""), (3, "one two")])
def test_drop_counts_what_comes_before_the_first_piece(llm, after, left):
    llm.reply("one two three", fault=faults.drop(after=after))

    with pytest.raises(httpx.RemoteProtocolError):
        complete(stream=True)

    assert llm.calls[0].chunks == after
    assert (f"  => {left}\n" in llm.transcript()) is bool(left)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (faults.malformed_json(after=2), b'data: {"id": "cmpl-fault", "choices": [{"index": 0, "text": "\n\n'),
        (faults.error_event(after=1, error=ErrorReply(500, message="broke")), b'"message":"broke"'),
        (faults.no_done(), b'"finish_reason":"stop"}],"model":"gpt-3.5-turbo-instruct"}\n\n'),
    ],
)
def test_fault_speaks_as_completions_do(llm, fault, told):
    llm.reply("one two", fault=fault)

    assert told in complete(stream=True).content


@pytest.mark.parametrize("framing", [framings.bytewise(), framings.crlf(), framings.one_block(), framings.comments()])
def test_framing_cuts_it(llm, framing):
    llm.reply("one two", framing=framing)

    assert b"[DONE]" in complete(stream=True).content


def test_explore_breaks_each_completion():
    llm = FakeLLM()
    llm.reply("one two")

    trials = explore(
        lambda: complete(stream=True).raise_for_status(),
        llm=llm,
        faults=[ErrorReply(503), faults.drop(after=2), faults.no_done()],
        framings=[framings.crlf()],
    )

    assert [(trial.name, trial.survived) for trial in trials] == [
        ("1:503", False),
        ("1:drop(after=2)", False),
        ("1:no_done()", True),
        ("1:crlf()", True),
    ]


def test_recorded_completion_is_played_heard_and_broken(tmp_path):
    path = tmp_path / "session.yaml"
    asked = json.dumps({"model": INSTRUCT, "prompt": "Say this is a test"})
    answer = json.dumps({"choices": [{"text": "A test.", "index": 0}], "usage": {"prompt_tokens": 5}})
    path.write_text(
        cassette(interaction(uri=OPENAI, request=f"body: '{asked}'", response=f"body: {{string: '{answer}'}}"))
    )
    llm = FakeLLM()
    llm.replay(path).inject(ErrorReply(500), into=1)

    with llm:
        assert [complete().status_code for _ in "ab"] == [500, 200]

    assert llm.transcript().endswith("  => A test.")
    assert llm.calls[1].usage["prompt_tokens"] == 5


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"model": None}, (400, None, None, "you must provide a model parameter")),
        (
            {"model": "gpt-4o"},
            (
                404,
                None,
                "model",
                "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use "
                "v1/chat/completions?",
            ),
        ),
        (
            {"prompt": 7},
            (
                400,
                "invalid_type",
                "prompt",
                "Invalid type for 'prompt': expected one of a string or array of strings, but got an integer instead.",
            ),
        ),
        (
            {"logprobs": 6},
            (
                400,
                "integer_above_max_value",
                "logprobs",
                "Invalid 'logprobs': integer above maximum value. Expected a value <= 5, but got 6 instead.",
            ),
        ),
        (
            {"n": 3, "best_of": 2},
            (
                400,
                None,
                None,
                "You requested that the server return more choices than it will generate (HINT: you must set 'n' "
                "(currently 3) to be at most 'best_of' (currently 2), or omit either parameter if you don't "
                "specifically want to use them.)",
            ),
        ),
        (
            {"stream_options": {"include_usage": True}},
            (400, None, "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled."),
        ),
        ({"messages": []}, (400, None, None, "Unrecognized request argument supplied: messages")),
        (
            {"prompt": "word " * 4096},
            (
                400,
                None,
                None,
                "This model's maximum context length is 4097 tokens, however you requested 4113 tokens (4097 in your "
                "prompt; 16 for the completion). Please reduce your prompt; or completion length.",
            ),
        ),
    ],
)
def test_request_that_the_real_api_rejects_is_rejected(parameters, expected):
    with pytest.raises(RejectedRequestError), FakeLLM():
        response = complete(**parameters)

    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"], error["message"]) == expected
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "body",
    [{"prompt": "a", "guided_json": {}}, {"prompt": [1, "a"]}, {"prompt": []}, {}, {"prompt": None, "max_tokens": -1}],
)
def test_elsewhere_whatever_is_well_formed_is_taken(strict, body):
    llm = FakeLLM(strict=strict)
    llm.reply("Hi")

    with llm:
        assert texts(httpx.post(ELSEWHERE, json={"model": "llama3", **body})) == ["Hi"]
