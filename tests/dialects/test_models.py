"""Models: listed, looked up and deleted by themselves, from ``models=`` or from the table."""

import httpx
import pytest
from asking import KEY
from openapi_document import needs_document, validate

from fakellm import ErrorReply, FakeLLM, RejectedRequestError, Reply, faults

OPENAI = "https://api.openai.com/v1/models"
TUNED = "ft:gpt-4o-mini:acme::abc"


def ask(name=None, *, method="GET", url=OPENAI, headers=KEY, client=httpx):
    return client.request(method, url if name is None else f"{url}/{name}", headers=headers)


def names(response):
    return [model["id"] for model in response.json()["data"]]


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


@needs_document
def test_answers_hold_to_the_document(llm):
    validate(ask().json(), "ListModelsResponse")
    validate(ask("gpt-4o").json(), "Model")
    validate(ask("nope").json(), "ErrorResponse")


def test_list_holds_the_models_that_fakellm_knows(llm):
    listed = names(ask())

    assert {"gpt-4o", "gpt-4o-2024-08-06", "gpt-5.6", "text-embedding-3-small", "omni-moderation-latest"} < set(listed)
    assert not {"o4", "gpt-4.5", "gpt-3.5", "gpt-5.#", "claude-3-opus", "gpt2"} & set(listed)
    assert len(listed) == len(set(listed))


def test_model_is_written_out(llm):
    assert ask("gpt-4o").json() == {"id": "gpt-4o", "object": "model", "created": 1735689600, "owned_by": "system"}


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o-2024-08-06", TUNED, "ft%3Agpt-4o-mini%3Aacme%3A%3Aabc", "gpt-4o/"])
def test_model_that_is_there_is_found(llm, name):
    assert ask(name).status_code == 200


@pytest.mark.parametrize("name", ["nope", "GPT-4o", "ft:nope:acme::abc", "gpt-4o-2999-01-01", "a/b"])
def test_model_that_is_not_there_gets_a_404_and_fails_nothing(llm, name):
    response = ask(name)

    assert response.status_code == 404
    assert response.json()["error"] == {
        "message": f"The model '{name}' does not exist",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


def test_models_given_are_those_that_exist():
    with FakeLLM(models=["mine", "a/b"]):
        assert names(ask()) == ["a/b", "mine"]
        assert [ask(name).status_code for name in ("mine", "a/b", "gpt-4o", TUNED)] == [200, 200, 404, 404]


def test_fine_tuned_model_is_deleted_once():
    with FakeLLM(models=["gpt-4o", TUNED]):
        assert ask(TUNED).json()["owned_by"] == "org-fakellm"
        deleted = ask(TUNED, method="DELETE").json()
        statuses = [ask(TUNED).status_code, ask(TUNED, method="DELETE").status_code]
        left = names(ask())

    assert deleted == {"id": TUNED, "object": "model", "deleted": True}
    assert (statuses, left) == ([404, 404], ["gpt-4o"])


def test_deleted_model_is_gone_from_one_fake_alone():
    first, second = FakeLLM(), FakeLLM()
    with first:
        ask(TUNED, method="DELETE")
        assert ask(TUNED).status_code == 404
    with second:
        assert ask(TUNED).status_code == 200
    with first:
        first.reset()
        assert ask(TUNED).status_code == 200


def test_model_of_openais_cannot_be_deleted(llm):
    assert ask("gpt-4o", method="DELETE").status_code == 403
    assert ask("gpt-4o").status_code == 200


def test_requests_stand_in_other_traffic(llm):
    ask()
    ask("gpt-4o")

    assert len(llm.calls) == 0
    assert [(call.number, call.endpoint, call.model, call.status) for call in llm.other_traffic] == [
        (1, "models", "", 200),
        (2, "models", "gpt-4o", 200),
    ]


def test_rule_that_names_the_endpoint_answers_instead(llm):
    llm.reply("never")
    llm.when(endpoint="models", model="gpt-4o").reply(
        ErrorReply(503), Reply(raw=b'{"id": "mine"}'), Reply(fault=faults.empty_body())
    )

    answers = [ask(), ask("gpt-4o"), ask("gpt-4o"), ask("gpt-4o"), ask("gpt-4o")]

    assert [answer.status_code for answer in answers] == [200, 503, 200, 200, 200]
    assert (answers[2].json(), answers[3].content) == ({"id": "mine"}, b"")
    assert [call.number for call in llm.calls] == [1, 2, 3]
    llm.reset()


def test_key_is_asked_for():
    with (
        pytest.raises(RejectedRequestError, match=r"rejects request 1 of other_traffic with 401: GET /v1/models"),
        FakeLLM(),
    ):
        assert ask(headers={}).status_code == 401


@pytest.mark.parametrize(
    "url",
    [
        "https://api.deepseek.com/models",
        "https://openrouter.ai/api/v1/models",
        "https://generativelanguage.googleapis.com/v1beta/openai/models",
        "https://mine.openai.azure.com/openai/v1/models",
    ],
)
def test_list_is_answered_at_every_provider_that_copies_openai(llm, url):
    assert len(names(ask(url=url, headers={"api-key": "x", **KEY}))) > 50


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://api.anthropic.com/v1/models", {}),
        ("https://api.openai.com/v1/models", {"anthropic-version": "2023-06-01"}),
        ("https://generativelanguage.googleapis.com/v1beta/models", {}),
        ("https://api.cohere.com/v1/models", {}),
        ("https://api.openai.com/v1/models_of_mine", {}),
    ],
)
def test_lists_of_others_are_not_answered(llm, url, headers):
    response = ask(url=url, headers={**KEY, **headers})

    assert (response.status_code, llm.other_traffic[0].endpoint) == (404, "")


def test_users_own_service_is_left_alone():
    with FakeLLM() as llm, pytest.raises(httpx.ConnectError):
        ask(url="http://localhost:9/v1/models")

    assert len(llm.other_traffic) == 0


def test_whoever_asks_the_fake_itself_is_answered():
    llm = FakeLLM(models=["mine"])

    with httpx.Client(transport=llm.transport(httpx)) as client:
        assert names(ask(url="http://vllm:8000/v1/models", client=client)) == ["mine"]


def test_recorded_answers_are_heard_in_words(llm):
    ask("gpt-4o")
    voice = llm.other_traffic[0].voice

    assert voice.hear(ask("gpt-4o").content).text == "gpt-4o"
    assert voice.hear(ask(TUNED, method="DELETE").content).text == f"deleted {TUNED}"
    assert voice.hear(ask().content).text.startswith(f"{len(names(ask()))} models: o1, o1-2024-12-17, o1-mini, ")
    assert voice.hear(b'{"data": []}') is None
