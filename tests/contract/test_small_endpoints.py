"""The official OpenAI SDK takes embeddings, moderations, models, completions and stored chats for the real API's."""

from __future__ import annotations

import asyncio

import pytest

openai = pytest.importorskip("openai")

from fakellm import ErrorReply, FakeLLM, Reply, faults  # noqa: E402

SMALL = "text-embedding-3-small"
INSTRUCT = "gpt-3.5-turbo-instruct"
TUNED = "ft:gpt-4o-mini:acme::abc"
QUESTION = [{"role": "user", "content": "hi"}]


@pytest.fixture
def client():
    with openai.OpenAI(api_key="sk-test") as client:
        yield client


@pytest.fixture
def llm(client):
    with FakeLLM() as llm:
        yield llm


def test_embeddings_are_decoded(client, llm):
    made = client.embeddings.create(model=SMALL, input=["hello", "world"])

    assert [len(item.embedding) for item in made.data] == [1536, 1536]
    assert sum(number * number for number in made.data[0].embedding) == pytest.approx(1, abs=1e-5)
    assert (made.usage.prompt_tokens, made.model, made.object) == (2, SMALL, "list")


def test_embeddings_are_the_same_packed_and_plain(client, llm):
    packed = client.embeddings.create(model=SMALL, input="hello", dimensions=8)
    plain = client.embeddings.create(model=SMALL, input="hello", dimensions=8, encoding_format="float")

    assert packed.data[0].embedding == plain.data[0].embedding


def test_embeddings_of_an_async_client(llm):
    async def embed():
        async with openai.AsyncOpenAI(api_key="sk-test") as client:
            made = await asyncio.gather(*(client.embeddings.create(model=SMALL, input="hello") for _ in range(5)))
            return {tuple(one.data[0].embedding) for one in made}

    assert len(asyncio.run(embed())) == 1


def test_embedding_is_retried(client, llm):
    llm.when(endpoint="embeddings").reply(ErrorReply.rate_limited(), Reply(fault=faults.drop(after=0)))

    assert len(client.embeddings.create(model=SMALL, input="hello").data) == 1
    assert [call.status for call in llm.calls] == [429, 200, 200]


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"input": ""}, "BadRequestError"),
        ({"model": "gpt-4o"}, "PermissionDeniedError"),
        ({"dimensions": 0}, "BadRequestError"),
    ],
)
def test_embedding_that_is_rejected_raises(client, parameters, error):
    with FakeLLM(allow_rejected=True), pytest.raises(getattr(openai, error)) as caught:
        client.embeddings.create(**{"model": SMALL, "input": "hello", **parameters})

    assert caught.value.type == "invalid_request_error"


def test_moderation(client, llm):
    llm.when(endpoint="moderations", user="knife").reply(extra={"categories": {"violence": True}})

    harmless = client.moderations.create(input="a spoon")
    flagged = client.moderations.create(model="omni-moderation-latest", input="a knife").results[0]

    assert (harmless.results[0].flagged, harmless.model) == (False, "omni-moderation-latest")
    assert (flagged.flagged, flagged.categories.violence, flagged.categories.hate) == (True, True, False)
    assert flagged.category_scores.violence == 0.9
    assert flagged.category_applied_input_types.violence == ["text"]


@pytest.mark.skipif(openai.__version__.startswith("1."), reason="openai 1.x counts no tokens")
def test_tokens_are_counted(client, llm):
    llm.reply("Hello!", times=2)
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}]
    first = client.responses.create(model="gpt-4o", input="hi")
    asked = {"model": "gpt-4o", "input": "and then?", "previous_response_id": first.id, "tools": tools}

    counted = client.responses.input_tokens.count(**asked)

    assert (counted.object, counted.input_tokens) == (
        "response.input_tokens",
        client.responses.create(**asked).usage.input_tokens,
    )
    with FakeLLM(allow_rejected=True), pytest.raises(openai.BadRequestError):
        client.responses.input_tokens.count(model="gpt-4o", input=7)


def test_models(client, llm):
    listed = [model.id for model in client.models.list()]

    assert "gpt-4o" in listed
    assert client.models.retrieve("gpt-4o").owned_by == "system"
    assert client.models.delete(TUNED).deleted
    for name in (TUNED, "nope"):
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve(name)
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_completion(client, llm):
    llm.reply("This is a test.", times=None)

    whole = client.completions.create(model=INSTRUCT, prompt="Say this is a test", logprobs=1, echo=True, n=2)
    pieces = list(client.completions.create(model=INSTRUCT, prompt="Say", stream=True, max_tokens=3))

    assert [choice.text for choice in whole.choices] == ["Say this is a testThis is a test."] * 2
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (5, 10)
    assert whole.choices[0].logprobs.tokens[:2] == ["Say", " this"]
    assert [piece.choices[0].text for piece in pieces] == ["This", " is", " a", ""]
    assert pieces[-1].choices[0].finish_reason == "length"


def test_stored_completions(client, llm):
    llm.reply("Hello!", times=None)
    stored = client.chat.completions
    first, second = (
        stored.create(model="gpt-4o", messages=QUESTION, store=True, metadata={"n": n}) for n in ("1", "2")
    )

    found = stored.retrieve(first.id)
    assert (found.id, found.choices, found.usage) == (first.id, first.choices, first.usage)
    assert [message.content for message in stored.messages.list(first.id)] == ["hi"]
    assert [one.id for one in stored.list(limit=1)] == [first.id, second.id]  # page by page
    assert [one.id for one in stored.list(metadata={"n": "2"})] == [second.id]
    assert stored.update(first.id, metadata={"n": "3"}).metadata == {"n": "3"}
    assert stored.delete(first.id).deleted
    with pytest.raises(openai.NotFoundError):
        stored.retrieve(first.id)


def test_azure_client(llm):
    client = openai.AzureOpenAI(api_key="k", api_version="2024-10-21", azure_endpoint="https://mine.openai.azure.com")
    llm.reply("Hi.")

    assert len(client.embeddings.create(model="text-embedding-3-large", input="hello").data[0].embedding) == 3072
    assert client.completions.create(model="gpt-35-turbo-instruct", prompt="hi").choices[0].text == "Hi."
    assert "gpt-4o" in [model.id for model in client.models.list()]
