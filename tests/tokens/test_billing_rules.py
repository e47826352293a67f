"""Each rule of billing in a table written by hand: literal token counts, added up in the order of the text."""

from __future__ import annotations

import base64
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm.tokens import completion_usage, count

USER = {"role": "user", "content": "hello world"}
SYSTEM = {"role": "system", "content": "hello world"}
NOTHING = {"type": "function", "function": {"name": "f"}}
DESCRIBED = {"type": "function", "function": {"name": "f", "description": "Now."}}

# What the tables below take for granted, by the vocabulary of gpt-4o.
PIECES = {
    "hello": 1,
    " world": 1,
    "hello world": 2,
    "alice": 1,
    "sunny": 2,
    "get_weather": 2,
    "functions.get_weather": 3,
    " to=functions.get_weather": 5,
    " to=functions.f": 4,
    " to=functions.g": 4,
    '{"city":"Paris"}': 5,
    "{}": 1,
    "{broken": 2,
    " to=multi_tool_use.parallel": 6,
    "multi_tool_use.parallel": 4,
    '{"tool_uses":[{"recipient_name":"functions.f","parameters":{}},'
    '{"recipient_name":"functions.g","parameters":{"a":1}}]}': 29,
    '["sunny", {"a": 1}]': 10,
    '["18 \\u00b0C", "sunny"]': 13,
    "namespace functions {\n\ntype f = () => any;\n\n} // namespace functions": 14,
    "namespace functions {\n\n// Now.\ntype f = () => any;\n\n} // namespace functions": 16,
    "namespace functions {\n\n": 3,
    "// Now.\ntype f = () => any;\n\n} // namespace functions": 14,
    '# Response Formats\n\n## Place\n\n// Where.\n{"type":"object","properties":{"city":{"type":"string"}}}': 24,
}


def prompt_tokens(*messages, model="gpt-4o", **body):
    return completion_usage({"model": model, "messages": [*messages], **body}, text=None)["prompt_tokens"]


def completion_tokens(text=None, *calls, model="gpt-4o", reasoning_tokens=0, **body):
    usage = completion_usage(
        {"model": model, "messages": [USER], **body}, text=text, tool_calls=calls, reasoning_tokens=reasoning_tokens
    )
    return usage["completion_tokens"]


def call(name, arguments, *, id="1"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def assistant(*calls, content=None):
    return {"role": "assistant", "content": content, "tool_calls": [*calls]}


def result(content, *, id="1"):
    return {"role": "tool", "tool_call_id": id, "content": content}


@pytest.mark.parametrize(("piece", "tokens"), PIECES.items())
def test_piece_has_the_tokens_that_the_tables_take_for_granted(piece, tokens):
    assert count(piece, model="gpt-4o") == tokens


def test_usage_has_the_members_of_the_api():
    assert completion_usage({"model": "o3", "messages": [USER]}, text="hello world", reasoning_tokens=64) == {
        "prompt_tokens": 2 + 4 + 2,
        "completion_tokens": 64 + 13 + 2,
        "total_tokens": 8 + 79,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 64,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


# Messages


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o",
        "gpt-4o-mini-2024-07-18",
        "gpt-4.1",
        "gpt-4.5-preview",
        "gpt-4",
        "gpt-3.5-turbo",
        "other",
        "ft:gpt-4o:a",
    ],
)
def test_request_costs_three_and_each_message_four(model):
    assert prompt_tokens(model=model) == 3
    assert prompt_tokens(USER, model=model) == 3 + 4 + 2
    assert prompt_tokens(USER, USER, model=model) == 3 + 4 + 2 + 4 + 2


@pytest.mark.parametrize("model", ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.6-sol", "openai/o3"])
def test_request_of_a_reasoning_model_costs_two(model):
    assert prompt_tokens(USER, USER, model=model) == 2 + 4 + 2 + 4 + 2


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        ("hello world", 2),
        ("", 0),
        (None, 0),
        (5, 0),
        ([], 0),
        ([{"type": "text", "text": "hello"}, {"type": "text", "text": " world"}], 1 + 1),
        ([{"type": "text", "text": "hello"}, "loose", {"text": None}, {"type": "file", "file": {}}], 1),
        ([{"type": "refusal", "refusal": "hello world"}], 2),
    ],
)
def test_message_costs_four_and_its_text_whoever_speaks(role, content, tokens):
    assert prompt_tokens({"role": role, "content": content}) == 3 + 4 + tokens


