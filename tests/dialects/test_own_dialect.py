"""A dialect of a test's own is served like those of the package, with no edit elsewhere."""

import json

import httpx
import pytest
from cassette_text import cassette, interaction
from provider_server import provider
from toy_dialect import Toy, to_chat

from fakellm import (
    ErrorReply,
    FakeLLM,
    RejectedRequestError,
    ToolCall,
    UnmatchedRequestError,
    UsageError,
    explore,
    faults,
    framings,
    use_cassette,
)
from fakellm.dialects import Reader

URL = "https://gateway.acme.test/v2/talk"


def talk(*said, live=False, tools=(), url=URL, client=httpx):
    body = {"whom": "acme-1", "said": [list(one) for one in said], "live": live, "tools": list(tools)}
    return client.post(url, json=body)


def bits(response):
    """(name, object) of each event."""
    events = response.text.strip().split("\n\n")
    return [(e.split("\n")[0].removeprefix("event: "), json.loads(e.split("data: ")[1])) for e in events]


@pytest.fixture
def llm():
    return FakeLLM(dialects=[Toy()])


def test_whole_answer_is_in_the_form_of_the_dialect(llm):
    llm.when(user="name").reply("Ada")

    with llm:
        answer = talk(("me", "your name?")).json()

    assert (answer["says"], answer["wants"]) == ("Ada", [])
    assert llm.calls[0].usage["total_tokens"] == sum(answer["paid"])


def test_stream_counts_its_chunks_by_the_law(llm):
    llm.reply("one two three")

    with llm:
        response = talk(("me", "count"), live=True)

    assert bits(response)[:-1] == [("bit", {"says": text}) for text in ("", "one", " two", " three")]
    assert bits(response)[-1][0] == "over"
    assert llm.calls[0].chunks == 5


def test_tool_loop_is_matched_by_conditions_of_chat(llm):
    llm.when(user="weather", tool="get_weather").reply(ToolCall("get_weather", {"city": "Rome"}))
    llm.when(tool_result="20").reply("Mild.")

    with llm:
        first = talk(("me", "weather?"), tools=["get_weather"]).json()
        second = talk(("me", "weather?"), ("you", ""), ("tool", "20 degrees"), tools=["get_weather"]).json()

    assert first["wants"] == [["get_weather", '{"city":"Rome"}']]
    assert second["says"] == "Mild."
    assert llm.calls[0].tool_calls[0].id.startswith("want-")


def test_condition_names_the_endpoint(llm):
    llm.when(endpoint="toy").reply("toy")
    llm.when(endpoint="chat").reply("chat")
    chat = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}

    with llm:
        other = httpx.post("http://localhost:1/v1/chat/completions", json=chat).json()
        assert talk(("me", "hi")).json()["says"] == "toy"

    assert other["choices"][0]["message"]["content"] == "chat"
    assert [call.endpoint for call in llm.calls] == ["chat", "toy"]


def test_scripted_error_is_in_its_envelope(llm):
    llm.reply(ErrorReply(503, message="closed"))

    with llm:
        response = talk(("me", "hi"))

    assert (response.status_code, response.json()) == (503, {"sorry": "closed"})


def test_unmatched_request_is_told_in_its_envelope_with_the_near_miss(llm):
    llm.when(user="weather").reply("Mild.")

    with pytest.raises(UnmatchedRequestError, match="a question containing 'weather'"), llm:
        response = talk(("me", "whether?"))

    assert response.status_code == 400
    assert response.json()["sorry"].startswith("no rule answers call 1: POST …/talk model='acme-1'")


def test_rejected_request_is_told_in_its_envelope(llm):
    llm.reply("never")

    with pytest.raises(RejectedRequestError, match="nothing was said"), llm:
        response = talk()

    assert (response.status_code, response.json()) == (400, {"sorry": "nothing was said"})


