"""How tools and formats are written before they are counted, line by line."""

from __future__ import annotations

import pytest

from fakellm.tokens import _billed_tools
from fakellm.tokens._billed_tools import count_tools, render_format, render_tools


def rendered(parameters, **function):
    """Write one tool, without the namespace around it."""
    text = render_tools([{"type": "function", "function": {"name": "f", "parameters": parameters, **function}}])
    return text.removeprefix("namespace functions {\n\n").removesuffix("\n\n} // namespace functions")


def written_type(schema, **parameters):
    """Write the type of a tool's only argument."""
    lines = rendered({"properties": {"a": schema}, "required": ["a"], **parameters})
    return lines.removeprefix("type f = (_:{\na: ").removesuffix(",\n}) => any;")


def test_tools_stand_in_a_namespace_a_blank_line_apart():
    tools = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]

    assert render_tools(tools) == (
        "namespace functions {\n\ntype f = () => any;\n\ntype g = () => any;\n\n} // namespace functions"
    )


@pytest.mark.parametrize("parameters", [None, {}, {"type": "object", "properties": {}}, 5, {"properties": 5}])
def test_tool_without_properties_takes_nothing(parameters):
    assert rendered(parameters) == "type f = () => any;"


def test_properties_stand_on_lines_of_their_own():
    parameters = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where."},
            "days": {"type": "integer", "default": 3},
            "unit": {"enum": ["°C", "°F"], "default": "°C"},
            "note": {"type": "string", "default": None},
        },
        "required": ["city"],
    }

    assert rendered(parameters, description="Tell the weather.") == (
        "// Tell the weather.\n"
        "type f = (_:{\n"
        "// Where.\n"
        "city: string,\n"
        "days?: number, // default: 3\n"
        'unit?: "°C" | "°F", // default: "°C"\n'
        "note?: string,\n"
        "}) => any;"
    )


def test_every_line_of_a_description_is_a_comment_without_its_indent():
    assert rendered({}, description="Convert.\n\n    Args:\n        c: Degrees \n    ") == (
        "// Convert.\n//\n// Args:\n// c: Degrees\n//\ntype f = () => any;"
    )


def test_description_of_the_arguments_stands_before_them():
    parameters = {"description": "Both.", "properties": {"a": {"type": "string"}}}

    assert rendered(parameters) == "type f = (_:\n// Both.\n{\na?: string,\n}) => any;"


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "string"}, "string"),
        ({"type": "number", "minimum": 0}, "number"),
        ({"type": "integer"}, "number"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "null"}, "null"),
        ({"type": "array", "items": {"type": "integer"}}, "number[]"),
        ({"type": "array"}, "any[]"),
        ({"type": "object"}, "object"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object"),
        ({"enum": ["a", 1, None]}, '"a" | 1 | null'),
        ({"type": "string", "const": "a"}, '"a"'),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, "string | string[]"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"allOf": [{"type": "string"}]}, "string"),
        ({"type": ["string", "null"]}, "string | null"),
        ({}, "any"),
        ({"type": 5}, "any"),
        ({"anyOf": [], "enum": []}, "any"),
        (5, "any"),
    ],
)
def test_type_is_written_as_typescript(schema, written):
    assert written_type(schema) == written


def test_members_of_a_nested_object_are_not_indented():
    schema = {"type": "object", "properties": {"b": {"type": "string", "description": "B."}, "c": {"type": "string"}}}

    assert written_type({"type": "array", "items": schema}) == "{\n// B.\nb?: string,\nc?: string,\n}[]"


@pytest.mark.parametrize(
    ("reference", "written"),
    [("#/$defs/B", "string"), ("#/$defs/a~1b~0", "number"), ("#/$defs/C", "any"), ("other.json#/B", "any")],
)
def test_reference_is_written_as_what_it_refers_to(reference, written):
    defs = {"B": {"type": "string"}, "a/b~": {"type": "integer"}}

    assert written_type({"$ref": reference}, **{"$defs": defs}) == written


def test_schema_that_refers_to_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}

    written = written_type({"$ref": "#/$defs/Node"}, **{"$defs": {"Node": node}})

    assert "any" in written
    assert len(written) < 1000


def test_definitions_that_double_each_time_end():
    doubled = {f"D{n}": {"anyOf": [{"$ref": f"#/$defs/D{n + 1}"}] * 2} for n in range(30)}

    written = written_type({"$ref": "#/$defs/D0"}, **{"$defs": doubled})

    assert written.count("any") < 20_000


def test_description_that_is_referred_to_thousands_of_times_ends():
    described = {"type": "object", "properties": {"x": {"type": "string", "description": "long " * 100_000}}}
    members = {f"p{n}": {"$ref": "#/$defs/a"} for n in range(5000)}

    written = rendered({"properties": members, "$defs": {"a": described}})

    assert 16 << 20 < len(written) < 64 << 20
    assert written.endswith("p4999?: any,\n}) => any;")


def test_types_in_any_number_end():
    written = written_type({"type": ["string"] * 20_000, **{f"k{n}": 1 for n in range(20_000)}})

    assert written.startswith("string | string | ")
    assert written.endswith(" | any | any")


def test_legacy_function_is_written_as_a_tool():
    assert "// Now.\ntype f = () => any;" in render_tools([{"name": "f", "description": "Now."}])


def test_custom_tool_is_written_with_its_description():
    tool = {"type": "custom", "custom": {"name": "sql", "description": "Query."}}

    assert "// Query.\ntype sql = (FREEFORM) => any;" in render_tools([tool])


def test_format_is_json_below_its_heading_without_what_a_strict_schema_repeats():
    schema = {
        "properties": {
            "kind": {"const": "x", "type": "string"},
            "const": {"type": "string"},
            "some": {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
            "list": {"type": "array", "items": {"anyOf": [{"type": "null"}, {"additionalProperties": False}]}},
        },
        "required": ["kind", "const", "some", "list"],
        "type": "object",
        "additionalProperties": False,
    }

    assert render_format({"name": "Thing", "schema": schema}) == (
        "# Response Formats\n\n## Thing\n\n"
        '{"type":"object","properties":{'
        '"kind":{"type":"string","enum":["x"]},'
        '"const":{"type":"string"},'
        '"some":{"type":"object","properties":{"a":{},"b":{}},"required":["a"]},'
        '"list":{"type":"array","items":{"anyOf":[{"type":"null"},{}]}}'
        "}}"
    )


def test_equal_tools_are_rendered_once(monkeypatch):
    rendered = []
    monkeypatch.setattr(_billed_tools, "render_tools", lambda tools: rendered.append(tools) or "")
    tools = [{"type": "function", "function": {"name": "rendered_once"}}]

    counts = [count_tools(list(tools), "o200k_base", header_apart=False) for _ in range(3)]

    assert counts == [0, 0, 0]
    assert len(rendered) == 1


def test_lone_surrogate_in_a_tool_counts_as_what_replaces_it():
    def count(text):
        tool = {"type": "function", "function": {"name": "f", "description": text}}
        return count_tools([tool], "o200k_base", header_apart=False)

    assert count("\ud800") == count("\ufffd") > 0