def test_refusal_in_the_history_costs_its_text():
    assert prompt_tokens({"role": "assistant", "content": None, "refusal": "hello world"}) == 3 + 4 + 2


def test_name_of_an_author_costs_one_and_its_text():
    assert prompt_tokens({**USER, "name": "alice"}) == 3 + 4 + 2 + 1 + 1


# The history of tools


@pytest.mark.parametrize(
    ("arguments", "tokens"), [('{"city":"Paris"}', 5), ('{ "city" : "Paris" }', 5), ("{broken", 2), ("", 0)]
)
def test_call_in_the_history_costs_its_arguments_without_spaces(arguments, tokens):
    assert prompt_tokens(assistant(call("get_weather", arguments))) == 3 + 4 + 5 + tokens


@pytest.mark.parametrize(
    ("model", "tokens"), [("gpt-4o", 3 + 4 + 5 + 5 + 6 + 2 + 2), ("o3", 2 + 7 + 5 + 5 + 8 + 3 + 2)]
)
def test_result_costs_the_name_of_its_tool_and_its_text(model, tokens):
    history = [assistant(call("get_weather", '{"city":"Paris"}')), result("sunny")]

    assert prompt_tokens(*history, model=model) == tokens


def test_reasoning_model_is_billed_for_arguments_as_they_stand():
    spaced = '{"city": "Paris"}'

    assert prompt_tokens(assistant(call("get_weather", spaced)), model="o3") == 2 + 7 + 5 + count(spaced, model="o3")


def test_text_beside_a_call_is_a_message_of_its_own():
    message = assistant(call("get_weather", '{"city":"Paris"}'), content="hello world")

    assert prompt_tokens(message) == 3 + (4 + 2) + (4 + 5 + 5)


def test_parallel_calls_are_one_call_of_a_wrapper_and_so_are_their_results():
    calls = assistant(call("f", "{}"), call("g", '{"a": 1}', id="2"))

    assert prompt_tokens(calls) == 3 + 4 + 6 + 29
    assert prompt_tokens(calls, result("sunny"), result('{"a":1}', id="2")) == 3 + (4 + 6 + 29) + (6 + 4 + 10)


def test_parallel_results_are_billed_in_ascii():
    calls = assistant(call("f", "{}"), call("g", '{"a": 1}', id="2"))

    assert prompt_tokens(calls, result("18 °C"), result("sunny", id="2")) == 3 + (4 + 6 + 29) + (6 + 4 + 13)


def test_parallel_calls_of_a_reasoning_model_are_counted_one_by_one():
    calls = assistant(call("f", "{}"), call("g", "{}", id="2"))

    assert prompt_tokens(calls, model="o3") == 2 + (7 + 4 + 1) + (7 + 4 + 1)


def test_result_without_its_call_costs_the_name_that_it_gives():
    assert prompt_tokens({**result("sunny", id="lost"), "name": "get_weather"}) == 3 + 6 + 2 + 2
    assert prompt_tokens(result("sunny", id="lost")) == 3 + 6 + 2


def test_legacy_function_call_costs_what_a_tool_call_costs():
    called = {"role": "assistant", "function_call": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
    answered = {"role": "function", "name": "get_weather", "content": "sunny"}

    assert prompt_tokens(called, answered) == 3 + (4 + 5 + 5) + (6 + 2 + 2)


def test_custom_call_costs_its_input():
    custom = {"id": "1", "type": "custom", "custom": {"name": "get_weather", "input": "hello world"}}

    assert prompt_tokens(assistant(custom)) == 3 + 4 + 5 + 2


# Offered tools and formats


@pytest.mark.parametrize("body", [{"tools": [NOTHING]}, {"functions": [NOTHING["function"]]}])
def test_tools_cost_their_text_and_the_system_message_that_holds_it(body):
    assert prompt_tokens(USER, **body) == 9 + 14 + 9
    assert prompt_tokens(SYSTEM, USER, **body) == 15 + 14 + 5
    assert prompt_tokens({**SYSTEM, "role": "developer"}, USER, **body) == 15 + 14 + 5


def test_tools_of_a_reasoning_model_cost_ninety_and_their_text():
    assert prompt_tokens(USER, model="gpt-5-mini", tools=[NOTHING]) == 8 + 14 + 90
    assert prompt_tokens(SYSTEM, USER, model="gpt-5-mini", tools=[NOTHING]) == 14 + 14 + 90


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "gpt-4.1"])
def test_line_above_a_described_tool_is_tokenised_with_it(model):
    assert prompt_tokens(USER, model=model, tools=[DESCRIBED]) == 9 + 16 + 9
    assert prompt_tokens(USER, model=model, tools=[DESCRIBED, NOTHING]) == 9 + 16 + 7 + 9


