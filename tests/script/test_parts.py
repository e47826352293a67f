"""Replies in parts: text, calls and reasoning in the order that the test gives."""

import httpx
import pytest
from asking import read, tools
from chat_wire import accumulated, asking
from engines import ask, complete, scripted
from toy_dialect import Toy

from fakellm import ContradictionError, FakeLLM, Reasoning, Reply, ToolCall, UnusedReplyError, UsageError
from fakellm._script.drafts import Drafts
from fakellm._wire.answer import WireReasoning, WireText
from fakellm._wire.identity import Identity

IDENTITY = Identity(0, "", b"{}", 0)
OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"
CALL = ToolCall("f", {"a": 1})
PARTS = ["One moment.", CALL, Reasoning("I called it."), "Done."]


class Talker(Toy):
    """An API with a place for mappings, whatever they are."""

    part_kind = "a piece"


class Wired(Talker):
    """The same, which hears them: ``{"says": ...}`` is text, ``{"calls": ...}`` a call, others nothing."""

    def hear_part(self, part):
        if "calls" in part:
            return ToolCall(part["calls"], {}, id=part.get("id"))
        return Reasoning(part["thinks"]) if "thinks" in part else part.get("says")


def request(**fields):
    return read(asking(**{"tools": tools("f"), **fields}))


def wired(**fields):
    """A chat request, as a dialect has it that takes mappings."""
    asked = request(**fields)
    asked.voice = Wired()
    return asked


def completed(parts, asked=None, **fields):
    return complete(Reply(parts=parts, **fields), asked or request(), IDENTITY)


def shown(choice):
    """The parts as text, what is thought in brackets, calls by name."""
    names = []
    for part in choice.in_order:
        match part:
            case WireText(pieces):
                names.append("".join(pieces))
            case WireReasoning(pieces):
                names.append(f"({''.join(pieces)})")
            case dict():
                names.append(part)
            case _:
                names.append(part.name)
    return names


def test_parts_keep_their_order():
    [choice] = completed(PARTS).choices

    assert shown(choice) == ["One moment.", "f", "(I called it.)", "Done."]


def test_what_parts_say_together_is_what_the_fields_say():
    [choice] = completed(PARTS).choices

    assert (choice.text, "".join(choice.reasoning)) == ("One moment.Done.", "I called it.")
    assert [(call.name, call.arguments) for call in choice.tool_calls] == [("f", '{"a":1}')]
    assert choice.in_order[1] is choice.tool_calls[0]
    assert choice.finish_reason == "tool_calls"


def test_bill_is_that_of_the_same_reply_in_fields():
    fields = Reply("One moment.Done.", tool_calls=CALL, reasoning="I called it.")

    assert completed(PARTS).usage == complete(fields, request(), IDENTITY).usage


def test_fields_have_an_order_as_well():
    [choice] = complete(Reply("Done.", tool_calls=CALL, reasoning="Hm."), request(), IDENTITY).choices
    [declined] = complete(Reply(refusal="No."), request(), IDENTITY).choices

    assert shown(choice) == ["(Hm.)", "Done.", "f"]
    assert [(part.pieces, part.is_refusal) for part in declined.in_order] == [(("No", "."), True)]


def test_no_parts_are_an_empty_answer():
    [choice] = completed([]).choices

    assert (choice.in_order, choice.text, choice.finish_reason) == ((), "", "stop")


@pytest.mark.parametrize(
    ("limit", "kept", "finish_reason"),
    [
        (1, ["One"], "length"),
        (3, ["One moment."], "length"),
        (4, ["One moment.", "f"], "length"),
        (100, ["One moment.", "f", "(I called it.)", "Done."], "tool_calls"),
    ],
)
def test_limit_ends_parts_where_they_stand(limit, kept, finish_reason):
    completion = completed(PARTS, request(max_tokens=limit))

    assert (shown(completion.choices[0]), completion.choices[0].finish_reason) == (kept, finish_reason)
    assert finish_reason != "length" or completion.usage["completion_tokens"] == limit


def test_limit_cuts_the_arguments_of_a_call():
    [choice] = completed(PARTS, request(max_tokens=5)).choices

    assert choice.tool_calls[0].arguments == '{"a'


def test_limit_cuts_the_reasoning_and_keeps_its_seal():
    [choice] = completed([Reasoning("one two three", signature="s")], wired(max_tokens=2)).choices

    assert choice.in_order == (WireReasoning(("one", " two"), "s"),)


def test_stop_ends_the_part_that_holds_it_and_leaves_out_the_next():
    [choice] = completed(["One, two", "three"], request(stop=[","])).choices

    assert (shown(choice), choice.finish_reason) == (["One"], "stop")


def test_logprobs_go_with_their_part():
    [choice] = completed(["One two", CALL, "three"], request(logprobs=True)).choices

    assert [[entry["token"] for piece in part.logprobs for entry in piece] for part in choice.in_order[::2]] == [
        ["One", " two"],
        ["three"],
    ]


