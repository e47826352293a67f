"""Which conversations Responses reject: calls and outputs apart, reasoning without its item, broken seals."""

import base64
import json
import os
from pathlib import Path

import pytest
import yaml
from chat_wire import wire
from engines import ask, make_engine, scripted
from responses_wire import AZURE, DEEPSEEK, ENCRYPTED, FUNCTION, URL, asking

from fakellm import Reasoning, Reply, ToolCall
from fakellm._wire.dialect import LENIENT

RECORDINGS = os.environ.get("FAKELLM_REAL_CASSETTES")
QUESTION = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "18"}
PATCH = {"type": "create_file", "path": "a", "diff": "+a"}
CALLS = {
    "function call": (CALL, OUTPUT),
    "custom tool call": (
        {"type": "custom_tool_call", "call_id": "call_1", "name": "sql", "input": "select 1"},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "1"},
    ),
    "computer call": (
        {
            "type": "computer_call",
            "id": "cu_1",
            "call_id": "call_1",
            "action": {"type": "wait"},
            "pending_safety_checks": [],
            "status": "completed",
        },
        {"type": "computer_call_output", "call_id": "call_1", "output": {"type": "computer_screenshot"}},
    ),
    "shell call": (
        {"type": "shell_call", "call_id": "call_1", "action": {"commands": ["ls"]}},
        {"type": "shell_call_output", "call_id": "call_1", "output": []},
    ),
    "local shell call": (
        {
            "type": "local_shell_call",
            "id": "lsh_1",
            "call_id": "call_1",
            "action": {"type": "exec", "command": ["ls"], "env": {}},
            "status": "completed",
        },
        {"type": "local_shell_call_output", "id": "call_1", "output": "a"},
    ),
    "apply patch call": (
        {"type": "apply_patch_call", "call_id": "call_1", "operation": PATCH, "status": "completed"},
        {"type": "apply_patch_call_output", "call_id": "call_1", "status": "completed"},
    ),
}
THINKS = Reply("4", reasoning="2 and 2")
CALLS_A_TOOL = Reply(tool_calls=ToolCall("f", {"a": 1}), reasoning="Look it up.")
MODEL = {"model": "gpt-5", "tools": [FUNCTION]}


class Talk:
    """A conversation with one fake."""

    def __init__(self, *replies, url=URL, **fields):
        self.engine, self.url, self.fields = scripted(*replies, *["Done."] * 5), url, {**MODEL, **fields}
        self.output = self.say(QUESTION).json["output"]

    def say(self, *items, **fields):
        return ask(self.engine, asking(list(items), url=self.url, **self.fields, **fields))


def error_of(answer, code=None, *, param="input", status=400):
    """The message of an error."""
    assert (answer.status, answer.error["type"]) == (status, "invalid_request_error")
    assert (answer.error["param"], answer.error["code"]) == (param, code)
    return answer.error["message"]


def sent(*items, url=URL, **fields):
    return ask(scripted("Done."), asking(list(items), url=url, **fields))


# --- calls and their outputs ---


@pytest.mark.parametrize(("call", "output"), CALLS.values(), ids=CALLS)
def test_call_with_its_output_is_taken(call, output):
    assert sent(QUESTION, call, output).status == 200


@pytest.mark.parametrize(("kind", "items"), CALLS.items(), ids=CALLS)
@pytest.mark.parametrize("url", [URL, AZURE])
def test_call_without_output(kind, items, url):
    answer = sent(QUESTION, items[0], QUESTION, url=url)

    assert error_of(answer) == f"No tool output found for {kind} call_1."


@pytest.mark.parametrize(("kind", "items"), CALLS.items(), ids=CALLS)
def test_output_without_call(kind, items):
    answer = sent(QUESTION, items[1])

    assert error_of(answer) == f"No tool call found for {kind} output with call_id call_1."


def test_first_of_several_calls_without_output_is_told():
    calls = [{**CALL, "call_id": f"call_{n}"} for n in range(1, 4)]

    assert error_of(sent(*calls, OUTPUT)) == "No tool output found for function call call_2."


