import pytest
from chat_wire import CHAT_URL, asking, wire
from engines import ask, make_engine, replaying, when

from fakellm import CassetteMismatchError, UnmatchedRequestError, faults
from fakellm._dialects.table import DIALECTS
from fakellm._io.recorder import Recorder
from fakellm._script.journal import Outcome
from fakellm._wire.dialect import Strictness
from fakellm._wire.hosts import check_hosts

MODELS_URL = "https://api.openai.com/v1/models"
MESSAGES_URL = "https://api.anthropic.com/v1/messages"


def test_recorded_request_is_replayed():
    engine = replaying(asking())

    answer = ask(engine)

    assert (answer.body, engine.journal[0].outcome, engine.journal[0].recorded) == (
        b"recorded",
        Outcome.REPLAYED,
        b"recorded",
    )


def test_rules_are_asked_before_a_recording():
    engine = replaying(asking(), rule_reply="scripted")

    assert [ask(engine).content, ask(engine).body] == ["scripted", b"recorded"]


@pytest.mark.parametrize(
    "request_sent",
    [asking(messages=[]), wire(b"?"), wire(url=MESSAGES_URL), wire(method="GET", url="https://shop.test/prices")],
)
def test_whatever_was_recorded_is_replayed(request_sent):
    assert ask(replaying(request_sent), request_sent).body == b"recorded"


@pytest.mark.parametrize(
    ("request_sent", "message"),
    [
        (asking(), lambda answer: answer["error"]["message"]),
        (wire(url=MESSAGES_URL), lambda answer: answer["error"]["message"]),
        (wire({"model": "m"}, url="https://new.test/api/generate"), lambda answer: answer["error"]),
    ],
)
def test_model_call_that_is_not_recorded_gets_a_400(request_sent, message):
    answer = ask(replaying(), request_sent)

    assert (answer.status, message(answer.json)) == (
        400,
        f"call 1 is not in the recording: {request_sent.method} {request_sent.url}\n"
        "  session.yaml holds no request at all; recording is off\n"
        "  not played yet: nothing\n"
        "  the request was not sent anywhere\n"
        "  to record again: use_cassette(path, mode='rewrite')",
    )


TRACES_URL = "https://api.openai.com/v1/traces/ingest"


@pytest.mark.parametrize(
    "request_sent",
    [
        wire({"post": []}, url="https://api.smith.langchain.com/runs/batch"),
        wire({"data": []}, url=TRACES_URL),
        wire(method="GET", url=MODELS_URL),
        wire(method="GET", url="https://raw.githubusercontent.com/prices.json"),
    ],
)
def test_other_traffic_to_a_host_or_path_that_is_not_recorded_fails_nothing(request_sent):
    engine = replaying(asking())

    answer = ask(engine, request_sent)

    assert (answer.status, engine.other_traffic[0].outcome, len(engine.journal)) == (404, Outcome.OTHER, 0)
    engine.check()


@pytest.mark.parametrize("url", ["https://files.test/a?page=2", "http://files.test:443/a", "https://files.test/b"])
def test_other_traffic_to_a_recorded_path_of_a_recorded_host_fails(url):
    recorded = [wire(method="GET", url=place) for place in ("https://files.test/a?page=1", "https://files.test/b")]
    engine = replaying(*recorded, wire(method="GET", url="http://files.test:443/a?page=1"))
    engine.sources[0].take(recorded[1], lambda: DIALECTS.speaker(recorded[1]))

    answer = ask(engine, wire(method="GET", url=url))

    assert (answer.status, engine.other_traffic[0].outcome) == (400, Outcome.UNMATCHED)
    with pytest.raises(CassetteMismatchError) as caught:
        engine.check()
    assert str(caught.value).startswith(
        f"request 1 of other_traffic is not in the recording: GET {url}\n  session.yaml "
    )


@pytest.mark.parametrize(
    ("match", "url", "status"),
    [
        (["path", "query"], "https://elsewhere.test/a?page=2", 400),
        (["path", "query"], "https://elsewhere.test/b?page=2", 404),
        (["query"], "https://elsewhere.test/b?page=2", 404),
        (["host", "query"], "https://files.test:8443/a?page=2", 400),
        (["host", "query"], "https://elsewhere.test/a?page=2", 404),
    ],
)
def test_host_of_other_traffic_counts_where_hosts_are_matched(match, url, status):
    engine = replaying(wire(method="GET", url="https://files.test/a?page=1"), match=match)

    assert ask(engine, wire(method="GET", url=url)).status == status


