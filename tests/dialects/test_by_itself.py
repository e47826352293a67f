"""What an API answers by itself uses up no reply and owes nothing; what it stores belongs to one fake."""

import json

import httpx
import pytest
from cassette_text import cassette, interaction

from fakellm import (
    CassetteMismatchError,
    ContradictionError,
    ErrorReply,
    FakeLLM,
    RejectedRequestError,
    Reply,
    UnusedReplyError,
    explore,
    faults,
)
from fakellm import dialects as d

URL = "https://gateway.acme.test/weigh"


class Scale(d.Dialect):
    """``POST /weigh`` takes {"text": ...} and tells its weight; ``GET /weigh/TEXT`` tells what was weighed before."""

    endpoint = "scale"
    spoken_at = "…/weigh"
    takes = frozenset({"vectors"})

    def __init__(self, traffic=d.Traffic.MODEL, weighed=()):
        self._traffic = traffic
        self._weighed = dict(weighed)
        self._reader = d.Reader(
            self, model_of=lambda body, wire: "scale-1", check=check, to_chat=to_chat, count=lambda body, model: 7
        )

    def claims(self, wire):
        if wire.method == "POST":
            return d.Claim("scale", traffic=self._traffic, by_itself=True) if wire.path == "/weigh" else None
        stored = wire.path.removeprefix("/weigh/")
        return d.Claim("scale", traffic=d.Traffic.PROVIDER, by_itself=True, stored=stored)

    def read(self, wire, claim, strictness, provider):
        body = wire.body if claim.stored is None else json.dumps({"text": claim.stored}).encode()
        return self._reader.read(wire._replace(body=body), claim, strictness, provider)

    def say(self, answer, asked):
        text, request_id = asked.body["text"], ("x-request-id", answer.request_id)
        if asked.claim.stored is None:
            self._weighed[text] = len(text)
        elif text not in self._weighed:
            return list(asked.speaker.refuse(404, d.ErrorBody("never weighed"), request_id=answer.request_id))
        weights = [self._weighed[text]] if answer.vectors is None else list(answer.vectors[0])
        return d.json_answer(json.dumps({"weights": weights}).encode(), request_id, answer.headers)

    def copied(self):
        return Scale(self._traffic, self._weighed)


def check(body, model, strictness, provider, **known):
    if not body.get("text"):
        raise d.Rejected(d.ErrorBody("nothing to weigh"))


def to_chat(body):
    return {**body, "messages": [{"role": "user", "content": body["text"]}]}


def weigh(text, client=httpx, **parameters):
    return client.post(URL, json={"text": text, **parameters})


def weighed(text):
    return httpx.get(f"{URL}/{text}")


def chat(text="hi"):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    return httpx.post("http://localhost:1/v1/chat/completions", json=body)


@pytest.fixture
def llm():
    return FakeLLM(dialects=[Scale()])


def test_it_uses_up_no_reply(llm):
    llm.reply("Hello!")

    with llm:
        assert weigh("one").json() == {"weights": [3]}
        assert chat().json()["choices"][0]["message"]["content"] == "Hello!"

    assert [(call.endpoint, call.reply and call.reply.text) for call in llm.calls] == [
        ("scale", None),
        ("chat", "Hello!"),
    ]


def test_nothing_that_was_scripted_contradicts_it(llm):
    with llm:
        assert weigh("one", tool_choice="required", response_format={"type": "json_object"}).status_code == 200


def test_what_answers_otherwise_is_not_asked(llm):
    llm.otherwise("whatever")

    with llm:
        assert weigh("one").json() == {"weights": [3]}


def test_call_has_its_usage_and_says_who_answered(llm):
    with llm:
        weigh("one")

    assert (llm.calls[0].usage["prompt_tokens"], llm.calls[0].last_user) == (7, "one")
    assert llm.transcript().splitlines() == [
        "call 1: POST /weigh scale-1 [200]",
        "  user: one",
        "  => answered by itself",
    ]


def test_other_traffic_stands_apart_until_a_rule_answers_it():
    llm = FakeLLM(dialects=[Scale(d.Traffic.COUNT)])
    llm.when(endpoint="scale", user="two").reply(ErrorReply(503))

    with llm:
        assert [weigh(text).status_code for text in ("one", "two", "three")] == [200, 503, 200]

    assert [call.last_user for call in llm.calls] == ["two"]
    assert [(call.number, call.last_user) for call in llm.other_traffic] == [(1, "one"), (2, "three")]


def test_rule_that_names_the_endpoint_answers_instead(llm):
    llm.when(user="one").reply("never", times=None)
    llm.when(endpoint="scale", user="two").reply(ErrorReply(429, message="Slow down."), Reply(headers={"x-a": "b"}))
    llm.when(endpoint="scale").reply(fault=faults.empty_body())

    with llm:
        answers = [weigh(text) for text in ("two", "two", "two", "one")]

    assert [answer.status_code for answer in answers] == [429, 200, 200, 200]
    assert (answers[1].headers["x-a"], answers[2].content) == ("b", b"")


