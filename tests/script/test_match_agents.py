"""Conditions on the message lists that agent frameworks really send, turn by turn."""

import pytest
from chat_wire import asking, play

from fakellm import FakeLLM, ToolCall


def call(name, arguments="{}", call_id="call_1"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calls(*made, **fields):
    return {"role": "assistant", "content": None, "tool_calls": list(made), **fields}


def result(content, call_id="call_1"):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def offered(*names):
    return [{"type": "function", "function": {"name": name, "parameters": {}}} for name in names]


def said(llm, messages, tools=()):
    """What the model answers: its text, or the names of the tools that it calls."""
    fields = {"tools": offered(*tools)} if tools else {}
    answer = play(llm._engine.handle(asking(messages=messages, **fields)))
    assert answer.status == 200, answer.error["message"]
    message = answer.json["choices"][0]["message"]
    return message["content"] or [made["function"]["name"] for made in message["tool_calls"]]


PLANNER = {"role": "system", "content": "You are the planner."}
WRITER = {"role": "system", "content": "You are the writer."}
TASK = {"role": "user", "name": "user", "content": "Write about Paris."}
PLAN = {"role": "user", "name": "planner", "content": "First the history, writer."}
TEXT = {"role": "user", "name": "writer", "content": "Paris was founded ..."}


def test_autogen_round_robin_is_told_apart_by_the_system_message_and_the_turn():
    # Each agent has a history of its own: what others said is a user message, what it said itself an assistant's.
    llm = FakeLLM()
    llm.when(system="planner", turn=0).reply("First the history, writer.")
    llm.when(system="writer", turn=0).reply("Paris was founded ...")
    llm.when(system="planner", turn=1).reply("Good. TERMINATE")

    answers = [
        said(llm, [PLANNER, TASK]),
        said(llm, [WRITER, TASK, PLAN]),
        said(llm, [PLANNER, TASK, {"role": "assistant", "name": "planner", "content": PLAN["content"]}, TEXT]),
    ]

    assert answers == ["First the history, writer.", "Paris was founded ...", "Good. TERMINATE"]


def test_autogen_newest_user_message_is_the_other_agent():
    llm = FakeLLM()
    llm.when(user="Write about Paris").reply("the task")
    llm.when(user="First the history").reply("the planner")

    assert said(llm, [WRITER, TASK, PLAN]) == "the planner"
    assert said(llm, [PLANNER, TASK]) == "the task"


def test_autogen_selector_prompt_is_a_lone_system_message():
    prompt = "You are in a role play game. Read the following conversation. Then select the next role from ['writer']."
    llm = FakeLLM()
    llm.when(system="select the next role").reply("writer")

    assert said(llm, [{"role": "system", "content": prompt}]) == "writer"


def test_autogen_swarm_hand_off_is_a_tool_call_and_then_a_user_message():
    travel = {"role": "system", "content": "You are the travel agent."}
    refunds = {"role": "system", "content": "You refund flights."}
    question = {"role": "user", "name": "user", "content": "Refund my flight."}
    transferred = {"role": "user", "name": "travel", "content": "Transferred to refunds, adopting the role."}
    llm = FakeLLM()
    llm.when(tool="transfer_to_refunds", user="Refund").reply(ToolCall("transfer_to_refunds", {}))
    llm.when(tool="refund_flight", user="Transferred to refunds").reply(ToolCall("refund_flight", {"id": 7}))
    llm.when(system="refund", tool_result="refunded").reply("Done.")

    after = [refunds, question, transferred]
    answers = [
        said(llm, [travel, question], ["transfer_to_refunds"]),
        said(llm, after, ["refund_flight"]),
        said(llm, [*after, calls(call("refund_flight")), result("flight 7 refunded")], ["refund_flight"]),
    ]

    assert answers == [["transfer_to_refunds"], ["refund_flight"], "Done."]


def test_langgraph_loop_is_told_apart_by_the_tool_results_at_its_end():
    # The question stays the newest user message all the way.
    question = {"role": "user", "content": "What is the weather in Paris, and what do I wear?"}
    history = [question]
    llm = FakeLLM()
    llm.when(user="weather").reply(ToolCall("weather", {"city": "Paris"}))
    llm.when(tool_result="18 °C").reply([ToolCall("wardrobe", {}), ToolCall("shops", {})])
    llm.when(tool_result="rain coat").reply("Take the rain coat.")

    first = said(llm, history, ["weather", "wardrobe", "shops"])
    history += [calls(call("weather")), result("18 °C, rain")]
    second = said(llm, history, ["weather", "wardrobe", "shops"])
    history += [calls(call("wardrobe", call_id="a"), call("shops", call_id="b"))]
    history += [result("rain coat, hat", "a"), result("closed", "b")]
    third = said(llm, history, ["weather", "wardrobe", "shops"])

    assert (first, second, third) == (["weather"], ["wardrobe", "shops"], "Take the rain coat.")


def test_langgraph_equal_results_are_told_apart_by_the_turn():
    question = {"role": "user", "content": "Poll until it is done."}
    poll = [calls(call("poll")), result("pending")]
    llm = FakeLLM()
    llm.when(tool_result="pending", turn=1).reply(ToolCall("poll", {}))
    llm.when(tool_result="pending", turn=2).reply("I give up.")

    assert said(llm, [question, *poll], ["poll"]) == ["poll"]
    assert said(llm, [question, *poll, *poll], ["poll"]) == "I give up."


def test_langgraph_supervisor_sees_the_worker_before_the_way_back():
    question = {"role": "user", "content": "Add 2 and 3."}
    there = [calls(call("transfer_to_math"), name="supervisor"), result("Successfully transferred to math")]
    worked = {"role": "assistant", "name": "math", "content": "5"}
    back = [
        calls(call("transfer_back_to_supervisor", call_id="call_2"), name="math"),
        result("Successfully transferred back to supervisor", "call_2"),
    ]
    llm = FakeLLM()
    llm.when(user="Add").reply(ToolCall("transfer_to_math", {}))
    llm.when(tool_result="transferred to math").reply("5")
    llm.when(tool_result="transferred back").reply("It is 5.")

    assert said(llm, [question], ["transfer_to_math"]) == ["transfer_to_math"]
    assert said(llm, [question, *there]) == "5"
    assert said(llm, [question, *there, worked, *back], ["transfer_to_math"]) == "It is 5."


def test_openai_agents_hand_off_re_sends_everything_under_another_system_message():
    triage = {"role": "system", "content": "You triage."}
    spanish = {"role": "system", "content": "You speak Spanish."}
    question = {"role": "user", "content": "Hola"}
    handed = [calls(call("transfer_to_spanish")), result('{"assistant": "spanish"}')]
    llm = FakeLLM()
    llm.when(system="triage", user="Hola").reply(ToolCall("transfer_to_spanish", {}))
    llm.when(system="Spanish", tool_result="spanish").reply("¡Hola!")
    llm.when(system="Spanish", turn=2, user="Adiós").reply("¡Adiós!")

    answered = [spanish, question, *handed, {"role": "assistant", "content": "¡Hola!"}]
    answers = [
        said(llm, [triage, question], ["transfer_to_spanish"]),
        said(llm, [spanish, question, *handed]),
        said(llm, [*answered, {"role": "user", "content": "Adiós"}]),
    ]

    assert answers == [["transfer_to_spanish"], "¡Hola!", "¡Adiós!"]


@pytest.mark.parametrize("reminder", ["system", "developer"])
def test_reminder_after_the_question_does_not_hide_it(reminder):
    llm = FakeLLM()
    llm.when(user="Hola").reply("sí")

    assert said(llm, [{"role": "user", "content": "Hola"}, {"role": reminder, "content": "Be brief."}]) == "sí"


def test_question_in_parts_is_one_text():
    parts = [{"type": "text", "text": "What is"}, {"type": "text", "text": "on this picture?"}]
    llm = FakeLLM()
    llm.when(user="What is\non this").reply("a cat")

    assert said(llm, [{"role": "user", "content": parts}]) == "a cat"