@pytest.mark.parametrize("url", [URL, AZURE])
def test_item_that_comes_twice(url):
    answer = sent(QUESTION, {**CALL, "id": "fc_1"}, {**CALL, "id": "fc_1"}, OUTPUT, url=url)

    assert (
        error_of(answer) == "Duplicate item found with id fc_1. Remove duplicate items from your input and try again."
    )


@pytest.mark.parametrize("builds_on", ["previous_response_id", "conversation"])
def test_item_that_the_request_builds_on_comes_again(builds_on):
    talk = Talk("First.", Reply(tool_calls=ToolCall("f", {"a": 1})))
    conversation = ask(talk.engine, wire({}, url="https://api.openai.com/v1/conversations")).json["id"]
    before = talk.say(QUESTION, conversation=conversation).json
    again = {"previous_response_id": before["id"]} if builds_on == "previous_response_id" else {builds_on: conversation}

    [call] = before["output"]
    output = {**OUTPUT, "call_id": call["call_id"]}

    assert f"Duplicate item found with id {call['id']}." in error_of(talk.say(call, output, **again))
    assert talk.say(output, **again).status == 200


def test_call_of_the_chain_has_to_be_answered():
    engine = scripted(ToolCall("f", id="call_7"), "Done.")
    chain = {**MODEL, "previous_response_id": ask(engine, asking(**MODEL)).json["id"]}

    assert error_of(ask(engine, asking(**chain))) == "No tool output found for function call call_7."
    assert ask(engine, asking([{**OUTPUT, "call_id": "call_7"}], **chain)).status == 200


@pytest.mark.parametrize("url", ["http://localhost:8000/v1/responses", "https://openrouter.ai/api/v1/responses"])
@pytest.mark.parametrize("items", [[CALL, QUESTION], [OUTPUT]])
def test_others_ask_nothing_of_calls(url, items):
    assert sent(*items, url=url).status == 200


def test_nothing_is_asked_where_it_is_not_strict():
    assert ask(scripted("Done.", strictness=LENIENT), asking([CALL, QUESTION])).status == 200


REASONING = {"type": "reasoning", "summary": []}


@pytest.mark.parametrize(
    "items",
    [
        [CALL, OUTPUT],
        [REASONING, CALL, OUTPUT],
        [CALL, {**CALL, "call_id": "call_2"}, {**OUTPUT, "call_id": "call_2"}, OUTPUT, QUESTION],
        [REASONING, CALL, REASONING, {**CALL, "call_id": "call_2"}, OUTPUT, {**OUTPUT, "call_id": "call_2"}],
    ],
)
def test_deepseek_takes_outputs_right_behind_their_calls(items):
    assert sent(*items, url=DEEPSEEK).status == 200


@pytest.mark.parametrize(
    "items",
    [
        [CALL, QUESTION],
        [CALL],
        # As it was recorded.
        [CALL, {"role": "assistant", "content": "b"}, {**CALL, "call_id": "call_2"}, OUTPUT],
        [REASONING, CALL, QUESTION, OUTPUT],
        [{**CALL, "call_id": "call_2"}, CALL, {**OUTPUT, "call_id": "call_2"}, QUESTION, OUTPUT],
    ],
)
def test_deepseek_misses_outputs_right_behind_their_calls(items):
    answer = sent(*items, url=DEEPSEEK)

    assert error_of(answer, "invalid_request_error", param=None) == "No tool output found for tool call call_1."


# --- reasoning and what follows it ---


@pytest.mark.parametrize("fields", [{}, {"include": [ENCRYPTED]}, {"store": False}])
@pytest.mark.parametrize("reply", [THINKS, CALLS_A_TOOL])
def test_output_that_comes_back_is_taken(reply, fields):
    talk = Talk(reply, **fields)
    outputs = [{**OUTPUT, "call_id": item["call_id"]} for item in talk.output if "call_id" in item]

    assert talk.say(QUESTION, *talk.output, *outputs, QUESTION).status == 200