@pytest.mark.parametrize("model", ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.4-mini", "openai/gpt-5"])
def test_line_above_a_described_tool_is_tokenised_apart_for_a_reasoning_model(model):
    assert prompt_tokens(USER, model=model, tools=[DESCRIBED]) == 8 + (3 + 14) + 90
    assert prompt_tokens(USER, model=model, tools=[NOTHING, DESCRIBED]) == 8 + (3 + 20) + 90


@pytest.mark.parametrize("choice", ["auto", "none", "required", {"type": "function", "function": {"name": "f"}}])
def test_choice_of_a_tool_costs_nothing(choice):
    assert prompt_tokens(USER, tools=[NOTHING], tool_choice=choice) == 9 + 14 + 9


def test_strict_costs_nothing():
    strict = {"type": "function", "function": {"name": "f", "strict": True}}

    assert prompt_tokens(USER, tools=[strict]) == 9 + 14 + 9


PLACE = {
    "name": "Place",
    "description": "Where.",
    "strict": True,
    "schema": {
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "type": "object",
        "additionalProperties": False,
    },
}


def test_schema_of_a_format_costs_its_text_and_one():
    body = {"response_format": {"type": "json_schema", "json_schema": PLACE}}

    assert prompt_tokens(SYSTEM, USER, **body) == 15 + 24 + 1
    assert prompt_tokens(USER, **body) == 9 + 24 + 1 + 4
    assert prompt_tokens(USER, **body, tools=[NOTHING]) == 9 + 24 + 1 + 14 + 9


@pytest.mark.parametrize("form", [{"type": "text"}, {"type": "json_object"}, {}, None, "json_schema"])
def test_other_formats_cost_nothing(form):
    assert prompt_tokens(USER, response_format=form) == 9


# Whole requests, as billed. Source: calls of api.openai.com recorded from December 2025 to May 2026, and the cookbook
# (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, parts 6 and 7).


def offered(name, description, properties, required):
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def test_history_beside_a_described_tool_costs_what_was_billed():
    country = {"country": {"type": "string", "description": "The country name."}}
    history = [
        {"role": "user", "content": "What is the capital of France?"},
        assistant(call("get_capital", '{"country":"France"}')),
        result("Paris"),
        {"role": "assistant", "content": "The capital of France is Paris."},
        {"role": "user", "content": "What is the capital of England?"},
    ]

    tools = [offered("get_capital", "Get the capital of a country.", country, ["country"])]

    assert prompt_tokens(*history, model="gpt-4o-mini", tools=tools) == 104


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini"])
def test_tool_with_an_enum_costs_what_was_billed(model):
    properties = {
        "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
        "unit": {
            "type": "string",
            "description": "The unit of temperature to return",
            "enum": ["celsius", "fahrenheit"],
        },
    }
    system = "You are a helpful assistant that can answer to questions about the weather."
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": "What's the weather like in San Francisco?"},
    ]

    tool = offered("get_current_weather", "Get the current weather in a given location", properties, ["location"])

    assert prompt_tokens(*messages, model=model, tools=[tool]) == 101


def test_description_of_several_lines_costs_what_was_billed():
    lines = "Search and load additional tools to make them available to the agent.\n\n"
    lines += "DO call this to find and load more tools needed for a task.\n"
    lines += "NEVER ask the user if you should try loading tools, just try.\n"
    regex = {"regex": {"type": "string", "description": "Regex pattern to search for relevant tools"}}
    question = {"role": "user", "content": "Can you list the database tables and then fetch user 42?"}

    tools = [offered("load_tools", lines, regex, ["regex"])]

    assert prompt_tokens(question, model="gpt-4.1", tools=tools) == 100