def test_other_traffic_that_is_recorded_is_played_and_stands_apart():
    download = wire(method="GET", url="https://files.test/report.pdf")
    engine = replaying(asking(), download)

    answers = [ask(engine, download).body, ask(engine).body]

    assert answers == [b"recorded", b"recorded"]
    assert [call.outcome for call in (*engine.journal, *engine.other_traffic)] == [Outcome.REPLAYED, Outcome.REPLAYED]
    assert (engine.journal[0].number, engine.other_traffic[0].number) == (1, 1)


def test_malformed_request_is_told_beside_the_miss():
    engine = replaying()
    engine.strictness = Strictness(strict=False)

    answer = ask(engine, wire(b'{"model": "gpt-4o"}'))

    assert answer.error["message"].endswith(
        "\n  to record again: use_cassette(path, mode='rewrite')\n"
        "the real API rejects call 1 with 400: POST /v1/chat/completions\n"
        "  Missing required parameter: 'messages'. (param='messages', code='missing_required_parameter')\n"
        "  if the test means it: @pytest.mark.fake_llm(allow_rejected=True) or FakeLLM(allow_rejected=True)"
    )


def test_request_that_neither_rule_nor_recording_answers_tells_both():
    engine = replaying()
    when(engine, user="Rome").reply("a")

    text = ask(engine).error["message"]

    assert [line for line in text.splitlines() if not line.startswith(" ")] == [
        f"call 1 is not in the recording: POST {CHAT_URL}",
        "no rule answers call 1: POST …/chat/completions model='gpt-4o' user='hi'",
    ]


def test_check_of_a_mere_recording_fails_as_a_mismatch():
    engine = replaying()
    ask(engine)

    with pytest.raises(CassetteMismatchError, match=r"^call 1 is not in the recording"):
        engine.check()


def test_check_of_rules_beside_a_recording_fails_as_unmatched():
    engine = replaying(rule_reply="a")
    ask(engine)
    ask(engine)

    with pytest.raises(UnmatchedRequestError, match=r"^call 2 is not in the recording"):
        engine.check()


@pytest.mark.parametrize(
    ("method", "host", "path", "is_claimed"),
    [
        ("POST", "gateway.test", "/v1/chat/completions", True),
        ("GET", "api.openai.com", "/v1/models", True),
        ("GET", "shop.test", "/prices", False),
    ],
)
def test_fake_claims_model_calls_and_providers(method, host, path, is_claimed):
    assert make_engine().claims(wire(method=method, url=f"https://{host}{path}")) is is_claimed


def test_recording_claims_other_hosts_as_well():
    assert replaying().claims(wire(method="GET", url="https://shop.test/prices"))


@pytest.mark.parametrize(
    ("method", "host", "path", "is_claimed"),
    [
        ("GET", "files.test", "/a", False),
        ("POST", "api.openai.com", "/v1/traces/ingest", False),
        ("POST", "api.openai.com", "/v1/chat/completions", True),
        ("GET", "other.test", "/a", True),
    ],
)
@pytest.mark.parametrize("records", [False, True])
def test_allowed_host_is_left_alone_unless_a_model_is_asked(method, host, path, is_claimed, records):
    engine = replaying(wire(method="GET", url="https://files.test/a"))
    engine.allowed_hosts = check_hosts(["files.test", "*.openai.com"])
    engine.recorder = Recorder(DIALECTS) if records else None

    assert bool(engine.claims(wire(method=method, url=f"https://{host}{path}"))) is is_claimed


def test_other_traffic_that_was_stopped_is_told_with_what_lets_it_through():
    url = "https://api.smith.langchain.com/runs/batch"

    assert ask(replaying(), wire({"post": []}, url=url)).error["message"] == (
        f"no model call, answered with 404 instead of by the network: POST {url}\n"
        "  to let it through: allowed_hosts=['api.smith.langchain.com']"
    )


def test_recorded_answer_in_whose_place_a_rule_stands_is_excused():
    engine = replaying(asking(), rule_reply="scripted")

    ask(engine)

    assert engine.sources[0].unplayed == []


def test_reset_rewinds_recordings():
    engine = replaying(asking())
    ask(engine)

    engine.reset()

    assert ask(engine).body == b"recorded"


def test_fault_is_laid_over_a_recorded_answer():
    engine = replaying(asking())
    engine.sources[0].inject(1, faults.truncate(3), times=1)

    assert [ask(engine).body, ask(engine).body] == [b"rec", b"recorded"]
    assert repr(engine.journal[0].fault) == "truncate(3)"


def test_fault_that_cannot_take_effect_fails_the_test():
    engine = replaying(asking())
    engine.sources[0].inject(1, lambda events: 1 / 0, times=1)

    assert ask(engine).is_cut

    with pytest.raises(CassetteMismatchError, match="a callable of the script raised on call 1: ZeroDivisionError"):
        engine.check()
