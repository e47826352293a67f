import pytest

from fakellm import FakeLLM, UsageError
from fakellm._script.scripted import as_reply

SAYS_NOTHING = (
    "which is nothing that a model says; give a str, a Reply, a ToolCall, a list of ToolCall, an ErrorReply, "
    "a pydantic object, or a callable that takes the ChatRequest and returns one of these"
)


def complaint(make):
    with pytest.raises(UsageError) as caught:
        make()
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"a": 1}, "to answer with an object, type: Reply(parsed={...})"),
        (["a", "b"], "one after the other, type: reply('a', 'b'); as choices of one answer: Reply(choices=['a', 'b'])"),
        (429, "to answer with an error, type: ErrorReply(429)"),
        *(
            (raised, "a client raises it for an error or a fault: ErrorReply(429), Reply(fault=faults.connect_error())")
            for raised in (ConnectionError, ConnectionError("lost"))
        ),
    ],
    ids=["a dict", "a list of texts", "a status", "an exception class", "an exception"],
)
def test_what_is_no_reply_is_told_with_what_to_type_instead(given, advice):
    text = complaint(lambda: as_reply(given, {}))

    assert text == f"reply() got {given!r}, {SAYS_NOTHING}\n  {advice}"


def test_callable_that_returns_a_dict_is_told_what_to_return():
    compute = as_reply(lambda request: {"a": 1}, {})

    text = complaint(lambda: compute(None))

    assert text.endswith(
        f"returned {{'a': 1}}, {SAYS_NOTHING}\n  to answer with an object, type: Reply(parsed={{...}})"
    )


@pytest.mark.parametrize("name", ["text", "content"])
def test_text_by_name_is_told_where_it_goes(name):
    text = complaint(lambda: FakeLLM().reply(**{name: "Hello!"}))

    assert text == f"reply() has no field {name!r}; the text comes first, without a name: reply('Hello!')"
