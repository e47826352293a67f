"""Stored responses: looked up, resumed, cancelled, deleted and built on, each in the fake that made them."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from asking import KEY
from chat_wire import wire
from openapi_document import needs_document, validate
from responses_wire import AZURE, DEEPSEEK, FUNCTION, URL, events_of, names

from fakellm import ErrorReply, FakeLLM, Pace, RejectedRequestError, Reply, ToolCall, explore, faults
from fakellm._dialects.table import DIALECTS
from fakellm._wire.claim import Traffic

LOST = "Previous response with id '{}' not found."
GONE = (
    "Item with id '{}' not found. Items are not persisted when `store` is set to false. Try again with `store` set to "
    "true, or remove this item from your input."
)


def ask(question="hi", *, url=URL, **fields):
    return httpx.post(url, headers=KEY, json={"model": "gpt-4o", "input": question, **fields})


def made(question="hi", **fields):
    """The id of a stored response."""
    return ask(question, **fields).json()["id"]


def look_up(path, *, method="GET", url=URL, **options):
    return httpx.request(method, f"{url}/{path}", headers=KEY, **options)


def error_of(response):
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    return response.status_code, error["message"], error["param"], error["code"]


def said(messages):
    return [(message["role"], message["content"]) for message in messages]


def texts(items):
    """Role, or type, and text of items."""
    return [(item.get("role", item["type"]), item["content"][0]["text"]) for item in items]


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        llm.reply("Hello!", times=None)
        yield llm


def test_stored_response_is_found_as_it_was_sent(llm):
    sent = ask(metadata={"topic": "demo"}).json()

    assert look_up(sent["id"]).json() == sent


def test_streamed_response_is_found_whole(llm):
    *_, completed = events_of(ask(stream=True).content)

    found = look_up(completed["response"]["id"]).json()

    assert found == {**completed["response"], "billing": {"payer": "developer"}}


@pytest.mark.parametrize("url", [AZURE, "http://localhost:4000/v1/responses"])
def test_stored_response_is_found_on_other_hosts(llm, url):
    sent = ask(url=url).json()

    assert look_up(sent["id"], url=url).json() == sent


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/input_items"), ("DELETE", ""), ("POST", "/cancel")]
)
def test_response_that_was_not_stored_is_not_found(llm, method, path):
    name = made(store=False)

    response = look_up(name + path, method=method)

    assert error_of(response) == (404, f"Response with id '{name}' not found.", None, None)


def test_look_ups_stand_beside_the_calls(llm):
    look_up(made())

    assert (len(llm.calls), len(llm.other_traffic)) == (1, 1)


def test_no_rule_answers_a_look_up():
    with FakeLLM() as llm:
        llm.when(endpoint="responses").reply("Hello!")
        name = made()
        assert look_up(name).json()["output"][0]["content"][0]["text"] == "Hello!"


def test_deleted_response_is_gone(llm):
    name = made()

    assert look_up(name, method="DELETE").json() == {"id": name, "object": "response", "deleted": True}
    assert look_up(name).status_code == 404


def test_input_items_have_ids_and_pages(llm):
    items = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    items += [{"role": "user", "content": [{"type": "input_text", "text": "three"}]}]
    name = made(items)

    newest = look_up(f"{name}/input_items").json()
    oldest = look_up(f"{name}/input_items?order=asc&limit=1").json()
    rest = look_up(f"{name}/input_items?order=asc&after={oldest['last_id']}").json()

    assert texts(newest["data"]) == [("user", "three"), ("assistant", "two"), ("user", "one")]
    assert (texts(oldest["data"]), oldest["has_more"]) == ([("user", "one")], True)
    assert texts(rest["data"]) == [("assistant", "two"), ("user", "three")]
    assert all(item["id"].startswith("msg_") for item in newest["data"])


@needs_document
def test_input_items_hold_to_the_document(llm):
    call = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "call_1", "output": "18"}
    name = made([{"role": "user", "content": "hi"}, call, output, {"role": "assistant", "content": "yes"}])

    for item in look_up(f"{name}/input_items").json()["data"]:
        validate(item, "Item")


# --- in the background ---


def test_response_in_the_background_ends_when_it_is_polled(llm):
    queued = ask(background=True).json()
    polled = [look_up(queued["id"]).json() for _ in range(3)]

    assert [one["status"] for one in (queued, *polled)] == ["queued", "in_progress", "completed", "completed"]
    assert [one["output"] for one in (queued, polled[0])] == [[], []]
    assert (queued["background"], queued["usage"]) == (True, None)
    assert polled[1]["output"][0]["content"][0]["text"] == "Hello!"
    assert polled[1]["usage"]["output_tokens"] == 3


@pytest.mark.parametrize(
    ("seconds", "statuses"),
    [(3.9, ["in_progress", "completed"]), (4, ["completed", "completed"]), (60, ["completed", "completed"])],
)
def test_response_in_the_background_ends_when_its_time_is_over(seconds, statuses):
    with FakeLLM() as llm:
        llm.reply("Hello!", pace=Pace(ttft=1, tokens_per_second=1))  # 3 tokens
        queued = ask(background=True).json()
        at_once = llm.clock.elapsed
        llm.clock.sleep(seconds)

        polled = [look_up(queued["id"]).json()["status"] for _ in range(2)]

    assert (at_once, queued["status"], polled) == (0, "queued", statuses)


def test_response_whose_time_is_over_is_not_cancelled_any_more():
    with FakeLLM() as llm:
        llm.reply("Hello!", pace=Pace(ttft=1))
        name = made(background=True)
        llm.clock.sleep(1)

        assert look_up(f"{name}/cancel", method="POST").json()["status"] == "completed"


def test_cancelled_response_stays_cancelled_when_its_time_is_over():
    with FakeLLM() as llm:
        llm.reply("Hello!", pace=Pace(ttft=1))
        name = made(background=True)
        look_up(f"{name}/cancel", method="POST")
        llm.clock.sleep(1)

        assert look_up(name).json()["status"] == "cancelled"


def test_time_alone_does_not_end_a_response_without_a_pace(llm):
    name = made(background=True)
    llm.clock.sleep(3600)

    assert look_up(name).json()["status"] == "in_progress"


def test_stream_in_the_background_comes_at_its_pace():
    with FakeLLM() as llm:
        llm.reply("Hello!", pace=Pace(ttft=1, tokens_per_second=1))
        ask(background=True, stream=True)

        assert llm.clock.sleeps[0] == 1


@pytest.mark.parametrize("polls", [0, 1])
def test_response_in_the_background_can_be_cancelled(llm, polls):
    name = made(background=True)
    for _ in range(polls):
        look_up(name)

    cancelled = look_up(f"{name}/cancel", method="POST").json()

    assert (cancelled["id"], cancelled["status"], cancelled["output"]) == (name, "cancelled", [])
    assert look_up(name).json() == cancelled


def test_response_that_has_ended_is_not_cancelled_any_more(llm):
    name = made(background=True)
    ended = [look_up(name).json() for _ in range(2)][-1]

    assert look_up(f"{name}/cancel", method="POST").json() == ended


def test_response_in_the_foreground_cannot_be_cancelled(llm):
    response = look_up(f"{made()}/cancel", method="POST")

    assert error_of(response) == (400, "Cannot cancel a synchronous response.", None, None)


@needs_document
def test_responses_in_the_background_hold_to_the_document(llm):
    queued = ask(background=True).json()

    for response in (queued, look_up(queued["id"]).json(), look_up(queued["id"]).json()):
        validate(response, "Response")


def test_stream_in_the_background_is_queued_first(llm):
    assert names(events_of(ask(background=True, stream=True).content))[:3] == ["created", "queued", "in_progress"]


# --- resumed ---


@pytest.mark.parametrize("after", [None, -1, 0, 3, 100])
def test_resumed_stream_has_the_same_bytes(llm, after):
    whole = ask(background=True, stream=True)
    name = events_of(whole.content)[0]["response"]["id"]

    query = {"stream": "true"} | ({} if after is None else {"starting_after": after})
    resumed = look_up(name, params=query)

    sent = whole.content.split(b"\n\n")
    assert resumed.headers["content-type"] == whole.headers["content-type"]
    assert resumed.content == b"\n\n".join(sent[1 + after :] if after in (0, 3) else sent if after != 100 else [])


def test_padding_is_left_out_where_the_resumed_stream_is_asked_for_without(llm):
    name = made()

    plain = look_up(name, params={"stream": "true", "include_obfuscation": "false"}).content

    assert b'"obfuscation"' not in plain
    assert b'"obfuscation"' in look_up(name, params={"stream": "true"}).content


def test_response_has_ended_once_its_stream_was_resumed(llm):
    name = made(background=True)

    events = events_of(look_up(name, params={"stream": "true"}).content)

    assert events[-1]["type"] == "response.completed"
    ended = look_up(name).json()
    assert (ended["status"], ended["output"]) == ("completed", events[-1]["response"]["output"])


def test_resumed_stream_of_a_cancelled_response_has_no_answer(llm):
    name = made(background=True)
    look_up(f"{name}/cancel", method="POST")

    events = events_of(look_up(name, params={"stream": "true"}).content)

    assert names(events) == ["created", "queued", "in_progress"]


@pytest.mark.parametrize("path", ["responses/{}/input_items", "conversations/{}/items"])
def test_order_of_a_page_is_one_of_two(path):
    with FakeLLM(allow_rejected=True) as llm:
        llm.reply("Hello!", times=None)
        name = made() if "responses" in path else converse("POST", "").json()["id"]
        page = look_up(path.format(name), url="https://api.openai.com/v1", params={"order": "up"})

    supported = "Invalid value: 'up'. Supported values are: 'asc' and 'desc'."
    assert error_of(page) == (400, supported, "order", "invalid_value")


def test_response_that_was_not_streamed_is_streamed_when_it_is_asked_for(llm):
    events = events_of(look_up(made(), params={"stream": "true"}).content)

    assert (events[0]["sequence_number"], events[-1]["type"]) == (0, "response.completed")


# --- what later requests build on ---


def test_chain_brings_back_what_was_said(llm):
    first = made("one", instructions="Be brief.")
    second = made("two", previous_response_id=first)
    ask("three", previous_response_id=second, instructions="Be long.")

    assert said(llm.calls[-1].messages) == [
        ("system", "Be long."),
        ("user", "one"),
        ("assistant", "Hello!"),
        ("user", "two"),
        ("assistant", "Hello!"),
        ("user", "three"),
    ]
    assert said(llm.calls[1].messages) == [("user", "one"), ("assistant", "Hello!"), ("user", "two")]


def test_chain_is_billed():
    with FakeLLM() as llm:
        llm.reply("Hello!", times=None)
        first = ask("one").json()
        second = ask("two", previous_response_id=first["id"]).json()
        whole = ask([{"role": "user", "content": "one"}, *first["output"], {"role": "user", "content": "two"}]).json()

    assert second["usage"] == whole["usage"]
    assert second["previous_response_id"] == first["id"]


def test_rules_see_the_whole_chain():
    with FakeLLM() as llm:
        llm.when(turn=0).reply(ToolCall("f", {"city": "Paris"}))
        llm.when(any_user="weather", tool_result="18").reply("18 °C")
        first = ask("the weather", tools=[FUNCTION]).json()
        output = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": "18"}
        second = ask([output], previous_response_id=first["id"], tools=[FUNCTION]).json()

    assert second["output"][0]["content"][0]["text"] == "18 °C"


def test_same_body_is_read_anew_when_its_chain_has_changed(llm):
    conversation = httpx.post(f"{URL.removesuffix('responses')}conversations", headers=KEY, json={}).json()["id"]
    for _ in range(2):
        ask("again", conversation=conversation)

    assert [len(call.messages) for call in llm.calls] == [1, 3]


@pytest.mark.parametrize("store", [False, None])
def test_unknown_previous_response_is_refused(store):
    with FakeLLM(allow_rejected=True) as llm:
        llm.reply("Hello!", times=None)
        name = "resp_0" if store is None else made(store=store)
        response = ask("two", previous_response_id=name)

    assert error_of(response) == (400, LOST.format(name), "previous_response_id", "previous_response_not_found")


def test_previous_response_may_be_unknown_where_it_is_not_strict():
    with FakeLLM(strict=False) as llm:
        llm.reply("Hello!")
        assert ask("two", previous_response_id="resp_0").status_code == 200
        assert said(llm.calls[0].messages) == [("user", "two")]


def test_previous_response_and_conversation_exclude_each_other():
    with FakeLLM(allow_rejected=True) as llm:
        llm.reply("Hello!", times=None)
        conversation = httpx.post("https://api.openai.com/v1/conversations", headers=KEY).json()["id"]
        response = ask("two", previous_response_id=made(), conversation=conversation)

    message = (
        "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or 'conversation'."
    )
    assert error_of(response) == (400, message, None, "mutually_exclusive_parameters")


@pytest.mark.parametrize("form", [{"type": "item_reference"}, {}])
def test_reference_stands_for_a_stored_item(llm, form):
    output = ask("one").json()["output"]

    ask([{"role": "user", "content": "one"}, {**form, "id": output[0]["id"]}, {"role": "user", "content": "two"}])

    assert said(llm.calls[-1].messages) == [("user", "one"), ("assistant", "Hello!"), ("user", "two")]


@pytest.mark.parametrize("store", [False, None])
def test_unknown_reference_is_refused(store):
    with FakeLLM(allow_rejected=True) as llm:
        llm.reply("Hello!", times=None)
        name = "msg_0" if store is None else ask("one", store=store).json()["output"][0]["id"]
        response = ask([{"type": "item_reference", "id": name}])

    assert error_of(response) == (404, GONE.format(name), "input", None)


def test_item_given_to_one_response_is_referred_to_by_another(llm):
    [item] = look_up(f"{made('one')}/input_items").json()["data"]

    ask([{"type": "item_reference", "id": item["id"]}])

    assert said(llm.calls[-1].messages) == [("user", "one")]


def test_deepseek_stores_nothing_by_itself(llm):
    llm.allow_rejected = True
    sent = ask(url=DEEPSEEK, model="deepseek-v4-flash").json()

    assert look_up(sent["id"], url=DEEPSEEK).status_code == 404


# --- conversations ---


CONVERSATIONS = "https://api.openai.com/v1/conversations"


def converse(method="POST", path="", **options):
    return httpx.request(method, CONVERSATIONS + path, headers=KEY, **options)


def test_conversation_is_made_found_labelled_and_deleted(llm):
    created = converse(json={"metadata": {"topic": "demo"}}).json()
    path = f"/{created['id']}"

    assert created == {
        "id": created["id"],
        "object": "conversation",
        "created_at": created["created_at"],
        "metadata": {"topic": "demo"},
    }
    assert converse("GET", path).json() == created
    assert converse("POST", path, json={"metadata": {"topic": "new"}}).json()["metadata"] == {"topic": "new"}
    assert converse("DELETE", path).json() == {"id": created["id"], "object": "conversation.deleted", "deleted": True}
    assert error_of(converse("GET", path)) == (404, f"Conversation with id '{created['id']}' not found.", None, None)


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b"null"])
@pytest.mark.parametrize("url", [CONVERSATIONS, "http://localhost:8080/v1/conversations"])
def test_conversation_of_no_json_is_rejected(url, body):
    with FakeLLM(allow_rejected=True):
        answer = httpx.post(url, headers={**KEY, "x-stainless-lang": "python"}, content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("We could not parse the JSON body of your request.")


def test_conversation_may_be_made_of_nothing(llm):
    assert converse().json()["object"] == "conversation"


def test_items_of_a_conversation_are_added_found_and_deleted(llm):
    name = converse(json={"items": [{"role": "user", "content": "one"}]}).json()["id"]
    added = converse("POST", f"/{name}/items", json={"items": [{"role": "user", "content": "two"}]}).json()
    [two] = added["data"]

    assert texts(converse("GET", f"/{name}/items?order=asc").json()["data"]) == [("user", "one"), ("user", "two")]
    assert converse("GET", f"/{name}/items/{two['id']}").json() == two
    assert converse("DELETE", f"/{name}/items/{two['id']}").json()["id"] == name
    assert texts(converse("GET", f"/{name}/items").json()["data"]) == [("user", "one")]
    assert converse("GET", f"/{name}/items/{two['id']}").status_code == 404


@pytest.mark.parametrize("named", [lambda name: name, lambda name: {"id": name}])
def test_responses_of_a_conversation_are_added_to_it(llm, named):
    name = converse(json={}).json()["id"]
    first = ask("one", conversation=named(name)).json()
    ask("two", conversation=named(name))

    assert first["conversation"] == {"id": name}
    assert said(llm.calls[1].messages) == [("user", "one"), ("assistant", "Hello!"), ("user", "two")]
    items = converse("GET", f"/{name}/items?order=asc").json()["data"]
    assert texts(items) == [("user", "one"), ("assistant", "Hello!"), ("user", "two"), ("assistant", "Hello!")]


def test_unknown_conversation_is_refused():
    with FakeLLM(allow_rejected=True) as llm:
        llm.reply("Hello!", times=None)
        response = ask("two", conversation="conv_0")

    assert error_of(response) == (404, "Conversation with id 'conv_0' not found.", None, None)


@pytest.mark.parametrize("url", ["http://localhost:8000/conversations", "http://localhost:8000/conversations/7/items"])
def test_conversations_of_somebody_else_pass(llm, url):
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, json={})


@pytest.mark.parametrize(
    ("url", "headers", "traffic"),
    [
        ("https://api.openai.com/v1/conversations", {}, Traffic.PROVIDER),
        ("https://mine.openai.azure.com/openai/v1/conversations", {}, Traffic.PROVIDER),
        ("http://localhost:8000/v1/conversations", {}, Traffic.NONE),
        ("http://localhost:8000/v1/conversations", {"x-stainless-lang": "python"}, Traffic.PROVIDER),
        ("http://localhost:8000/v1/conversations/conv_1", {}, Traffic.PROVIDER),
        ("https://api.mistral.ai/v1/conversations", {}, None),  # asks a model there
        ("https://api.mistral.ai/v1/conversations/conv_1", {}, None),
    ],
)
def test_whose_conversations_they_are(url, headers, traffic):
    found = DIALECTS.find(wire(b"{}", url=url, headers=headers))

    assert (found and found[1].traffic) == traffic


# --- compacted ---


def compact(**fields):
    return httpx.post(f"{URL}/compact", headers=KEY, json={"model": "gpt-4o", **fields})


def test_compaction_keeps_what_the_user_said(llm):
    talk = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one"}]
    talk += [{"role": "assistant", "content": "1"}, {"role": "user", "content": "two"}]

    made = compact(input=talk).json()

    *users, compaction = made["output"]
    assert (made["object"], made["id"][:5], sorted(made)) == (
        "response.compaction",
        "resp_",
        ["created_at", "id", "object", "output", "usage"],
    )
    assert texts(users) == [("user", "one"), ("user", "two")]
    assert {user["status"] for user in users} == {"completed"}
    assert sorted(compaction) == ["encrypted_content", "id", "type"]
    assert (compaction["type"], compaction["id"][:4]) == ("compaction", "cmp_")
    assert ask([compaction, {"role": "user", "content": "three"}]).status_code == 200


def test_chain_is_compacted(llm):
    made_id = made("two", previous_response_id=made("one"))

    *users, _ = compact(previous_response_id=made_id, input=[]).json()["output"]

    assert texts(users) == [("user", "one"), ("user", "two")]


def test_compaction_uses_up_no_reply():
    with FakeLLM() as llm:
        llm.reply("Hello!")
        compact(input="one")
        ask("two")

    assert [call.outcome.name for call in llm.calls] == ["ITSELF", "ANSWERED"]
    assert llm.calls[0].usage["prompt_tokens"] > 0


def test_rule_for_the_endpoint_says_what_is_compacted():
    with FakeLLM() as llm:
        llm.when(endpoint="responses").reply("They said one.", ErrorReply.server_error(), ToolCall("f"))
        made, failed = (compact(input="one") for _ in range(2))
        wrong = compact(input="one", tools=[FUNCTION])

        assert made.json()["usage"]["output_tokens"] == 5
        assert failed.status_code == 500
        assert "a compaction has no place for function_call" in wrong.text
        llm.reset()


# --- whose they are ---


def test_fakes_share_nothing():
    with FakeLLM() as llm:
        llm.reply("Hello!")
        name = made()
    with FakeLLM():
        assert look_up(name).status_code == 404


def test_reset_forgets(llm):
    name = made()
    llm.reset()

    assert look_up(name).status_code == 404


def test_each_trial_begins_with_what_was_there():
    llm = FakeLLM()
    llm.reply("Hello!", times=None)
    statuses = []

    def body():
        first = made()
        statuses.append(look_up(first).status_code)
        look_up(first, method="DELETE")

    with llm:
        before = made("before")
        explore(body, llm=llm, faults=[faults.drop(after=1)])
        assert look_up(before).status_code == 200
    assert set(statuses) == {200}


def test_threads_keep_their_chains(llm):
    def talk(number):
        name = None
        for turn in range(5):
            chain = {"previous_response_id": name} if name else {}
            name = made(f"{number}.{turn}", **chain)
        return texts(look_up(f"{name}/input_items").json()["data"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(talk, range(8))) == [[("user", f"{number}.4")] for number in range(8)]


def test_rejected_look_up_fails_the_test():
    with pytest.raises(RejectedRequestError), FakeLLM() as llm:
        llm.reply("Hello!")
        look_up(f"{made()}/input_items?limit=0")


def test_parts_come_back_by_their_ids(llm):
    llm.reset()
    llm.reply(Reply(parts=["I search.", {"type": "web_search_call", "action": {"type": "search", "query": "x"}}]))
    sent = ask().json()

    assert look_up(sent["id"]).json()["output"] == sent["output"]