def test_described_tools_of_a_reasoning_model_cost_what_was_billed():
    search = (
        "There are additional tools not yet visible to you. When you need a capability not provided by your current "
        "tools, search here by providing one or more queries to discover and activate relevant tools. Each query is "
        "tokenized into words; tool names and descriptions are scored by token overlap. If no tools are found, they "
        "do not exist — do not retry."
    )
    queries = (
        "List of search queries to match against tool names and descriptions. Use specific words likely to appear in "
        "tool names or descriptions to narrow down relevant tools. Each query is independently tokenized; matches "
        "across queries are unioned."
    )
    strings = {"type": "array", "items": {"type": "string"}, "description": queries}
    question = {"role": "user", "content": "What is the current exchange rate from USD to EUR?"}

    tools = [
        offered("get_weather", "Get the current weather for a city.", {"city": {"type": "string"}}, ["city"]),
        offered("search_tools", search, {"queries": strings}, ["queries"]),
    ]

    assert prompt_tokens(question, model="gpt-5.4-mini", tools=tools) == 265


def test_schemas_cost_what_was_billed():
    place = {"properties": {"city": {"type": "string"}, "country": {"type": "string"}}, "type": "object"}
    place |= {"required": ["city", "country"], "additionalProperties": False}
    language = {"properties": {"country": {"type": "string"}, "language": {"type": "string"}}, "type": "object"}
    language |= {"required": ["country", "language"], "additionalProperties": False}
    either = {"properties": {"result": {"anyOf": [kind("CityLocation", place), kind("CountryLanguage", language)]}}}
    either |= {"type": "object", "required": ["result"], "additionalProperties": False}
    question = {"role": "user", "content": "What is the largest city in the user country?"}
    tools = [offered("get_user_country", "", {}, [])]

    flat = {"name": "CityLocation", "description": "A city and its country.", "schema": place}
    nested = {"name": "final_result", "schema": either}

    assert prompt_tokens(question, tools=tools, response_format={"type": "json_schema", "json_schema": flat}) == 79
    assert prompt_tokens(question, tools=tools, response_format={"type": "json_schema", "json_schema": nested}) == 148


def kind(name, data):
    properties = {"data": data, "kind": {"const": name, "type": "string"}}
    return {"properties": properties, "type": "object", "required": ["kind", "data"], "additionalProperties": False}


# Images


def png(width, height):
    head = b"\x89PNG\r\n\x1a\n" + pack(">I4sII", 13, b"IHDR", width, height)
    return "data:image/png;base64," + base64.b64encode(head).decode()


def image(url, **options):
    return {"type": "image_url", "image_url": {"url": url, **options}}


def image_tokens(model, *images):
    parts = [{"type": "text", "text": "hello"}, *images]
    return prompt_tokens({"role": "user", "content": parts}, model=model) - prompt_tokens(
        {"role": "user", "content": "hello"}, model=model
    )


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        ("gpt-4o", 512, 512, 85 + 170),
        ("gpt-4o", 513, 512, 85 + 170 * 2),
        ("gpt-4o", 3008, 2000, 85 + 170 * 3 * 2),  # 2048 x 1362, then 1155 x 768; recorded
        ("gpt-4o", 2049, 513, 85 + 170 * 4 * 2),  # 2048 x 512.75, billed to a user
        ("gpt-4o", 2050, 513, 85 + 170 * 4 * 1),  # 2048 x 512.50, the same
        ("gpt-4.1", 597, 566, 85 + 170 * 2 * 2),  # recorded with gpt-4o
        ("gpt-4o", 10_000, 1, 85 + 170 * 4 * 1),
        ("gpt-4o-mini", 128, 64, 2833 + 5667),
        ("o3", 128, 64, 75 + 150),
        ("gpt-5", 128, 64, 70 + 140),
        ("gpt-4.1-mini", 128, 64, 1 + 13),  # 8 patches x 1.62 = 12.96
        ("gpt-4.1-nano", 128, 64, 1 + 20),  # 8 patches x 2.46 = 19.68
        ("o4-mini", 128, 64, 1 + 14),  # 8 patches x 1.72 = 13.76
        ("gpt-5-mini", 1024, 1024, 1 + 1229),  # 1024 patches x 1.2 = 1228.8
        ("gpt-5-nano", 128, 64, 1 + 12),
        ("gpt-5.4", 128, 64, 1 + 10),
        ("gpt-5-mini", 1800, 2400, 1 + 1743),  # 33 x 44 patches x 1.2 = 1742.4
        ("gpt-5-mini", 100_000, 1, 1 + 1844),  # 1536 patches x 1.2 = 1843.2
    ],
)
def test_image_costs_its_tiles_or_its_patches(model, width, height, tokens):
    assert image_tokens(model, image(png(width, height))) == tokens


