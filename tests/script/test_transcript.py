import io
import re
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import islice

import httpx
import pytest
from asking import tools
from chat_wire import asking, play, wire
from engines import make_engine, scripted
from rich.console import Console

from fakellm import ErrorReply, FakeLLM, Reply, ToolCall, faults
from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.replay import Recording
from fakellm._script.journal import Ending
from fakellm._script.match import Matcher
from fakellm._script.transcript import transcript
from fakellm._wire.dialect import Strictness

SYSTEM = {"role": "system", "content": "be kind"}
USER = {"role": "user", "content": "Weather?\nIn Paris."}


def told(*requests, replies=()):
    """The transcript of these requests, answered with these replies in turn."""
    engine = make_engine(strictness=Strictness(strict=False))
    if replies:
        engine.register(engine.new_rule(Matcher())).reply(*replies)
    for request in requests:
        play(engine.handle(request))
    return transcript(engine.journal)


def recorded(body):
    """The transcript of a request that was recorded with this answer."""
    engine = make_engine()
    interaction = Interaction(1, None, asking(), RecordedResponse(200, "OK", (), body))
    engine.sources.append(Recording([interaction], path="session.yaml"))
    play(engine.handle(asking()))
    return transcript(engine.journal)


def received(reply, request, *, parts=None):
    """The lines of the transcript that tell of an answer, once a client has taken it, or so many parts of it."""
    llm = FakeLLM(strict=False)
    llm.reply(reply)
    with (
        suppress(httpx.TransportError),
        httpx.Client(transport=llm.transport(httpx)) as client,
        client.stream("POST", request.url, content=request.body, headers=request.headers) as response,
    ):
        for _ in islice(response.iter_raw(), parts):
            pass
    return [line for line in llm.transcript().splitlines() if line.startswith("  => ")]


def test_no_calls_are_no_text():
    assert transcript([]) == ""


def test_call_is_told_with_its_messages_and_its_answer():
    text = told(asking(messages=[SYSTEM, USER]), replies=["Sunny.\nAnd warm."])

    assert text == (
        "call 1: POST /v1/chat/completions gpt-4o [200]\n"
        "  system: be kind\n"
        "  user: Weather?\n"
        "     In Paris.\n"
        "  => Sunny.\n"
        "     And warm."
    )


def test_later_call_tells_only_what_it_added():
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
    history = [USER, {"role": "assistant", "content": None, "tool_calls": [call]}]
    history.append({"role": "tool", "tool_call_id": "call_1", "content": "18"})

    text = told(
        asking(messages=[USER], tools=tools("weather")),
        asking(messages=history, stream=True),
        replies=[ToolCall("weather", {"city": "Paris"}), "18 °C"],
    )

    assert text == (
        "call 1: POST /v1/chat/completions gpt-4o [200]\n"
        "  user: Weather?\n"
        "     In Paris.\n"
        '  => calls weather({"city":"Paris"})\n'
        "call 2: POST /v1/chat/completions gpt-4o [200, stream]\n"
        '  assistant calls weather({"city":"Paris"})\n'
        "  tool: 18\n"
        "  => 18 °C"
    )


def test_repeated_call_tells_that_nothing_is_new():
    again = asking(headers={"x-stainless-retry-count": "1"})

    text = told(asking(), again, replies=[ErrorReply(503, message="busy"), "ok"])

    assert text == (
        "call 1: POST /v1/chat/completions gpt-4o [503]\n"
        "  user: hi\n"
        "  => error 503: busy\n"
        "call 2: POST /v1/chat/completions gpt-4o [200, retry 1]\n"
        "  (nothing new)\n"
        "  => ok"
    )


def test_another_conversation_is_told_whole():
    text = told(asking("a"), asking("b"), replies=["1", "2"])

    assert text.splitlines()[4:] == ["  user: b", "  => 2"]


def test_text_and_calls_of_an_assistant_are_both_told():
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}

    text = told(asking(messages=[{"role": "assistant", "content": "Wait.", "tool_calls": [call]}]), replies=["ok"])

    assert text.splitlines()[1:3] == ["  assistant: Wait.", "  assistant calls f({})"]


def test_odd_tool_calls_are_told_as_json():
    message = {"role": "assistant", "tool_calls": [None, {"function": "f"}]}

    text = told(asking(messages=[message, {"role": "assistant", "tool_calls": 5}]), replies=["ok"])

    assert text.splitlines()[1:3] == ["  assistant calls null", '  assistant calls {"function": "f"}']


def test_fault_is_told():
    text = told(asking(stream=True), replies=[Reply("half an ans", fault=faults.drop(after=2))])

    assert text.splitlines()[2:] == ["  => half an ans", "  => fault: drop(after=2)"]


def test_nameless_fault_is_told_by_its_repr():
    class Break:
        def __call__(self, events):
            return events

        def __repr__(self):
            return "<break>"

    assert told(asking(), replies=[Reply("a", fault=Break())]).splitlines()[-1] == "  => fault: <break>"


def test_unmatched_call_tells_the_first_words_of_its_report():
    assert told(asking()).splitlines()[-1] == ("  => no rule answers call 1")


def test_call_that_is_no_json_has_no_messages():
    assert told(wire(b"?")) == ("call 1: POST /v1/chat/completions [400]\n  => the real API rejects call 1 with 400")


def test_rejected_call_is_told_with_its_messages():
    engine = make_engine()

    play(engine.handle(asking("hot?", temperature=3)))

    assert transcript(engine.journal).splitlines()[:2] == [
        "call 1: POST /v1/chat/completions gpt-4o [400]",
        "  user: hot?",
    ]