FOLLOWING = "Item '{}' of type 'reasoning' was provided without its required following item."


@pytest.mark.parametrize("url", [URL, AZURE])
@pytest.mark.parametrize(
    "behind",
    [
        [],
        [QUESTION],
        [{"role": "assistant", "content": "The meaning of life is 42"}, QUESTION],  # as it was recorded
        [{"role": "assistant", "content": "4"}, QUESTION],
        [{**CALL, "call_id": "call_9"}, {**OUTPUT, "call_id": "call_9"}],
    ],
)
def test_reasoning_without_the_item_that_followed_it(behind, url):
    talk = Talk(THINKS, url=url, include=[ENCRYPTED])
    reasoning, _ = talk.output

    assert error_of(talk.say(QUESTION, reasoning, *behind)) == FOLLOWING.format(reasoning["id"])


def test_call_that_follows_reasoning_is_known_by_the_id_of_the_call():
    talk = Talk(CALLS_A_TOOL)
    reasoning, call = talk.output
    del call["id"]

    assert talk.say(QUESTION, reasoning, call, {**OUTPUT, "call_id": call["call_id"]}).status == 200


@pytest.mark.parametrize("reply", [THINKS, CALLS_A_TOOL])
def test_item_that_a_conversation_gave_another_id_is_the_one_that_follows(reply):
    talk = Talk(reply)
    reasoning, item = talk.output
    outputs = [{**OUTPUT, "call_id": item["call_id"]}] if "call_id" in item else []
    without_id = {
        name: member for name, member in item.items() if name != "id"
    }  # as OpenAIConversationsSession adds it
    made = ask(talk.engine, wire({"items": [reasoning, without_id]}, url="https://api.openai.com/v1/conversations"))
    url = f"https://api.openai.com/v1/conversations/{made.json['id']}/items?order=asc"
    kept = ask(talk.engine, wire({}, url=url, method="GET")).json["data"]

    assert kept[1]["id"] != item["id"]
    assert talk.say(QUESTION, *kept, *outputs, QUESTION).status == 200


def test_message_of_another_text_is_not_the_one_that_follows():
    talk = Talk(THINKS)
    reasoning, message = talk.output
    other = {**message, "id": "msg_1", "content": [{"type": "output_text", "text": "5", "annotations": []}]}

    assert error_of(talk.say(QUESTION, reasoning, other)) == FOLLOWING.format(reasoning["id"])


def test_message_of_what_was_not_stored_may_have_lost_its_id():
    talk = Talk(THINKS, store=False)
    reasoning, message = talk.output
    del message["id"]

    assert talk.say(QUESTION, reasoning, message).status == 200
    assert error_of(talk.say(QUESTION, reasoning, QUESTION)) == FOLLOWING.format(reasoning["id"])


@pytest.mark.parametrize("reply", [THINKS, CALLS_A_TOOL])
def test_item_without_the_reasoning_before_it(reply):
    talk = Talk(reply)
    reasoning, item = talk.output
    outputs = [{**OUTPUT, "call_id": item["call_id"]}] if "call_id" in item else []

    assert error_of(talk.say(QUESTION, item, *outputs)) == (
        f"Item '{item['id']}' of type '{item['type']}' was provided without its required 'reasoning' item: "
        f"'{reasoning['id']}'."
    )


def test_model_that_does_not_reason_binds_nothing():
    talk = Talk(THINKS, model="gpt-4o")
    reasoning, message = talk.output

    assert talk.say(QUESTION, message).status == talk.say(QUESTION, reasoning).status == 200


def test_item_of_what_was_not_stored_needs_no_reasoning():
    talk = Talk(THINKS, store=False)

    assert talk.say(QUESTION, talk.output[1]).status == 200


def test_item_without_its_id_needs_no_reasoning():
    talk = Talk(CALLS_A_TOOL)
    call = {name: member for name, member in talk.output[1].items() if name != "id"}

    assert talk.say(QUESTION, call, {**OUTPUT, "call_id": call["call_id"]}).status == 200


