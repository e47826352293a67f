"""What users test of a client of their own: its functions ``ask(path, **body)`` and ``stream(path, **body)``."""

TESTS = """
FUNCTION = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}

def test_tool_loop_on_chat(fake_llm):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    asked = {"tools": [{"type": "function", "function": FUNCTION}]}
    question = {"role": "user", "content": "weather?"}

    called = ask("chat/completions", messages=[question], **asked)["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": called["tool_calls"][0]["id"], "content": "18"}
    answered = ask("chat/completions", messages=[question, called, result], **asked)["choices"][0]["message"]

    assert answered["content"] == "18 degrees in Paris."

def test_tool_loop_on_responses(fake_llm):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    asked = {"tools": [{"type": "function", **FUNCTION}]}

    called = ask("responses", input="weather?", **asked)
    result = {"type": "function_call_output", "call_id": called["output"][0]["call_id"], "output": "18"}
    answered = ask("responses", input=[result], previous_response_id=called["id"], **asked)

    assert answered["output"][0]["content"][0]["text"] == "18 degrees in Paris."

def test_stream_of_chat(fake_llm):
    fake_llm.reply("Hey you there")

    chunks = stream("chat/completions", messages=[{"role": "user", "content": "hi"}])

    deltas = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]
    assert [text for text in deltas if text] == ["Hey", " you", " there"]

def test_stream_of_responses(fake_llm):
    fake_llm.reply("Hey you there")

    events = stream("responses", input="hi")

    assert [event["delta"] for event in events if event["type"] == "response.output_text.delta"] == [
        "Hey", " you", " there"
    ]

def test_embeddings(fake_llm):
    made = ask("embeddings", model="text-embedding-3-small", input=["hello", "world"])

    assert [len(item["embedding"]) for item in made["data"]] == [1536, 1536]
"""
