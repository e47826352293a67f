"""Embeddings: a vector for each input, by itself; in the form, with the usage and the rejections of the real API."""

import json
import os
from base64 import b64decode
from struct import unpack

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
    UsageError,
    explore,
    faults,
    framings,
    tokens,
    use_cassette,
)

OPENAI = "https://api.openai.com/v1/embeddings"
AZURE = "https://mine.openai.azure.com/openai/deployments/text-embedding-3-large/embeddings?api-version=2024-10-21"
ELSEWHERE = "http://localhost:8080/v1/embeddings"
SMALL = "text-embedding-3-small"
SESSIONS = os.environ.get("FAKELLM_REAL_CASSETTES")


def embed(given="hello", *, url=OPENAI, model=SMALL, **parameters):
    return httpx.post(url, headers=KEY, json={"model": model, "input": given, **parameters})


def vectors(response):
    return [item["embedding"] for item in response.json()["data"]]


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


@needs_document
@pytest.mark.parametrize("given", ["hello", ["hello", "wörld 😀"], [1, 2], [[1, 2], [3]]])
@pytest.mark.parametrize("url", [OPENAI, AZURE, ELSEWHERE])
def test_answer_holds_to_the_document(llm, url, given):
    answer = embed(given, url=url).json()

    validate(answer, "CreateEmbeddingResponse")
    assert [item["index"] for item in answer["data"]] == list(
        range(2 if isinstance(given[0], list) else len(answer["data"]))
    )


def test_answer_is_written_out(llm):
    response = embed("hello", dimensions=2)

    assert response.json() == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [-0.8279187083244324, 0.5608481168746948]},
        ],
        "model": SMALL,
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }
    assert response.headers["x-request-id"].startswith("req_")


@pytest.mark.skipif(not SESSIONS, reason="FAKELLM_REAL_CASSETTES names no folder")
def test_answer_has_the_members_of_a_recorded_one(llm):
    path = f"{SESSIONS}/test_embeddings__TestOpenAI.test_documents.yaml"
    asked = {"model": SMALL, "input": ["hello", "world"], "encoding_format": "base64"}
    with use_cassette(path) as recording:
        recorded = httpx.post(OPENAI, json=asked).json()

    made = httpx.post(OPENAI, headers=KEY, json=asked).json()

    assert recording.transcript().endswith("  => 2 vectors of 1536 numbers")
    assert recording.calls[0].usage == {"prompt_tokens": 2, "completion_tokens": 0, "total_tokens": 2}
    assert (made.keys(), made["model"], made["usage"]) == (recorded.keys(), recorded["model"], recorded["usage"])
    for mine, theirs in zip(made["data"], recorded["data"], strict=True):
        assert (mine.keys(), mine["index"], mine["object"]) == (theirs.keys(), theirs["index"], theirs["object"])
        assert len(mine["embedding"]) == len(theirs["embedding"])


def test_it_uses_up_no_reply_and_stands_among_the_calls(llm):
    llm.reply("Hello!")

    assert embed(["first", "second"]).status_code == 200
    [call] = llm.calls
    assert (call.endpoint, call.model, call.rule, call.reply) == ("embeddings", SMALL, None, None)
    assert ([message["content"] for message in call.messages], call.last_user) == (["first", "second"], "second")
    assert (call.usage["prompt_tokens"], call.usage["completion_tokens"], call.usage["total_tokens"]) == (2, 0, 2)
    assert llm.calls.usage["total_tokens"] == 2
    llm.reset()


@pytest.mark.parametrize(
    ("model", "size"),
    [(SMALL, 1536), ("text-embedding-3-large", 3072), ("text-embedding-ada-002", 1536), ("nomic-embed", 1536)],
)
def test_each_model_has_its_size(llm, model, size):
    assert [len(vector) for vector in vectors(embed(model=model, url=ELSEWHERE))] == [size]


def test_deployment_in_the_path_is_the_model(llm):
    response = httpx.post(AZURE, headers={"api-key": "sk-fakellm"}, json={"input": "hello"})

    assert [len(vector) for vector in vectors(response)] == [3072]
    assert llm.calls[0].model == "text-embedding-3-large"


def test_base64_is_the_same_numbers(llm):
    packed, numbers = embed(encoding_format="base64"), embed(encoding_format="float")

    assert unpack("<1536f", b64decode(vectors(packed)[0])) == tuple(vectors(numbers)[0])


def test_tokens_have_the_vector_of_their_text(llm):
    text = "Wörter and 字 😀"
    ids = tokens.get_encoding("cl100k_base").encode(text)

    assert vectors(embed(text)) == vectors(embed(ids)) == vectors(embed([ids]))
    assert len({call.usage["prompt_tokens"] for call in llm.calls}) == 1