@pytest.mark.parametrize(
    ("model", "tokens"), [("gpt-4o", 85), ("gpt-4o-mini", 2833), ("o3", 75), ("gpt-4.1-mini", 1 + 13)]
)
def test_low_detail_costs_the_base_of_a_price_by_tiles(model, tokens):
    assert image_tokens(model, image(png(128, 64), detail="low")) == tokens


@pytest.mark.parametrize("url", ["https://example.com/cat.png", "data:image/png;base64,AAAA", "", None, 5])
def test_image_of_unknown_size_costs_what_1024_by_1024_cost(url):
    assert image_tokens("gpt-4o", image(url)) == 85 + 170 * 4


@pytest.mark.parametrize("part", [{"type": "image_url"}, {"type": "image_url", "image_url": "https://example.com"}])
def test_image_part_without_its_object_is_an_image_still(part):
    assert image_tokens("gpt-4o", part) == 85 + 170 * 4


def test_images_beside_results_cost_a_reasoning_model_one_more():
    shown = {"role": "user", "content": [image(png(128, 64)), image(png(128, 64))]}
    history = [assistant(call("f", "{}")), result("sunny")]

    without = prompt_tokens(*history, {"role": "user", "content": ""}, model="gpt-5-mini")

    assert prompt_tokens(*history, shown, model="gpt-5-mini") == without + 11 + 11 + 1


# Completions


@pytest.mark.parametrize(("text", "tokens"), [(None, 0), ("", 0), ("hello world", 2)])
def test_text_costs_its_tokens(text, tokens):
    assert completion_tokens(text) == tokens


def test_text_costs_one_more_beside_tools():
    assert completion_tokens("hello world", tools=[NOTHING]) == 2 + 1


def test_text_costs_four_more_in_the_format_of_a_schema():
    # Billed: 15 for {"city":"Mexico City","country":"Mexico"}, which has 10, beside tools; January 2026.
    form = {"type": "json_schema", "json_schema": PLACE}

    text = '{"city":"Mexico City","country":"Mexico"}'

    assert completion_tokens(text, response_format=form, tools=[NOTHING]) == 15


def test_call_costs_four_its_name_and_its_arguments():
    assert completion_tokens(None, ("get_weather", '{"city":"Paris"}'), tools=[NOTHING]) == 4 + 5 + 5


def test_text_beside_a_call_is_added():
    assert completion_tokens("hello world", ("get_weather", '{"city":"Paris"}')) == 2 + 4 + 5 + 5


def test_several_calls_cost_their_wrapper():
    assert completion_tokens(None, ("f", "{}"), ("g", '{"a":1}')) == 4 + 6 + 29


def test_broken_arguments_of_several_calls_are_counted():
    assert completion_tokens(None, ("f", "{broken"), ("g", "")) > 4 + 6


@pytest.mark.parametrize(
    ("model", "text", "reasoned", "called"),
    [
        ("gpt-5.2", 3, 5, 7),
        ("gpt-5.4-mini", 3, 5, 7),
        ("gpt-5.6-luna", 3, 5, 7),
        ("gpt-5", 9, 10, 13),
        ("gpt-5-mini", 9, 10, 13),
        ("o3-mini", 13, 13, 17),
        ("o4-mini-2025-04-16", 18, 18, 22),
    ],
)
def test_answer_of_a_reasoning_model_costs_its_frame(model, text, reasoned, called):
    weather = ("get_weather", '{"city":"Paris"}')

    assert completion_tokens("hello world", model=model) == 2 + text
    assert completion_tokens("hello world", model=model, reasoning_tokens=64) == 64 + 2 + reasoned
    assert completion_tokens(None, weather, model=model) == called + 5 + 5
    assert completion_tokens(None, weather, weather, model=model, reasoning_tokens=64) == 64 + 2 * (called + 5 + 5)


