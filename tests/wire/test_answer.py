from fakellm._wire.answer import Choice, WireToolCall


def test_arguments_are_the_pieces_joined():
    assert WireToolCall("call_1", "f", ('{"a"', ":", "1}")).arguments == '{"a":1}'


def test_text_is_the_pieces_joined():
    assert Choice(0, "stop", ("Hel", "lo")).text == "Hello"


def test_text_without_pieces_is_empty():
    assert Choice(0, "stop", ()).text == ""


def test_no_text_is_none():
    assert Choice(0, "tool_calls", None).text is None