def test_token_that_is_no_text_counts_and_adds_none(llm):
    assert vectors(embed([15339, 100257])) == vectors(embed([15339]))
    assert llm.calls[0].usage["prompt_tokens"] == 2


def test_same_text_has_the_same_vector_wherever_it_stands(llm):
    alone, among = vectors(embed("b")), vectors(embed(["a", "b", "a"]))

    assert alone == [among[1]]
    assert among[0] == among[2] != among[1]


def test_seed_changes_the_vectors():
    made = []
    for seed in (0, 1):
        with FakeLLM(seed=seed):
            made.append(vectors(embed()))

    assert made[0] != made[1]


def test_dimensions_shorten_it(llm):
    assert [len(vector) for vector in vectors(embed(dimensions=256))] == [256]


def test_scripted_vectors_are_sent(llm):
    llm.reply(vectors=[[1, 0.5]])
    llm.when(endpoint="embeddings", any_user="b").reply(Reply(vectors=[[1], [2]], usage={"prompt_tokens": 7}))

    assert vectors(embed("a")) == [[1.0, 0.5]]
    answer = embed(["a", "b"])
    assert (vectors(answer), answer.json()["usage"]) == ([[1.0], [2.0]], {"prompt_tokens": 7, "total_tokens": 7})
    assert "=> the vectors: 2 of 1 numbers" in llm.transcript()


def test_scripted_vectors_are_packed_where_asked(llm):
    llm.reply(vectors=[[1, 2]])

    assert vectors(embed(encoding_format="base64")) == ["AACAPwAAAEA="]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([], "Reply vectors is a list of vectors, one for each input, such as [[1.0, 0.0]]; got []"),
        ("a", "Reply vectors is a list of vectors, one for each input, such as [[1.0, 0.0]]; got 'a'"),
        ([1.0], "each of Reply vectors is a list of finite numbers; got 1.0"),
        ([[]], "each of Reply vectors is a list of finite numbers; got []"),
        ([[float("nan")]], "each of Reply vectors is a list of finite numbers; got [nan]"),
        ([["a"]], "each of Reply vectors is a list of finite numbers; got ['a']"),
        ([[True]], "each of Reply vectors is a list of finite numbers; got [True]"),
    ],
)
def test_vectors_that_are_none_are_a_usage_error(given, complaint):
    with pytest.raises(UsageError) as caught:
        Reply(vectors=given)

    assert str(caught.value) == complaint


def test_vectors_and_text_are_one_too_many():
    with pytest.raises(UsageError, match="a Reply has text or vectors, not both"):
        Reply("a", vectors=[[1]])


def test_text_is_no_embedding():
    llm = FakeLLM()
    llm.when(endpoint="embeddings").reply("Hello!")

    with pytest.raises(ContradictionError) as caught, llm:
        assert embed().status_code == 400

    assert str(caught.value).splitlines()[0] == "call 1: the reply has text, for which …/embeddings has no place"
    assert str(caught.value).splitlines()[2] == "  to answer it, type: vectors="


def test_usage_can_be_left_out(llm):
    llm.reply(vectors=[[1]], usage=False)

    assert embed().json().keys() == {"object", "data", "model"}


@pytest.mark.parametrize(
    ("reply", "status"),
    [(ErrorReply.rate_limited(), 429), (Reply(fault=faults.html_page()), 502), (Reply(raw=b"{}"), 200)],
)
def test_rule_that_names_the_endpoint_answers_instead(llm, reply, status):
    llm.when(endpoint="embeddings").reply(reply)

    assert embed().status_code == status
    assert len(vectors(embed())) == 1


@pytest.mark.parametrize(
    "fault", [faults.drop(after=0), faults.truncate(20), faults.malformed_json(), faults.empty_body()]
)
def test_fault_is_laid_over_it(llm, fault):
    llm.when(endpoint="embeddings").reply(fault=fault)

    with pytest.raises((httpx.HTTPError, ValueError)):
        embed().json()


def test_framing_cuts_it(llm):
    llm.when(endpoint="embeddings").reply(framing=framings.bytewise())

    assert len(vectors(embed())) == 1


def test_explore_breaks_each_embedding():
    llm = FakeLLM()

    def index():
        for _ in range(2):
            response = embed(["a", "b"])
            if response.status_code == 200:
                return vectors(response)
        raise RuntimeError("gave up")

    trials = explore(index, llm=llm, faults=[ErrorReply(503), faults.empty_body()], framings=[])

    assert [(trial.name, trial.survived) for trial in trials] == [("1:503", True), ("1:empty_body()", False)]