def test_second_of_two_calls_is_not_the_one_that_follows():
    talk = Talk(Reply(tool_calls=[ToolCall("f"), ToolCall("f")], reasoning="Twice."))
    reasoning, first, second = talk.output
    outputs = [{**OUTPUT, "call_id": call["call_id"]} for call in (first, second)]

    assert talk.say(QUESTION, reasoning, first, second, *outputs).status == 200
    assert talk.say(QUESTION, second, outputs[1]).status == 200
    assert error_of(talk.say(QUESTION, reasoning, second, outputs[1])) == FOLLOWING.format(reasoning["id"])


def test_reasoning_that_was_not_stored_comes_back_with_its_seal():
    talk = Talk(THINKS, store=False)
    reasoning, message = talk.output
    del reasoning["encrypted_content"]

    assert error_of(talk.say(QUESTION, reasoning, message), status=404) == (
        f"Item with id '{reasoning['id']}' not found. Items are not persisted when `store` is set to false. Try again "
        "with `store` set to true, or remove this item from your input."
    )


@pytest.mark.parametrize("items", [[{**REASONING, "id": "rs_1"}], [{**CALL, "id": "fc_1"}, OUTPUT]])
def test_items_of_others_are_taken_as_they_stand(items):
    assert sent(QUESTION, *items, QUESTION, model="gpt-5").status == 200


def test_another_fake_judges_nothing():
    talk = Talk(THINKS)

    assert sent(QUESTION, talk.output[0], model="gpt-5").status == 200


def test_what_another_fake_has_taken_is_judged_here():
    talk = Talk(THINKS)
    request = asking([QUESTION, talk.output[0]], **MODEL)

    assert ask(scripted("Done."), request).status == 200
    assert ask(talk.engine, request).status == 400


# --- seals ---


def spelled(content, how):
    data = base64.urlsafe_b64decode(content)
    return {
        "url-safe": content,
        "plain": base64.b64encode(data).decode(),
        "without padding": content.rstrip("="),
        "plain without padding": base64.b64encode(data).decode().rstrip("="),
    }[how]


@pytest.mark.parametrize("how", ["url-safe", "plain", "without padding", "plain without padding"])
def test_seal_is_taken_however_it_is_spelled(how):
    talk = Talk(THINKS, include=[ENCRYPTED])
    reasoning, message = talk.output
    reasoning["encrypted_content"] = spelled(reasoning["encrypted_content"], how)

    assert talk.say(QUESTION, reasoning, message).status == 200


def flipped(content, place):
    data = bytearray(base64.urlsafe_b64decode(content))
    data[place] ^= 1
    return base64.urlsafe_b64encode(bytes(data)).decode()


