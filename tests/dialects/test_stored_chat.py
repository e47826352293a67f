"""Stored chat completions: looked up, listed, labelled and deleted, each in the fake that made them."""

import httpx
import pytest
from asking import KEY
from openapi_document import needs_document, validate

from fakellm import ErrorReply, FakeLLM, RejectedRequestError, Reply, ToolCall, explore, faults

OPENAI = "https://api.openai.com/v1/chat/completions"
PARTS = [{"type": "text", "text": "hi"}]


def ask(content="hi", *, url=OPENAI, **parameters):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}], "store": True, **parameters}
    return httpx.post(url, headers=KEY, json=body)


def made(content="hi", **parameters):
    """The id of a stored completion."""
    return ask(content, **parameters).json()["id"]


def look_up(path="", *, method="GET", url=OPENAI, **options):
    return httpx.request(method, f"{url}/{path}" if path else url, headers=KEY, **options)


def ids(response):
    return [item["id"] for item in response.json()["data"]]


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        llm.reply("Hello!", times=None)
        yield llm


def test_stored_completion_is_found(llm):
    answer = ask(metadata={"topic": "demo"}, temperature=0.5, user="me", seed=7).json()

    found = look_up(answer["id"]).json()

    assert {name: found[name] for name in answer} == answer
    assert {name: found[name] for name in found.keys() - answer.keys()} == {
        "request_id": llm.calls[0].completion.request_id,
        "temperature": 0.5,
        "top_p": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "seed": 7,
        "tools": None,
        "tool_choice": None,
        "response_format": None,
        "input_user": "me",
        "metadata": {"topic": "demo"},
    }


@needs_document
@pytest.mark.parametrize("reply", ["Hi", ToolCall("f"), Reply(refusal="No."), Reply("4", reasoning="2 + 2")])
def test_stored_completion_holds_to_the_document(reply):
    llm = FakeLLM()
    llm.reply(reply)

    with llm:
        name = made(tools=[{"type": "function", "function": {"name": "f"}}])
        validate(look_up(name).json(), "CreateChatCompletionResponse")


def test_streamed_completion_is_found_whole(llm):
    streamed = ask(stream=True)
    name = streamed.text.split('"id":"')[1].split('"')[0]

    found = look_up(name).json()

    assert (found["object"], found["choices"][0]["message"]["content"]) == ("chat.completion", "Hello!")
    assert found["usage"]["completion_tokens"] == 2


@pytest.mark.parametrize("store", [False, None])
def test_completion_that_is_not_stored_is_not_found(llm, store):
    assert look_up(made(store=store)).status_code == 404


@pytest.mark.parametrize("path", ["chatcmpl-nope", "chatcmpl-nope/messages"])
def test_look_up_that_finds_nothing_gets_a_404_and_fails_nothing(llm, path):
    response = look_up(path)

    assert response.status_code == 404
    assert response.json()["error"] == {
        "message": "Chat completion with id 'chatcmpl-nope' not found.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


def test_look_ups_use_up_no_reply_and_stand_in_other_traffic(llm):
    llm.when(endpoint="chat").reply(ErrorReply(503), times=None)
    name = made()

    look_up(name)
    look_up()
    look_up(name, method="DELETE")

    assert len(llm.calls) == 1
    assert [(call.endpoint, call.wire.method, call.status, call.model) for call in llm.other_traffic] == [
        ("chat", "GET", 200, ""),
        ("chat", "GET", 200, ""),
        ("chat", "DELETE", 200, ""),
    ]


def test_messages_are_those_of_the_request(llm):
    name = made(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": PARTS, "name": "ada"},
        ]
    )

    assert look_up(f"{name}/messages").json() == {
        "object": "list",
        "data": [
            {"id": f"{name}-0", "role": "system", "content": "Be brief.", "name": None, "content_parts": None},
            {"id": f"{name}-1", "role": "user", "content": None, "name": "ada", "content_parts": PARTS},
        ],
        "first_id": f"{name}-0",
        "last_id": f"{name}-1",
        "has_more": False,
    }


def test_metadata_can_be_changed(llm):
    name = made(metadata={"a": "b"})

    changed = look_up(name, method="POST", json={"metadata": {"c": "d"}}).json()

    assert (changed["id"], changed["metadata"], look_up(name).json()["metadata"]) == (name, {"c": "d"}, {"c": "d"})