def test_mapping_is_sent_as_it_is_and_heard_by_the_dialect():
    parts = [{"says": "Hi"}, {"calls": "f", "id": "mine"}, {"thinks": "Hm."}, {"other": 1}]

    [choice] = completed(parts, wired()).choices

    assert list(choice.in_order) == parts
    assert (choice.text, "".join(choice.reasoning)) == ("Hi", "Hm.")
    assert [(call.id, call.name) for call in choice.tool_calls] == [("mine", "f")]


def test_mapping_is_not_cut_but_counts_for_the_limit():
    [choice] = completed([{"says": "one two three"}, "four"], wired(max_tokens=2)).choices

    assert (list(choice.in_order), choice.finish_reason) == ([{"says": "one two three"}], "length")


def test_logprobs_pass_over_the_tokens_of_mappings():
    [choice] = completed([{"says": "one two"}, "three"], wired(logprobs=True)).choices

    assert [entry["token"] for piece in choice.in_order[1].logprobs for entry in piece] == ["three"]


def test_parts_are_made_anew_for_each_call():
    parts, drafts = [{"says": "one"}], Drafts()
    reply = Reply(parts=parts)
    complete(reply, wired(), IDENTITY, drafts)

    parts[0]["says"] = "two"

    assert complete(reply, wired(), IDENTITY, drafts).choices[0].text == "two"


@pytest.mark.parametrize(
    "part", [{"type": "web_search_call"}, Reasoning("Hm.", signature="x"), Reasoning("", redacted=True)]
)
@pytest.mark.parametrize("deliberate", [False, True])
def test_part_that_chat_has_no_place_for_is_never_dropped(part, deliberate):
    with pytest.raises(ContradictionError, match=r"…/chat/completions has no place for a (mapping|sealed Reasoning)\n"):
        completed(["a", part], deliberate=deliberate)


def test_parts_are_held_to_the_request_as_fields_are():
    with pytest.raises(ContradictionError, match="the reply calls 'g', the request offers 'f'"):
        completed([ToolCall("g")])


def test_chat_answer_holds_all_parts():
    answer = ask(scripted(Reply(parts=PARTS)), asking(tools=tools("f"), url=OPENROUTER)).json
    message = answer["choices"][0]["message"]

    assert (message["content"], message["reasoning"]) == ("One moment.Done.", "I called it.")
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["f"]


def test_chat_stream_sends_parts_in_their_order():
    chunks = ask(scripted(Reply(parts=[*PARTS, CALL])), asking(tools=tools("f"), stream=True)).chunks

    said = [next(iter(chunk["choices"][0]["delta"]), "") for chunk in chunks]
    order = [name for name, before in zip(said[1:], said, strict=False) if name != before]
    assert order == ["content", "tool_calls", "content", "tool_calls", ""]
    assert accumulated(chunks)[0] == "One moment.Done."
    assert [call[1:] for call in accumulated(chunks)[1]] == [("f", '{"a":1}'), ("f", '{"a":1}')]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"parts": "text"}, "Reply parts is a list of str, ToolCall, Reasoning and mappings, in order; got 'text'"),
        ({"parts": [1]}, "each of Reply parts is a str, a ToolCall, a Reasoning or a mapping; got 1"),
        ({"parts": [{"a": {1}}]}, "a mapping among Reply parts is a part as on the wire"),
        ({"parts": ["\ud800"]}, "each text of Reply parts has a lone surrogate"),
        ({"text": "a", "parts": []}, "a Reply has text or parts, not both"),
        ({"parts": [], "refusal": "a"}, "a Reply has refusal or parts, not both"),
        (
            {"parts": [], "reasoning": "a"},
            "a Reply has parts or reasoning, not both; one of them would be lost\n  give it in its place: parts=",
        ),
        ({"choices": [Reply("a")], "parts": []}, "a Reply has parts or choices, not both"),
    ],
)
def test_what_is_no_part_is_told_where_it_is_written(fields, message):
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        Reply(**fields)


@pytest.mark.parametrize("arguments", [{"text": 1}, {"text": "a", "signature": 1}])
def test_reasoning_that_is_no_text_is_told(arguments):
    with pytest.raises(UsageError, match=r"Reasoning (text|signature) is a str, got 1"):
        Reasoning(**arguments)


def test_transcript_shows_parts_in_order():
    llm = FakeLLM(dialects=[Talker()], allow_unmatched=True)
    llm.reply(parts=["Hi", ToolCall("f"), Reasoning("Hm."), {"type": "x", "ä": 1}])

    with llm:
        httpx.post("http://localhost:1/talk", json={"whom": "m", "said": [["me", "hi"]], "tools": ["f"]})

    assert llm.transcript().endswith('=> Hi\n  => calls f({})\n  => (thinks) Hm.\n  => {"type": "x", "ä": 1}')


def test_unused_reply_shows_its_parts():
    llm = FakeLLM()
    llm.reply(parts=["Hi", CALL])

    with pytest.raises(UnusedReplyError, match=r"the next one was to be the parts \"\['Hi', ToolCall"), llm:
        pass