def test_what_the_tests_own_code_raises_is_told_in_its_envelope(llm):
    llm.reply(lambda request: 1 / 0)

    with pytest.raises(UnmatchedRequestError, match="ZeroDivisionError"), llm:
        response = talk(("me", "hi"))

    assert "ZeroDivisionError" in response.json()["sorry"]


def test_transcript_reads_as_of_any_other(llm):
    llm.reply("Hi.")

    with llm:
        talk(("house", "Be brief."), ("me", "Hello!"))

    assert llm.transcript() == ("call 1: POST /v2/talk acme-1 [200]\n  system: Be brief.\n  user: Hello!\n  => Hi.")


def test_fault_counts_the_chunks_of_the_dialect(llm):
    llm.reply("one two three", fault=faults.drop(after=3))

    with pytest.raises(httpx.RemoteProtocolError), llm:
        talk(("me", "count"), live=True)

    assert llm.calls[0].ending.received is not None
    assert b"".join(llm.calls[0].ending.received).count(b"event: bit") == 3
    assert "=> one two\n" in llm.transcript()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (faults.malformed_json(after=1), b'event: bit\ndata: {"says": "\n\n'),
        (faults.malformed_sse(after=1), b'event: bit\ndata: {"says":\n"?"}\n\n'),
        (
            faults.error_event(after=1, error=ErrorReply(500, message="broke")),
            b'event: bad\ndata: {"sorry":"broke"}\n\n',
        ),
    ],
)
def test_fault_speaks_as_the_dialect(llm, fault, told):
    llm.reply("one two", fault=fault)

    with llm:
        assert told in talk(("me", "count"), live=True).content


def test_stream_without_its_end_mark_ends_with_its_last_piece(llm):
    llm.reply("one", fault=faults.no_done())

    with llm:
        assert [name for name, _ in bits(talk(("me", "count"), live=True))] == ["bit", "bit"]


def test_explore_lays_every_trouble_over_it(llm):
    llm.reply("one two")

    def agent():
        for _ in range(2):
            response = talk(("me", "count"), live=True)
            if response.status_code == 200:
                return bits(response)
        raise RuntimeError("gave up")

    trials = explore(agent, llm=llm, faults=[ErrorReply(500), faults.no_done()], framings=[framings.crlf()])

    assert [(trial.name, trial.survived) for trial in trials] == [
        ("1:500", True),
        ("1:no_done()", True),
        ("1:crlf()", False),
    ]


@pytest.fixture
def recorded(tmp_path):
    answer = json.dumps({"says": "Hi", "wants": [["f", "{}"]], "paid": [3, 4]})
    body = json.dumps({"whom": "acme-1", "said": [["me", "hi"]], "live": False, "tools": []})
    path = tmp_path / "session.yaml"
    path.write_text(cassette(interaction(uri=URL, request=f"body: '{body}'", response=f"body: {{string: '{answer}'}}")))
    return path


def test_recording_is_replayed_and_heard(llm, recorded):
    llm.replay(recorded)

    with llm:
        assert talk(("me", "hi")).json()["says"] == "Hi"

    [call] = llm.calls
    assert (call.endpoint, call.usage["total_tokens"], call.tool_calls) == ("toy", 7, (ToolCall("f", {}),))
    assert llm.transcript().endswith("=> Hi\n  => calls f({})")


def answer_talk(exchange):
    exchange.answer(b'{"says": "Hi", "wants": [], "paid": [3, 4]}', content_type="application/json")


def test_recording_is_heard_while_it_is_made(tmp_path):
    with (
        provider(answer_talk) as url,
        use_cassette(tmp_path / "session.yaml", mode="once", dialects=[Toy()]) as cassette,
    ):
        talk(("me", "hi"), url=f"{url}/talk")

    [call] = cassette.calls
    assert (call.endpoint, call.usage["total_tokens"]) == ("toy", 7)
    assert cassette.transcript().endswith("  user: hi\n  => Hi")


