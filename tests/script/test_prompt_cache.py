"""``FakeLLM(cache=True)``: the usage says what of a prompt the API would have had in its cache."""

import json

import httpx
import pytest
from asking import KEY

from fakellm import FakeLLM, ToolCall, UsageError, explore, faults
from fakellm.tokens import count

CHAT = "https://api.openai.com/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
LONG = {"role": "system", "content": "word " * 1200}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def user(content):
    return {"role": "user", "content": content}


def usage(*messages, model="gpt-4o", **fields):
    """The tokens of the prompt, and those of them that were cached."""
    body = {"model": model, "messages": list(messages), **fields}
    sent = httpx.post(CHAT, headers=KEY, json=body).json()["usage"]
    return sent["prompt_tokens"], sent["prompt_tokens_details"]["cached_tokens"]


def cached(*messages, **fields):
    return usage(*messages, **fields)[1]


@pytest.fixture
def llm():
    with FakeLLM(cache=True) as llm:
        llm.reply("Hello!", times=None)
        yield llm


def test_beginning_of_a_prompt_is_cached_once_it_was_asked(llm):
    assert [cached(LONG, user(text)) for text in "abc"] == [0, 1152, 1152]
    assert [call.usage["prompt_tokens_details"]["cached_tokens"] for call in llm.calls] == [0, 1152, 1152]


def test_cached_tokens_are_whole_steps_of_what_was_asked_before(llm):
    messages, before = [LONG], 0
    for turn in range(5):
        messages.append(user("one two three four five six " * 20))
        prompt, found = usage(*messages)
        assert found == (before // 128 * 128 if turn else 0)
        messages.append({"role": "assistant", "content": "Hello!"})
        before = prompt - 3  # what begins the answer is no part of the next prompt


def test_whole_prompt_is_never_cached(llm):
    text = "word " * 1016
    assert 4 + count(text, model="gpt-4o") + 3 == 1024

    assert [cached(user(text)) for _ in range(2)] == [0, 0]
    assert [cached(user(text + "word " * 128)) for _ in range(2)] == [0, 1024]


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [{**LONG, "content": f"Be brief. {LONG['content']}"}, user("b")]},
        {"messages": [{**LONG, "role": "developer"}, user("b")]},
        {"messages": [LONG, user("b")], "model": "gpt-4.1"},
        {"messages": [LONG, user("b")], "tools": [TOOL]},
        {"messages": [LONG, user("b")], "prompt_cache_key": "mine"},
    ],
)
def test_prompt_that_begins_otherwise_is_not_cached(llm, other):
    usage(LONG, user("a"))
    messages = other.pop("messages")

    assert cached(*messages, **other) == 0


def test_change_in_the_middle_leaves_what_comes_before(llm):
    long = user("word " * 3000)
    usage(long)

    assert cached(user("word " * 1500 + "another " * 1500)) == 1500 // 128 * 128


def test_short_prompts_are_not_cached(llm):
    assert [cached(user("word " * 1000)) for _ in range(2)] == [0, 0]


def test_older_models_have_no_cache(llm):
    assert [cached(LONG, user(text), model="gpt-4-turbo") for text in "ab"] == [0, 0]


def test_calls_and_images_are_part_of_the_prompt(llm):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
    called = {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f"}}]}
    called["tool_calls"][0]["function"]["arguments"] = json.dumps({"text": "word " * 1500})
    talk = [{"role": "user", "content": [image]}, called, {"role": "tool", "tool_call_id": "a", "content": "18"}]
    llm.reset()
    llm.reply(ToolCall("f"), "Done.")

    usage(*talk, tools=[TOOL])
    assert cached(*talk, user("b"), tools=[TOOL]) >= 1408


def test_no_more_is_cached_than_the_prompt_is_billed(llm):
    called = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{" + " \n\t" * 3000 + "}"}}
    talk = [LONG, {"role": "assistant", "tool_calls": [called]}, {"role": "tool", "tool_call_id": "a", "content": "18"}]

    prompt, found = [usage(*talk) for _ in range(2)][-1]

    assert found == (prompt - 1) // 128 * 128


def test_image_is_part_of_the_prompt_and_not_its_bytes(llm):
    def seen(data):
        return user([{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}", "detail": "low"}}])

    big = "A" * 40_000
    assert [cached(seen(big), LONG), cached(seen(big), LONG), cached(seen(big[:-4]), LONG)] == [0, 1152, 0]


def test_responses_have_the_same_cache_by_their_own_names(llm):
    body = {"model": "gpt-4o", "input": [LONG, user("a")], "stream": True}

    sent = [httpx.post(RESPONSES, headers=KEY, json=body).text for _ in range(2)]

    details = [json.loads(text.split("data: ")[-1])["response"]["usage"]["input_tokens_details"] for text in sent]
    assert [one["cached_tokens"] for one in details] == [0, 1152]


def test_chain_of_responses_is_cached(llm):
    first = httpx.post(RESPONSES, headers=KEY, json={"model": "gpt-4o", "input": [LONG, user("a")]}).json()
    body = {"model": "gpt-4o", "input": "b", "previous_response_id": first["id"]}

    assert (
        httpx.post(RESPONSES, headers=KEY, json=body).json()["usage"]["input_tokens_details"]["cached_tokens"] == 1152
    )


def test_what_the_test_says_stands(llm):
    llm.reset()
    llm.reply("a")
    llm.reply("b", usage={"prompt_tokens_details": {"cached_tokens": 7}})
    llm.reply("c", usage={"completion_tokens": 9})

    assert [cached(LONG, user("a")) for _ in range(3)] == [0, 7, 1152]


def test_nothing_is_cached_unless_it_is_asked_for():
    with FakeLLM() as llm:
        llm.reply("Hello!", times=None)
        assert [cached(LONG, user("a")) for _ in range(2)] == [0, 0]


def test_each_fake_has_its_own_cache_and_reset_empties_it(llm):
    usage(LONG, user("a"))
    with FakeLLM(cache=True) as other:
        other.reply("Hello!")
        assert cached(LONG, user("a")) == 0
    llm.reset()
    llm.reply("Hello!")
    assert cached(LONG, user("a")) == 0


def test_each_trial_begins_with_what_was_there():
    llm, found = FakeLLM(cache=True), []
    llm.reply("Hello!", times=None)

    def body():
        found.append([cached(LONG, user("a")) for _ in range(2)])

    with llm:
        explore(body, llm=llm, faults=[faults.stall(1)])
    assert found == [[0, 1152]] * len(found)
    assert len(found) > 1


def test_script_file_can_ask_for_it(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("cache: true\notherwise: Hello!\n")
    llm = FakeLLM()
    llm.load(path)

    with llm:
        assert [cached(LONG, user("a")) for _ in range(2)] == [0, 1152]


def test_cache_is_true_or_false(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("cache: much\notherwise: Hello!\n")

    with pytest.raises(UsageError, match="cache takes true or false"):
        FakeLLM().load(path)