def test_other_traffic_is_not_told():
    assert told(wire(method="GET", url="https://api.openai.com/v1/models")) == ""


def test_recorded_answer_is_told():
    calls = b'"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]'
    body = b'{"choices":[{"message":{"content":"One\\nmoment",' + calls + b"}}]}"

    assert recorded(body).splitlines()[2:] == ["  => One", "     moment", "  => calls f({})"]


def test_recorded_error_is_told():
    assert recorded(b'{"error":{"message":"no such model"}}').splitlines()[-1] == "  => error: no such model"


def test_recorded_body_that_is_no_answer_is_told_by_its_length():
    assert recorded(b"<html>").splitlines()[-1] == "  => 6 bytes from the cassette"


@pytest.mark.parametrize(("chunks", "line"), [(1, "cancelled after 1 chunk"), (0, "cancelled after 0 chunks")])
def test_call_that_the_client_cancelled_says_how_far_it_got(chunks, line):
    answer = scripted("Rain.").handle(asking(stream=True))
    answer.finished(Ending(200, chunks, 0.5, cancelled=True))

    assert transcript([answer.call]).endswith(f"  => Rain.\n  => {line}")


def test_call_that_got_no_response_says_so():
    answer = scripted(Reply("Rain.", fault=faults.connect_error())).handle(asking())
    answer.finished(Ending(None, 0, 0.5, cancelled=False))

    assert transcript([answer.call]) == (
        "call 1: POST /v1/chat/completions gpt-4o [no response]\n  user: hi\n  => fault: connect_error()"
    )


def test_fault_is_told_with_what_the_client_got():
    reply = Reply("Rain in Paris.", fault=faults.drop(after=3))

    assert received(reply, asking(stream=True)) == ["  => Rain in", "  => fault: drop(after=3)"]


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        (Reply("Rain.", fault=faults.drop(after=1)), []),
        (Reply("Rain.", fault=faults.no_done()), ["  => Rain."]),
        (Reply("Rain.", fault=faults.error_event(after=2)), ["  => error: The server had an error *", "  => Rain"]),
        (Reply("Rain.", fault=faults.html_page()), ["  => * bytes"]),
        (Reply("Rain.", fault=faults.drop(after=0)), []),
        (Reply(refusal="Not that.", fault=faults.drop(after=3)), ["  => the refusal: Not that"]),
        (Reply("a", reasoning="Let me see", fault=faults.drop(after=3)), ["  => (thinks) Let me"]),
        (ToolCall("look", {"at": 1}), None),
    ],
)
def test_whatever_a_fault_does_the_client_s_part_is_told(reply, lines):
    request = asking(stream=True, tools=tools("look"), url="https://openrouter.ai/api/v1/chat/completions")
    if lines is None:
        reply, lines = Reply(tool_calls=[reply], fault=faults.drop(after=4)), ['  => calls look({"at*)']

    found = received(reply, request)[:-1]

    assert len(found) == len(lines)
    assert all(fnmatchcase(line, pattern) for line, pattern in zip(found, lines, strict=True))


def test_half_of_a_whole_answer_is_told_by_its_length():
    found = received(Reply("Rain.", fault=faults.drop(after=1)), asking())

    assert re.fullmatch(r"  => \d+ bytes", found[0])


def test_stream_that_the_client_left_is_told_as_far_as_it_came():
    assert received(Reply("Rain in Paris."), asking(stream=True), parts=3) == [
        "  => Rain in",
        "  => cancelled after 3 chunks",
    ]


def test_transcript_is_text():
    text = told(asking(), replies=["a"])

    assert isinstance(text, str)
    assert f"{text}" == text[:] == str(text)


def test_rich_shows_the_same_text_in_colours():
    text = told(
        asking("[red]hi[/]\n  => x"),
        asking(),
        asking(),
        replies=[Reply("a", fault=faults.drop(after=2)), ErrorReply(500, message="no")],
    )

    styled = text.__rich__()

    assert styled.plain == text
    assert [(styled.plain[span.start : span.end].strip(), span.style) for span in styled.spans if span.style] == [
        ("call 1: POST /v1/chat/completions gpt-4o [200]", "bold"),
        ("=> a", "green"),
        ("=> fault: drop(after=2)", "green"),
        ("call 2: POST /v1/chat/completions gpt-4o [500]", "bold"),
        ("=> error 500: no", "red"),
        ("call 3: POST /v1/chat/completions gpt-4o [400]", "bold"),
        ("=> no rule answers call 3", "red"),
    ]


def test_rich_prints_the_transcript_as_it_is():
    console = Console(file=io.StringIO(), width=100)
    text = told(asking("[red]hi[/]"), replies=["[bold]a[/]"])

    console.print(text)

    assert console.file.getvalue() == text + "\n"


def test_transcript_is_the_same_on_every_run():
    def run():
        return told(asking(), asking(stream=True), wire(b"?"), replies=[ToolCall("f", {}), ErrorReply(429)])

    assert run() == run()


def test_fault_over_a_recorded_answer_is_told():
    engine = make_engine()
    interaction = Interaction(1, None, asking(), RecordedResponse(200, "OK", (), b"hello"))
    recording = Recording([interaction], path="session.yaml")
    recording.inject(1, faults.truncate(2), times=1)
    engine.sources.append(recording)

    play(engine.handle(asking()))

    assert transcript(engine.journal).splitlines()[-2:] == ["  => 5 bytes from the cassette", "  => fault: truncate(2)"]