def test_reply_with_vectors_is_for_who_takes_them(llm):
    llm.reply(vectors=[[0.5, 1]])
    llm.reply("Hello!")

    with llm:
        assert chat().json()["choices"][0]["message"]["content"] == "Hello!"
        assert weigh("one").json() == {"weights": [0.5, 1.0]}
        assert weigh("one").json() == {"weights": [3]}


def test_unmatched_request_is_told_that_a_rule_has_vectors(llm):
    llm.reply(vectors=[[1]], times=None)

    with pytest.raises(AssertionError) as caught, llm:
        chat()

    assert "    vectors: expected an endpoint that takes them, got '…/chat/completions'" not in str(caught.value)
    assert "vectors: expected an endpoint that takes them, got …/chat/completions" in str(caught.value)


def test_number_of_vectors_is_that_of_the_inputs(llm):
    llm.reply(vectors=[[1], [2]])

    with pytest.raises(ContradictionError, match=r"the reply has 2 vectors, the request 1 inputs"), llm:
        weigh("one")


def test_what_it_has_no_place_for_is_a_contradiction(llm):
    llm.when(endpoint="scale").reply("heavy")

    with pytest.raises(ContradictionError) as caught, llm:
        assert weigh("one").status_code == 400

    assert str(caught.value).splitlines()[0::2] == [
        "call 1: the reply has text, for which …/weigh has no place",
        "  to answer it, type: vectors=",
    ]


def test_chat_has_no_place_for_vectors(llm):
    llm.reply(lambda request: Reply(vectors=[[1]]))

    with pytest.raises(ContradictionError, match="the reply has vectors, for which …/chat/completions has no"), llm:
        chat()


def test_reply_that_was_meant_for_it_says_what_to_type(llm):
    llm.reply("heavy")

    with pytest.raises(UnusedReplyError) as caught, llm:
        weigh("one")

    assert "  call 1 was answered by itself; to answer it, type: when(endpoint='scale', ...)" in str(caught.value)


def test_request_that_the_api_rejects_fails_the_test():
    llm = FakeLLM(dialects=[Scale(d.Traffic.COUNT)])
    llm.when(tool_result="18").reply("never")

    with pytest.raises(RejectedRequestError) as caught, llm:
        assert weigh("").status_code == 400

    assert str(caught.value).startswith("the real API rejects request 1 of other_traffic with 400: POST /weigh")


def test_predicate_that_raises_fails_the_test():
    llm = FakeLLM(dialects=[Scale(d.Traffic.COUNT)])
    llm.when(lambda request: 1 / 0, endpoint="scale").reply("never")

    with pytest.raises(AssertionError, match="raised on request 1 of other_traffic: ZeroDivisionError"), llm:
        assert weigh("one").status_code == 400


def test_look_up_finds_what_was_stored_and_fails_nothing(llm):
    llm.when(endpoint="scale", user="two").reply(ErrorReply(503), times=None)

    with llm:
        weigh("one")
        answers = [weighed(text) for text in ("one", "two")]

    assert [answer.status_code for answer in answers] == [200, 404]
    assert answers[1].json()["error"]["message"] == "never weighed"
    assert [(call.endpoint, call.status) for call in llm.other_traffic] == [("scale", 200), ("scale", 404)]


def test_each_fake_has_its_own_state():
    scale = Scale()
    fakes = [FakeLLM(dialects=[scale]) for _ in "ab"]

    with fakes[0]:
        weigh("one")
    with fakes[1]:
        assert weighed("one").status_code == 404


def test_reset_forgets_what_was_stored(llm):
    with llm:
        weigh("one")
        llm.reset()
        assert weighed("one").status_code == 404


def test_each_trial_begins_with_what_was_stored_before(llm):
    found = []

    def body():
        found.append(weighed("one").status_code)
        weigh("one")

    with llm:
        weigh("zero")
        trials = explore(body, llm=llm, faults=[ErrorReply(503), faults.empty_body()], framings=[])
        assert [weighed(text).status_code for text in ("zero", "one")] == [200, 200]

    assert found == [404, 404, 404]
    assert [trial.name for trial in trials] == ["1:503", "1:empty_body()"]


def test_beside_a_recording_nothing_is_made_up(tmp_path):
    path = tmp_path / "session.yaml"
    path.write_text(cassette(interaction(uri=URL, request='body: \'{"text": "one"}\'')))
    llm = FakeLLM(dialects=[Scale()])
    llm.replay(path)

    with pytest.raises(CassetteMismatchError, match="call 2 is not in the recording"), llm:
        assert [weigh(text).status_code for text in ("one", "two")] == [200, 400]


def test_other_traffic_beside_a_recording_gets_its_404(tmp_path):
    path = tmp_path / "session.yaml"
    path.write_text("interactions: []\nversion: 1\n")
    llm = FakeLLM(dialects=[Scale(d.Traffic.COUNT)])
    llm.replay(path)

    with llm:
        assert weigh("one").status_code == 404