NOT_VERIFIED = (
    "The encrypted content for item {} could not be verified. Reason: Encrypted content could not be decrypted or "
    "parsed."
)
BROKEN = {
    **{f"byte {place}": lambda content, place=place: flipped(content, place) for place in (0, 5, 12, 30, 200, 300, -1)},
    "cut": lambda content: content[:-20],
    "begun later": lambda content: content[8:],
    "no base64": lambda content: content[:-4] + "!" + content[-3:],
    "empty": lambda content: "",
    "short": lambda content: "gAAAAAB",
    "another version": lambda content: base64.b64encode(bytes(105)).decode(),
    "another length": lambda content: base64.b64encode(b"\x80" + bytes(105)).decode(),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("url", [URL, AZURE])
def test_broken_seal_is_refused(broken, url):
    talk = Talk(THINKS, url=url, store=False)
    reasoning, message = talk.output
    reasoning["encrypted_content"] = broken(reasoning["encrypted_content"])

    answer = talk.say(QUESTION, reasoning, message)

    assert error_of(answer, "invalid_encrypted_content", param=None) == NOT_VERIFIED.format(reasoning["id"])


def test_seal_of_another_item_is_refused():
    first, second = Talk(THINKS, store=False), Talk(THINKS, store=False, instructions="Be brief.")
    reasoning, message = first.output
    reasoning["encrypted_content"] = second.output[0]["encrypted_content"]

    answer = first.say(QUESTION, reasoning, message)

    assert error_of(answer, "invalid_encrypted_content", param=None) == NOT_VERIFIED.format(reasoning["id"])


def test_seal_without_its_item_is_told_by_its_beginning_and_end():
    content = "gAAA" + "x" * 100

    answer = sent(QUESTION, {**REASONING, "encrypted_content": content})

    assert error_of(answer, "invalid_encrypted_content", param=None).startswith(
        "The encrypted content gAAA...xxxx could not be verified."
    )


def test_seal_is_taken_without_the_id_of_its_item():
    talk = Talk(THINKS, store=False)
    reasoning, _ = talk.output
    del reasoning["id"]

    assert talk.say(QUESTION, reasoning).status == 200


def test_seals_of_all_events_are_taken():
    engine = scripted(THINKS, "Done.", "Done.", "Done.")
    body = ask(engine, asking("hi", stream=True, store=False, **MODEL)).body.decode()
    events = [json.loads(line[6:]) for line in body.split("\n") if line.startswith("data: {")]
    items = [event["item"] for event in events if event.get("item", {}).get("type") == "reasoning"]
    reasoning, message = events[-1]["response"]["output"]

    assert len({item["encrypted_content"] for item in (*items, reasoning)}) == 3
    for item in (*items, reasoning):
        assert ask(engine, asking([QUESTION, item, message], store=False, **MODEL)).status == 200


@pytest.mark.parametrize("url", ["http://localhost:8000/v1/responses", DEEPSEEK])
def test_nothing_is_asked_of_seals_elsewhere(url):
    assert sent(QUESTION, {**REASONING, "encrypted_content": "?"}, url=url).status == 200


@pytest.mark.parametrize("given", ["sig", "not base64!", "c2lnbmF0dXJl"])
def test_signature_that_the_test_gives_is_the_fakes_own(given):
    talk = Talk(Reply(parts=[Reasoning("Hm.", signature=given), "4"]))
    reasoning, message = talk.output

    assert reasoning["encrypted_content"] == given
    assert talk.say(QUESTION, reasoning, message).status == 200
    changed = talk.say(QUESTION, {**reasoning, "encrypted_content": f"{given}x"}, message)
    assert error_of(changed, "invalid_encrypted_content", param=None) == NOT_VERIFIED.format(reasoning["id"])


def test_signature_that_the_test_gives_is_known_without_its_item():
    talk = Talk(Reply(parts=[Reasoning("Hm.", signature="sig"), "4"]))

    assert talk.say(QUESTION, {**REASONING, "encrypted_content": "sig"}).status == 200


def recorded_seals():
    found = []
    for path in sorted(Path(RECORDINGS).glob("test_openai_responses__*.yaml")) if RECORDINGS else ():
        for interaction in yaml.safe_load(path.read_text())["interactions"]:
            body = interaction["response"].get("parsed_body") or {}
            found += [item["encrypted_content"] for item in body.get("output", ()) if item.get("encrypted_content")]
    return found


@pytest.mark.skipif(not RECORDINGS, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")
def test_recorded_seals_are_taken():
    seals = recorded_seals()

    assert seals
    for content in seals:
        assert sent(QUESTION, {**REASONING, "id": "rs_1", "encrypted_content": content}).status == 200


def test_compaction_comes_back_with_its_seal():
    engine = make_engine()
    made = ask(engine, asking([QUESTION], url=f"{URL}/compact")).json
    *users, compaction = made["output"]
    engine = scripted("Done.")

    assert ask(engine, asking([*users, compaction])).status == 200
    broken = {**compaction, "encrypted_content": flipped(compaction["encrypted_content"], 100)}
    answer = ask(engine, asking([*users, broken]))
    assert error_of(answer, "invalid_encrypted_content", param=None) == NOT_VERIFIED.format(compaction["id"])
