"""Moderations: nothing is flagged unless scripted; in the form and with the rejections of the real API."""

import httpx
import pytest
from asking import KEY
from openapi_document import needs_document, validate

from fakellm import ContradictionError, ErrorReply, FakeLLM, RejectedRequestError, Reply, explore, faults

OPENAI = "https://api.openai.com/v1/moderations"
ELSEWHERE = "http://localhost:8080/v1/moderations"
IMAGE = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
TEXT = {"type": "text", "text": "a cat"}


def moderate(given="I am happy.", *, url=OPENAI, **parameters):
    return httpx.post(url, headers=KEY, json={"input": given, **parameters})


def results(response):
    return response.json()["results"]


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


@needs_document
@pytest.mark.parametrize("url", [OPENAI, ELSEWHERE])
@pytest.mark.parametrize("given", ["hi", ["hi", "you"], [TEXT, IMAGE], [IMAGE], []])
def test_answer_holds_to_the_document(llm, url, given):
    llm.when(endpoint="moderations", user="you").reply(extra={"categories": {"hate": True}}, times=None)

    validate(moderate(given, url=url).json(), "CreateModerationResponse")


def test_nothing_is_flagged(llm):
    llm.reply("never")
    [result] = results(moderate())

    assert result["flagged"] is False
    assert set(result["categories"].values()) == {False}
    assert set(result["category_scores"].values()) == {0.00001}
    assert set(map(tuple, result["category_applied_input_types"].values())) == {("text",)}
    assert len(result["categories"]) == 13
    llm.reset()


def test_head_is_written_out(llm):
    answer = moderate().json()

    assert (answer["id"], answer["model"]) == ("modr-8a683d8cfb5f0d4d0270b41eff1f43f7", "omni-moderation-latest")


def test_call_is_free_and_names_the_default_model(llm):
    moderate()

    [call] = llm.calls
    assert (call.endpoint, call.model, call.last_user) == ("moderations", "omni-moderation-latest", "I am happy.")
    assert call.usage["total_tokens"] == 0


@pytest.mark.parametrize(
    ("given", "applied"),
    [("hi", ["text"]), ([TEXT, IMAGE], ["text", "image"]), ([IMAGE], ["image"])],
)
def test_images_count_where_the_category_looks_at_them(llm, given, applied):
    [result] = results(moderate(given))

    assert result["category_applied_input_types"]["violence"] == applied
    assert result["category_applied_input_types"]["hate"] == [kind for kind in applied if kind == "text"]


def test_each_text_of_a_list_has_a_result_and_parts_have_one(llm):
    assert [len(results(moderate(given))) for given in (["a", "b"], [TEXT, IMAGE], "a")] == [2, 1, 1]


def test_category_is_flagged_by_extra(llm):
    llm.when(endpoint="moderations", any_user="knife").reply(extra={"categories": {"violence": True}})

    harmless, [flagged] = moderate("hello"), results(moderate("a knife"))

    assert results(harmless)[0]["flagged"] is False
    assert (flagged["flagged"], flagged["categories"]["violence"], flagged["categories"]["hate"]) == (True, True, False)
    assert (flagged["category_scores"]["violence"], flagged["category_scores"]["hate"]) == (0.9, 0.00001)


def test_scores_and_flag_can_be_given(llm):
    extra = {"category_scores": {"violence": 0.42}, "flagged": True, "model": "mine"}
    llm.when(endpoint="moderations").reply(extra=extra)

    answer = moderate().json()

    assert (answer["model"], answer["results"][0]["flagged"]) == ("mine", True)
    assert answer["results"][0]["category_scores"]["violence"] == 0.42


def test_results_are_given_one_by_one(llm):
    llm.when(endpoint="moderations").reply(extra={"results": [{}, {"categories": {"sexual": True}}]})

    assert [result["flagged"] for result in results(moderate(["a", "b"]))] == [False, True]


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (
            Reply(extra={"categories": {"voilence": True}}),
            "call 1: moderations have no category 'voilence'; did you mean 'violence'?",
        ),
        (Reply(extra={"results": [{}, {}]}), "call 1: the reply has 2 results, the request 1 inputs"),
        (Reply("no"), "call 1: the reply has text, for which …/moderations has no place"),
    ],
)
def test_reply_that_no_moderation_gives_is_a_contradiction(reply, complaint):
    llm = FakeLLM()
    llm.when(endpoint="moderations").reply(reply)

    with pytest.raises(ContradictionError) as caught, llm:
        assert moderate().status_code == 400

    assert str(caught.value).splitlines()[0] == complaint


def test_recorded_answer_is_heard_in_words(llm):
    llm.when(endpoint="moderations").reply(extra={"categories": {"hate": True, "violence": True}})
    flagged, harmless = moderate().content, moderate(["a", "b"]).content

    voice = llm.calls[0].voice
    assert voice.hear(flagged).text == "flagged: hate, violence"
    assert voice.hear(harmless).text == "not flagged; not flagged"
    assert voice.hear(b'{"error": {"message": "no"}}').error == "no"
    assert voice.hear(b"[]") is voice.hear(b"?") is voice.hear(b'{"results": []}') is None


def test_explore_breaks_it():
    llm = FakeLLM()

    trials = explore(lambda: moderate().raise_for_status(), llm=llm, faults=[ErrorReply(503), faults.drop(after=0)])

    assert [(trial.name, trial.survived) for trial in trials] == [("1:503", False), ("1:drop(after=0)", False)]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"given": None}, (400, "missing_required_parameter", "input", "Missing required parameter: 'input'.")),
        (
            {"given": 7},
            (
                400,
                "invalid_type",
                "input",
                "Invalid type for 'input': expected one of a string or array of strings, but got an integer instead.",
            ),
        ),
        (
            {"given": [{"type": "audio"}]},
            (
                400,
                "invalid_value",
                "input[0].type",
                "Invalid value: 'audio'. Supported values are: 'image_url' and 'text'.",
            ),
        ),
        (
            {"given": [{"type": "text"}]},
            (400, "missing_required_parameter", "input[0].text", "Missing required parameter: 'input[0].text'."),
        ),
        ({"user": "me"}, (400, None, None, "Unrecognized request argument supplied: user")),
        ({"model": "text-moderation-latest"}, (400, None, "model", "please request omni-moderation-latest")),
        (
            {"model": "gpt-4o"},
            (
                400,
                None,
                "model",
                "Invalid value for 'model' = gpt-4o. Please check the OpenAI documentation and try again.",
            ),
        ),
        (
            {"model": 7},
            (400, "invalid_type", "model", "Invalid type for 'model': expected a string, but got an integer instead."),
        ),
    ],
)
def test_request_that_the_real_api_rejects_is_rejected(parameters, expected):
    with pytest.raises(RejectedRequestError), FakeLLM():
        response = moderate(**parameters)

    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"], error["message"]) == expected
    assert error["type"] == "invalid_request_error"


def test_model_that_is_not_among_those_given_is_unknown():
    with pytest.raises(RejectedRequestError), FakeLLM(models=["mine"]):
        assert moderate(model="mine").status_code == 200
        assert moderate().status_code == 404


@pytest.mark.parametrize("body", [{"input": [1, None], "model": "mistral-moderation"}, {"input": ["a"], "raw": True}])
def test_elsewhere_whatever_is_well_formed_is_taken(body):
    with FakeLLM():
        assert len(results(httpx.post(ELSEWHERE, json=body))) == len(body["input"])
