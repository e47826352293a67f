"""What a file can say for a value: read, told where it is wrong, described."""

import pytest

from fakellm import UsageError
from fakellm._yaml.handwritten import parse
from fakellm._yaml.kinds import Either, Members, Named, Place, Plain, Row, Several, Shorthand, constants

TEXT = Plain("a text", {"type": "string"}, lambda value: isinstance(value, str))
NUMBER = Plain("a number", {"type": "integer"}, lambda value: type(value) is int)
NULL = Plain("null", {"type": "null"}, lambda value: value is None)


def made(**members):
    if members.get("a") == members.get("b"):
        raise UsageError("a and b are the same")
    if members.get("a") == "bad":
        raise UsageError("a is bad")
    return members


PAIR = Members(made, lambda: {"a": TEXT, "b": NUMBER}, needed=["a"])


def read(kind, text):
    """Return what a kind reads under the key ``k``, and the mistakes that it notes."""
    root = parse(f"k: {text}", path="s.yaml")
    mistakes = []
    return kind.read(root["k"], Place(root, "k", "k", mistakes)), mistakes


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (TEXT, "a", "a"),
        (constants(["a", False]), "false", False),
        (Several(TEXT), "[a, b]", ["a", "b"]),
        (Several(NUMBER, container=dict), "{a: 1}", {"a": 1}),
        (Row([TEXT, NUMBER]), "[a, 1]", ["a", 1]),
        (Either(TEXT, NULL), "null", None),
        (Either(TEXT, NUMBER), "1", 1),
        (Shorthand(NUMBER, lambda number: number + 1), "1", 2),
        (PAIR, "{a: x, b: 1}", {"a": "x", "b": 1}),
        (Named("pair", {"pair": PAIR}), "{pair: {a: x}}", {"a": "x"}),
        (Named("pair", {"none": Members(dict, dict)}), "none", {}),
        (Named("pair", {"none": Members(dict, dict)}), "{none: {}}", {}),
    ],
    ids=range(12),
)
def test_value_is_read(kind, text, value):
    found, mistakes = read(kind, text)

    assert (found, type(found), mistakes) == (value, type(value), [])


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (TEXT, "1", [("k takes a text, got 1; a text that looks like this goes in quotes", 1)]),
        (TEXT, "", [("k takes a text, got nothing", 1)]),
        (constants(["one", "two"]), "twoo", [("k takes one of one, two; got \"twoo\"; did you mean 'two'?", 1)]),
        (constants([False]), "0", [("k takes false, got 0", 1)]),
        (Several(TEXT), "{}", [("k takes a list, got an empty mapping", 1)]),
        (Several(TEXT).at_least(2), "[a]", [("k takes a list of 2 or more, got a list", 1)]),
        (
            Several(NUMBER),
            "[a, 1, b]",
            [('each of k takes a number, got "a"', 1), ('each of k takes a number, got "b"', 1)],
        ),
        (Several(NUMBER, container=dict), "\n  a: 1\n  b: c", [('b takes a number, got "c"', 3)]),
        (Row([TEXT, NUMBER]), "[a]", [("k takes a list of a text and a number, got a list", 1)]),
        (Row([TEXT, NUMBER]), "[a, b]", [('k takes a number, got "b"', 1)]),
        (Either(NUMBER, Several(TEXT), NULL), "a", [('k takes a number or a list, got "a"', 1)]),
        (Either(NUMBER, constants(["x", "y"])), "a", [('k takes a number, or one of x, y; got "a"', 1)]),
        (Shorthand(TEXT, int), "[]", [("k takes a text, got an empty list", 1)]),
        (PAIR, "a", [('k takes {a: ...}, got "a"', 1)]),
        (PAIR, "\n  b: 1", [("k needs a:", 2)]),
        (PAIR, "\n  a: x\n  c: 1", [("k has no 'c'; it takes a, b", 3)]),
        (PAIR, "\n  b: 1\n  a: bad", [("a is bad", 3)]),
        (
            Members(made, lambda: {"a": TEXT, "b": TEXT}, name="a pair"),
            "\n  a: x\n  b: x",
            [("a and b are the same", 2)],
        ),
        (Members(dict, dict, empty="say something"), "{}", [("say something", 1)]),
        (Named("pair", {"pair": PAIR}), "pair", [("pair needs a:, as in {pair: {a: ...}}", 1)]),
        (Named("pair", {"pair": PAIR}), "{pair: 1}", [("pair takes {a: ...}, got 1", 1)]),
        (Named("pair", {"pair": PAIR}), "{pear: {}}", [("k takes one of pair, got \"pear\"; did you mean 'pair'?", 1)]),
        (Named("pair", {"pair": PAIR}), "[pair]", [("k takes one of pair, got a list", 1)]),
    ],
    ids=range(23),
)
def test_mistake_is_told_with_its_line(kind, text, told):
    assert read(kind, text)[1] == told


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (Several(TEXT).at_least(1), {"type": "array", "items": {"type": "string"}, "minItems": 1}),
        (Row([NUMBER]), {"type": "array", "prefixItems": [{"type": "integer"}], "items": False, "minItems": 1}),
        (Either(TEXT, NULL), {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (
            PAIR,
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
                "required": ["a"],
            },
        ),
    ],
    ids=range(4),
)
def test_kind_describes_itself(kind, schema):
    assert kind.schema({}) == schema


def test_kind_that_holds_itself_stands_among_the_shared_ones():
    node = Members(dict, lambda: {"next": node}, name="a linked list", summary="A list.", says=lambda: {"next": "more"})
    shared = {}

    assert node.schema(shared) == {"$ref": "#/$defs/linked_list"}
    assert shared == {
        "linked_list": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"next": {"$ref": "#/$defs/linked_list", "description": "more"}},
            "description": "A list.",
        }
    }