def test_deleted_completion_is_gone(llm):
    name = made()

    assert look_up(name, method="DELETE").json() == {"object": "chat.completion.deleted", "id": name, "deleted": True}
    assert [look_up(name, method=method).status_code for method in ("GET", "DELETE")] == [404, 404]
    assert look_up(name, method="POST", json={"metadata": {}}).status_code == 404
    assert ids(look_up()) == []


def test_empty_list_is_written_out(llm):
    empty = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}

    assert look_up().json() == empty


def test_list_is_cut_into_pages(llm):
    first, second, third = made("1"), made("2"), made("3")

    pages = [
        look_up(params=query) for query in ({"limit": 2}, {"limit": 2, "after": second}, {"order": "desc", "limit": 1})
    ]

    assert [ids(page) for page in pages] == [[first, second], [third], [third]]
    assert [page.json()["has_more"] for page in pages] == [True, False, True]
    assert (pages[0].json()["first_id"], pages[0].json()["last_id"]) == (first, second)


def test_list_is_filtered(llm):
    one = made("1", metadata={"topic": "a", "user": "x"})
    other = made("2", model="gpt-4o-mini")

    assert ids(look_up(params={"metadata[topic]": "a"})) == [one]
    assert ids(look_up(params={"metadata[topic]": "a", "metadata[user]": "y"})) == []
    assert (
        ids(look_up(params={"model": "gpt-4o-mini"}))
        == ids(look_up(params={"model": "gpt-4o-mini-2024-07-18"}))
        == [other]
    )


@pytest.mark.parametrize("limit", ["0", "101", "many", "-1", "²"])
def test_limit_has_bounds(limit):
    with pytest.raises(RejectedRequestError, match=r"rejects request 1 of other_traffic with 400: GET"), FakeLLM():
        assert look_up(params={"limit": limit}).json()["error"]["param"] == "limit"


def test_null_takes_all_metadata_away(llm):
    name = made(metadata={"a": "b"})

    assert look_up(name, method="POST", json={"metadata": None}).json()["metadata"] == {}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_parameter"),
        ({"metadata": 7}, "invalid_type"),
        ({"metadata": {"a": 7}}, "invalid_type"),
        ({"metadata": {"a" * 65: "b"}}, "property_name_above_max_length"),
        ({"metadata": {str(n): "b" for n in range(17)}}, "object_above_max_properties"),
    ],
)
def test_metadata_that_the_document_does_not_have_is_rejected(body, code):
    with pytest.raises(RejectedRequestError), FakeLLM():
        assert look_up("chatcmpl-1", method="POST", json=body).json()["error"]["code"] == code


def test_metadata_is_an_object_with_any_members_where_nothing_but_the_form_counts():
    with FakeLLM(strict=False) as llm:
        llm.reply("Hi")
        name = made()

        assert look_up(name, method="POST", json={"metadata": {"a": 7}}).json()["metadata"] == {"a": 7}


def test_metadata_is_an_object_where_nothing_but_the_form_counts():
    with pytest.raises(RejectedRequestError), FakeLLM(strict=False):
        assert look_up("chatcmpl-1", method="POST", json={"metadata": 7}).status_code == 400


def test_key_is_asked_for():
    with pytest.raises(RejectedRequestError), FakeLLM():
        assert httpx.get(f"{OPENAI}/chatcmpl-1").status_code == 401


def test_each_fake_has_its_own(llm):
    name = made()

    with FakeLLM():
        assert look_up(name).status_code == 404
    assert look_up(name).status_code == 200
    llm.reset()
    assert look_up(name).status_code == 404


def test_each_trial_of_explore_begins_with_what_was_stored_before():
    llm = FakeLLM()
    llm.reply("Hello!", times=None)
    listed = []

    def body():
        listed.append(len(ids(look_up())))
        made()

    with llm:
        made("before")
        explore(body, llm=llm, faults=[ErrorReply(503), faults.empty_body()], framings=[])

    assert listed == [1, 1, 1]


def test_gateway_keeps_its_own_ids(llm):
    url = "https://openrouter.ai/api/v1/chat/completions"
    name = made(url=url)

    assert name.startswith("gen-")
    assert look_up(name, url=url).json()["id"] == name


def test_look_ups_are_kept_from_the_network_on_any_host(llm):
    assert ids(look_up(url="https://gateway.test/v1/chat/completions")) == []