def test_model_that_is_asked_on_this_machine_is_recorded_and_replayed(tmp_path):
    path = tmp_path / "session.yaml"
    with provider(answer_talk) as url, use_cassette(path, mode="once", dialects=[Toy()]):
        talk(("me", "hi"), url=f"{url}/talk")

    with use_cassette(path, dialects=[Toy()]) as cassette:
        said = talk(("me", "hi"), url=f"{url}/talk").json()["says"]

    assert (said, cassette.calls[0].endpoint) == ("Hi", "toy")


def test_error_that_is_injected_into_a_recording_is_in_its_envelope(llm, recorded):
    llm.replay(recorded).inject(ErrorReply(500, message="broke"), into=1)

    with llm:
        assert [talk(("me", "hi")).json().get("sorry") for _ in range(2)] == ["broke", None]


class Clumsy(Toy):
    """Fails to read what it does not expect, and reads the model from a header."""

    def claims(self, wire):
        claimed = super().claims(wire)
        return claimed and claimed._replace(model=wire.headers.get("x-model"))

    def __init__(self):
        self._reader = Reader(self, to_chat=to_chat)


def test_dialect_that_fails_to_read_a_request_fails_the_test_and_not_the_client():
    llm = FakeLLM(dialects=[Clumsy()])
    llm.reply("never")

    with (
        pytest.raises(UnmatchedRequestError, match=r"a callable of the script raised on call 1: KeyError: 'whom'"),
        llm,
    ):
        response = httpx.post(URL, json={"said": [["me", "hi"]]})

    assert response.status_code == 400


def test_model_may_stand_in_a_header_of_equal_bodies():
    llm = FakeLLM(dialects=[Clumsy()], allow_unused=True)
    llm.reply("a", times=None)

    with llm:
        for name in "ab":
            httpx.post(URL, json={"whom": "x", "said": [["me", "hi"]]}, headers={"x-model": name})

    assert [call.model for call in llm.calls] == ["a", "b"]


def test_answer_that_the_dialect_cannot_hear_is_told_by_its_length(llm, recorded):
    recorded.write_text(recorded.read_text().replace('"paid": [3, 4]}', ""))
    llm.replay(recorded)

    with llm:
        talk(("me", "hi"))

    assert llm.transcript().endswith("bytes from the cassette")
    assert (llm.calls[0].usage, llm.calls[0].tool_calls) == (None, ())


def test_provider_that_is_not_known_to_speak_it_leaves_its_answers_alone():
    llm = FakeLLM(dialects=[Toy()], provider="openai")
    llm.reply("Hi")

    with llm:
        httpx.post(URL, json={"whom": "gpt-4o", "said": [["me", "hi"]]})

    assert llm.calls[0].completion.model == "gpt-4o"


def test_dialect_that_is_none_is_refused():
    with pytest.raises(UsageError, match=r"FakeLLM dialects holds objects of fakellm.dialects.Dialect, got 'toy'"):
        FakeLLM(dialects=["toy"])


def test_dialect_of_a_recording_that_is_none_is_refused(recorded):
    with pytest.raises(
        UsageError, match=r"use_cassette\(\) dialects holds objects of fakellm.dialects.Dialect, got 'toy'"
    ):
        use_cassette(recorded, dialects=["toy"])


class Taking(Toy):
    """A dialect whose check takes out what it knows."""

    endpoint = "taking"

    def __init__(self):
        super().__init__()
        self._reader = Reader(self, model_of=lambda body, wire: body["model"], check=self.check)

    def check(self, body, model, strictness, provider, **known):
        assert body["options"].pop("depth") == 1


def test_body_is_the_own_one_of_each_check():
    with FakeLLM(dialects=[Taking()]) as llm:
        llm.reply("a", times=None)
        answers = [
            httpx.post(
                URL,
                json={"model": "m", "options": {"depth": 1}, "messages": [{"role": "user", "content": str(n)}]},
            )
            for n in range(5)
        ]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert [call.request.as_chat["options"] for call in llm.calls] == [{"depth": 1}] * 5