def test_recorded_embedding_is_played_and_can_be_broken(tmp_path):
    path = tmp_path / "session.yaml"
    asked = json.dumps({"model": SMALL, "input": "hello"})
    answer = json.dumps({"object": "list", "data": [{"index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 1}})
    path.write_text(
        cassette(interaction(uri=OPENAI, request=f"body: '{asked}'", response=f"body: {{string: '{answer}'}}"))
    )
    llm = FakeLLM()
    llm.replay(path).inject(ErrorReply.server_error(), into=1)

    with llm:
        assert [embed().status_code for _ in range(2)] == [500, 200]

    assert llm.transcript().splitlines()[-1] == "  => 1 vector of 1 numbers"


INVALID = (
    400,
    None,
    None,
    "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
)
LONG = "word " * 8193


def rejection(response):
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("param"), error["message"]


@pytest.mark.parametrize(
    "given",
    ["", [], [""], ["a", ""], [["a"]], ["a", 1], [[]], [-1], [1.5], [True], [[1], "a"], 7, {"a": 1}, ["a"] * 2049],
)
def test_input_that_is_none_is_rejected(given):
    with pytest.raises(RejectedRequestError), FakeLLM():
        response = embed(given)

    assert rejection(response) == INVALID


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            {"given": None},
            (400, "missing_required_parameter", "input", "Missing required parameter: 'input'."),
        ),
        ({"model": None}, (400, None, None, "you must provide a model parameter")),
        (
            {"dimensions": 0},
            (
                400,
                "integer_below_min_value",
                "dimensions",
                "Invalid 'dimensions': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            ),
        ),
        (
            {"dimensions": 1537},
            (
                400,
                "integer_above_max_value",
                "dimensions",
                "Invalid 'dimensions': integer above maximum value. Expected a value <= 1536, but got 1537 instead.",
            ),
        ),
        (
            {"model": "text-embedding-ada-002", "dimensions": 256},
            (400, None, None, "This model does not support specifying dimensions."),
        ),
        (
            {"encoding_format": "int8"},
            (
                400,
                "invalid_value",
                "encoding_format",
                "Invalid value: 'int8'. Supported values are: 'float' and 'base64'.",
            ),
        ),
        (
            {"temperature": 1},
            (400, None, None, "Unrecognized request argument supplied: temperature"),
        ),
        (
            {"model": "gpt-4o"},
            (403, None, None, "You are not allowed to generate embeddings from this model"),
        ),
        (
            {"given": ["a", LONG]},
            (
                400,
                None,
                None,
                "This model's maximum context length is 8192 tokens, however you requested 8194 tokens (8194 in your "
                "prompt; 0 for the completion). Please reduce your prompt; or completion length.",
            ),
        ),
        (
            {"given": [[1] * 8000] * 38},
            (
                400,
                "max_tokens_per_request",
                None,
                "Requested 304000 tokens, max 300000 tokens per request",
            ),
        ),
    ],
)  # fmt: skip
def test_request_that_the_real_api_rejects_is_rejected(parameters, expected):
    with pytest.raises(RejectedRequestError), FakeLLM():
        response = embed(**parameters)

    assert rejection(response) == expected


def test_unknown_model_is_rejected_where_models_are_given():
    with pytest.raises(RejectedRequestError), FakeLLM(models=[SMALL]):
        assert embed().status_code == 200
        response = embed(model="nonexistent")

    message = "The model `nonexistent` does not exist or you do not have access to it."
    assert rejection(response) == (404, "model_not_found", None, message)


def test_azure_refuses_a_deployment_that_chats():
    with pytest.raises(RejectedRequestError), FakeLLM():
        response = embed(url=AZURE, model="gpt-4o")

    assert (response.status_code, response.json()["error"]["code"]) == (400, "OperationNotSupported")
    assert response.json()["error"]["message"].startswith(
        "The embeddings operation does not work with the specified model, gpt-4o."
    )


def test_key_is_asked_for():
    with pytest.raises(RejectedRequestError), FakeLLM():
        assert httpx.post(OPENAI, json={"model": SMALL, "input": "a"}).status_code == 401


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "body",
    [
        {"input": ["a", ""], "model": "x", "input_type": "query"},
        {"input": 7, "model": "x"},
        {"input": "a", "model": "x", "dimensions": 4},
    ],
)
def test_elsewhere_whatever_is_well_formed_is_taken(strict, body):
    with FakeLLM(strict=strict):
        assert httpx.post(ELSEWHERE, json=body).status_code == 200


@pytest.mark.parametrize("dimensions", [0, 10**9, "many"])
def test_elsewhere_dimensions_have_bounds_of_reason(dimensions):
    with pytest.raises(RejectedRequestError), FakeLLM():
        assert embed(url=ELSEWHERE, dimensions=dimensions).status_code == 400