# Whatever JSON arrives

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def members(**known):
    """Objects of known members, each of them absent, as it should be, or any JSON."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in known.items()}) | JSON


FUNCTIONS = members(name=st.just("f"), arguments=st.sampled_from(["{}", "{", "[1]", '"a"', "NaN", "1e999"]))
TYPES = ["string", "integer", "array", "object", "null"]
SCHEMAS = st.recursive(
    members(type=st.sampled_from(TYPES), enum=st.lists(JSON, max_size=2), default=JSON, const=JSON)
    | st.fixed_dictionaries({"$ref": st.sampled_from(["#", "#/$defs/A", "#/properties/a", "elsewhere"])}),
    lambda inner: members(
        type=st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), max_size=2),
        properties=st.dictionaries(st.sampled_from(["a", "b", "const", "type", "required"]), inner, max_size=3),
        items=inner,
        anyOf=st.lists(inner, max_size=3),
        allOf=st.lists(inner, max_size=3),
        required=st.lists(st.sampled_from(["a", "b"]), max_size=2),
        description=st.text(max_size=6),
        **{"$defs": st.fixed_dictionaries({"A": inner})},
    ),
    max_leaves=6,
)
PARTS = members(
    type=st.sampled_from(["text", "image_url", "refusal", "file"]),
    text=st.text(max_size=6),
    image_url=members(url=st.sampled_from([png(64, 64), png(0, 5), png(2**31, 1), "data:;base64,/9j/"])),
)
MESSAGES = members(
    role=st.sampled_from(["system", "user", "assistant", "tool", "function"]),
    content=st.lists(PARTS, max_size=3),
    name=st.text(max_size=4),
    tool_calls=st.lists(members(id=st.just("1"), function=FUNCTIONS, custom=FUNCTIONS), max_size=3),
    function_call=FUNCTIONS,
    tool_call_id=st.just("1"),
)
TOOLS = members(
    type=st.sampled_from(["function", "custom"]),
    function=members(name=st.just("f"), description=st.text(max_size=6), parameters=SCHEMAS),
    custom=members(name=st.just("f")),
)
BODIES = members(
    model=st.sampled_from(["gpt-4o", "o3", "gpt-5-mini", "gpt-5.4", "gpt-4", ""]),
    messages=st.lists(MESSAGES, max_size=4),
    tools=st.lists(TOOLS, max_size=2),
    functions=st.lists(TOOLS, max_size=2),
    response_format=members(type=st.just("json_schema"), json_schema=members(name=st.just("f"), schema=SCHEMAS)),
).filter(lambda body: isinstance(body, dict))


@settings(max_examples=400, deadline=None)
@given(
    BODIES,
    st.none() | st.text(max_size=8),
    st.lists(st.tuples(st.text(max_size=4), st.text(max_size=8)), max_size=3),
    st.integers(0, 10_000),
)
def test_any_json_is_counted(body, text, calls, reasoning_tokens):
    usage = completion_usage(body, text=text, tool_calls=calls, reasoning_tokens=reasoning_tokens)

    prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
    assert type(prompt) is int
    assert type(completion) is int
    assert prompt >= 2
    assert completion >= reasoning_tokens
    assert usage["total_tokens"] == prompt + completion


def test_schema_that_is_nested_without_end_is_counted():
    deep: dict[str, object] = {"type": "string"}
    for _ in range(300):
        deep = {"type": "object", "properties": {"a": deep}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": deep}}]

    assert prompt_tokens(tools=tools, response_format={"type": "json_schema", "json_schema": {"schema": deep}}) > 0


def test_value_that_python_cannot_write_is_counted_as_nothing():
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"default": 10**5000}}}]

    assert prompt_tokens(USER, tools=tools) > 9
