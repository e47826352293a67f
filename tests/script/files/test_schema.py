"""The JSON Schema of script files: it knows every name that Python knows, and agrees with the reader."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from inspect import signature

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import ErrorReply, FakeLLM, Pace, Reply, ScriptFormatError, ToolCall, faults, framings
from fakellm._script.files.format import read_script, schema_text
from fakellm._script.files.hints import kind_of
from fakellm.scenarios import Expected, Scenario
from fakellm.scenarios._files import SCENARIO

SCHEMA = json.loads(schema_text(SCENARIO))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DEFS = SCHEMA["$defs"]


def names_of(function, *besides):
    """Return the names of the arguments that a function or class takes, but for some."""
    return set(signature(function).parameters) - set(besides)


def functions_of(module):
    return {name: getattr(module, name) for name in module.__all__ if name.islower()}


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


ERRORS = {
    name: getattr(ErrorReply, name) for name, member in vars(ErrorReply).items() if isinstance(member, classmethod)
}


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (SCHEMA, {"$schema", "scenario", "rules", "otherwise"} | names_of(FakeLLM, "clock", "test_id", "dialects")),
        (DEFS["when"], names_of(FakeLLM.when, "self", "predicate")),
        (DEFS["rule"], {"when", "reply", "replies", "times"}),
        (DEFS["otherwise"], {"reply", "replies", "times"}),
        (DEFS["reply"], names_of(Reply) | {"error"}),
        (DEFS["choice"], names_of(Reply)),
        (DEFS["tool_call"], names_of(ToolCall)),
        (DEFS["pace"], names_of(Pace)),
        (DEFS["error"], names_of(ErrorReply)),
        (DEFS["scenario"], names_of(Scenario, "name", "script", "messages")),
        (DEFS["expected"], names_of(Expected, "create_result")),
    ],
    ids=[
        "script",
        "when",
        "rule",
        "otherwise",
        "reply",
        "choice",
        "tool_call",
        "pace",
        "error",
        "scenario",
        "expected",
    ],
)
def test_schema_knows_every_name(said, known):
    assert set(said["properties"]) == known


@pytest.mark.parametrize(
    ("what", "functions"),
    [("fault", functions_of(faults)), ("framing", functions_of(framings)), ("named_error", ERRORS)],
)
def test_schema_knows_every_function_and_its_arguments(what, functions):
    alone, called = DEFS[what]["anyOf"]

    assert {name: set(said["properties"]) for name, said in called["properties"].items()} == {
        name: names_of(function) for name, function in functions.items()
    }
    assert set(alone["enum"]) == {
        name
        for name, function in functions.items()
        if all(one.default is not one.empty for one in signature(function).parameters.values())
    }


def test_fields_of_reply_are_those_that_it_takes():
    assert names_of(Reply) == {field.name for field in fields(Reply)}


@pytest.mark.parametrize(
    ("said", "description"),
    [
        (SCHEMA["properties"]["seed"], "changes all ids"),
        (
            DEFS["reply"]["properties"]["reasoning"],
            "what it thinks first; billed, and shown where the provider shows it",
        ),
        (DEFS["error"]["properties"]["code"], DEFS["error"]["properties"]["type"]["description"]),
        (DEFS["fault"]["anyOf"][1]["properties"]["empty_body"], "Send the head alone, with a body of no bytes."),
        (DEFS["when"]["properties"]["user"], "a question containing"),
        (DEFS["pace"], "The timing of a reply."),
    ],
)
def test_descriptions_are_those_of_the_docstrings(said, description):
    assert said["description"] == description


# What a class says of its values, and no schema: which may stand together, what a text holds.
BEYOND_THE_SCHEMA = re.compile(
    r"not both; one of them would be lost|belongs to (one choice|the whole answer)|chunks join to|lone surrogate"
    r"|without choices of its own|takes names of headers|is no regular expression|no base64"
    r"|is no value of a header|takes a content type|needs a name, which is the id|needs to say what a correct client"
)


def mistakes_of(document):
    """Return what the reader says of a document, mistake by mistake."""
    try:
        read_script(json.dumps(document), path="s.json", scenario=SCENARIO)
    except ScriptFormatError as err:
        return [message for message, _ in err.mistakes]
    return []


def assert_agree(document):
    mistakes = mistakes_of(document)
    beyond = [bool(BEYOND_THE_SCHEMA.search(message)) for message in mistakes]

    assert VALIDATOR.is_valid(document) is all(beyond), (document, mistakes)


VALUES = [
    None, True, False, 0, 1, -1, 200, 404, 0.5, 1.5, -0.5, "", "a", "forever", "full", "create", "openrouter",
    "drop", "crlf", "empty_body", "rate_limited", "RateLimitError", [], ["a"], [1], [0.5], [-0.5], [[0.5, 1]], [[1,
    0.5]], [[1]], [["a"]], [None], ["create"], [{}], [{"name": "f"}], [{"text": "a"}], {}, {"a": "b"}, {"a": 1},
    {"regex": "a"}, {"regex": 1}, {"base64": "aGk="}, {"name": "f"}, {"text": "a"}, {"status": 500}, {"status":
    "500"}, {"drop": {"after": 1}}, {"drop": {"after": -1}}, {"drop": {}}, {"drop": 1}, {"stall": {"seconds": 0.5,
    "after": 0}}, {"crlf": {}}, {"recorded": {"chunks": [1, [0.5, 2]]}}, {"recorded": {"chunks": [0]}},
    {"error_event": {"error": "overloaded"}}, {"error_event": {"error": {"model_not_found": {"model": "m"}}}},
    {"html_page": {"status": 200}}, {"html_page": {"status": 300}}, {"rate_limited": {"retry_after": 2}},
    {"rate_limited": {"retry": 2}}, {"overloaded": None}, {"ttft": 0.1}, {"ttft": -1}, {"x-a": {"regex": "b"}},
    {"x-a": 5}, {"error": 500}, {"error": {"status": 500, "retry_after": "soon"}}, {"error": 500, "text": "a"},
    {"reply": "a"}, {"replies": ["a"]}, {"replies": []}, {"reply": "a", "replies": ["a"]}, {"expected": {"content":
    "a"}}, {"expected": {"error": "ValueError"}},
]  # fmt: skip


def in_reply(member):
    return lambda said: {"rules": [{"reply": {member: said}}]}


# Where a mapping stands that the schema describes, and what it holds at least.
HOLDERS = {
    "script": (lambda said: said, {"otherwise": "a"}),
    "when": (lambda said: {"rules": [{"when": said, "reply": "a"}]}, {}),
    "rule": (lambda said: {"rules": [said]}, {"reply": "a"}),
    "otherwise": (lambda said: {"otherwise": said}, {"reply": "a"}),
    "reply": (lambda said: {"rules": [{"replies": ["a", said]}]}, {}),
    "choice": (lambda said: {"otherwise": {"reply": {"choices": ["a", said]}}}, {}),
    "tool_call": (lambda said: {"otherwise": {"reply": {"tool_calls": [said]}}}, {"name": "f"}),
    "pace": (in_reply("pace"), {}),
    "error": (in_reply("error"), {"status": 500}),
    "scenario": (lambda said: {"otherwise": "a", "scenario": said}, {}),
    "expected": (lambda said: {"otherwise": "a", "scenario": {"expected": said}}, {}),
    "pattern": (lambda said: {"otherwise": "a", "rules": [{"when": {"user": said}, "reply": "a"}]}, {}),
    "bytes": (in_reply("raw"), {}),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_schema_and_reader_agree_on_each_value_of_each_name(name):
    holder, least = HOLDERS[name]
    members = (SCHEMA if name == "script" else DEFS[name])["properties"]

    for member in [*members, "nothing_known"]:
        for value in VALUES:
            assert_agree(holder({**least, member: value}))


@pytest.mark.parametrize(("what", "member"), [("fault", "fault"), ("framing", "framing"), ("named_error", "error")])
def test_schema_and_reader_agree_on_each_argument(what, member):
    for name, arguments in DEFS[what]["anyOf"][1]["properties"].items():
        least = {needed: [1] if needed == "chunks" else 1 for needed in arguments.get("required", [])}
        for argument in [*arguments["properties"], "nothing_known"]:
            for value in VALUES:
                assert_agree(in_reply(member)({name: {**least, argument: value}}))


@pytest.mark.parametrize("document", [{}, {"rules": []}, {"rules": [], "otherwise": "a"}, {"seed": 1}, [], "a", None])
def test_schema_and_reader_agree_on_what_a_script_needs(document):
    assert_agree(document)


def said(schema):
    """Return values that a schema describes, and now and then one that it may not."""
    strategy = st.deferred(lambda: _said(schema))
    return st.integers(0, 60).flatmap(lambda chance: st.sampled_from(VALUES) if chance == 60 else strategy)


def _said(schema):
    match schema:
        case {"$ref": name}:
            return said(DEFS[name.rpartition("/")[2]])
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "object", "properties": members, **rules}:
            ways = rules.get("oneOf") or rules.get("anyOf") or [{}]
            return st.sampled_from(ways).flatmap(lambda way: _mapping(members, rules, way.get("required", [])))
        case {"anyOf": kinds}:
            return st.one_of(*map(said, kinds))
        case {"type": "object", "additionalProperties": item}:
            return st.dictionaries(st.sampled_from(["x-a", "b"]), said(item), min_size=1, max_size=2)
        case {"type": "array", "prefixItems": items}:
            return st.tuples(*map(said, items)).map(list)
        case {"type": "array", "items": item}:
            return st.lists(said(item), min_size=1, max_size=2)
        case {"type": "integer"}:
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case {"type": "number"}:
            return st.sampled_from([0.5, 0.25]) | st.sampled_from([-0.5, 0, 3])
        case {"type": "string"}:
            return st.sampled_from(["a", "b", "é"])
        case {"type": "boolean"}:
            return st.booleans()
    return st.none() if schema else st.sampled_from(VALUES)


def _mapping(members, rules, needed):
    """Return mappings with what is needed, and with a few of the members that no other way of saying it needs."""
    needed = [*needed, *rules.get("required", [])]
    of_ways = {name for way in rules.get("oneOf", []) for name in way["required"]}
    free = sorted(set(members) - of_ways - {"error"})
    least = rules.get("minProperties", 0) - len(needed)
    some = st.lists(st.sampled_from(free), min_size=max(least, 0), max_size=2, unique=True) if free else st.just([])
    return some.flatmap(lambda names: st.fixed_dictionaries({name: said(members[name]) for name in [*names, *needed]}))


@given(document=said(SCHEMA))
@settings(max_examples=300, deadline=None)
def test_schema_and_reader_agree(document):
    assert_agree(document)


def test_reader_takes_what_yaml_writes_as_well():
    document = {"rules": [{"reply": {"text": "a", "fault": {"drop": {"after": 1}}}, "times": 2}], "seed": 3}

    found = read_script(yaml.safe_dump(document), path="s.yaml")

    assert (found.rules[0].replies[0].fault.name, found.rules[0].times, found.options) == (
        "drop(after=1)",
        2,
        {"seed": 3},
    )


@pytest.mark.parametrize(
    "hint", [Callable[[Reply], Reply], Callable[[Reply], Reply] | None, list[Callable[[], int]], set[int]], ids=str
)
def test_hint_that_no_file_can_say_is_told_to_who_writes_it(hint):
    with pytest.raises(TypeError, match=r"^no script file can say .*; tables in fakellm\._script\.files\.hints give"):
        kind_of(hint)
