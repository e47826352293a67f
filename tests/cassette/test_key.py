"""What requests are told apart by."""

import re
import uuid

import pytest

from fakellm._cassette.key import READY, Keys, check_ignored, check_normalized, check_parts
from fakellm._errors import UsageError
from fakellm._wire.events import WireRequest

ALL = ("method", "scheme", "host", "port", "path", "query", "body")
URL = "https://api.openai.com/v1/chat/completions"


def is_equal(one, other, *, url=URL, other_url=None, ignore=(), normalize=()):
    keys = Keys(ALL, check_ignored(ignore), check_normalized(normalize))
    first, second = (
        WireRequest("POST", place, {}, body if isinstance(body, bytes) else body.encode())
        for place, body in ((url, one), (other_url or url, other))
    )
    return keys.hash(first) == keys.hash(second)


@pytest.mark.parametrize(
    ("match", "parts"),
    [
        (None, ALL),
        (["body", "method"], ("method", "body")),
        (("path",), ("path",)),
        ("host", ("host",)),
        (iter(["query", "query"]), ("query",)),
    ],
)
def test_parts_come_in_their_order(match, parts):
    assert check_parts(match) == parts


def test_no_parts_at_all_are_a_usage_error():
    with pytest.raises(UsageError, match=r"match=\[\] would take any recording for any request; name some of method, "):
        check_parts([])


@pytest.mark.parametrize("match", [["method", "headers"], "headers", {"headers"}])
def test_unknown_part_is_refused(match):
    with pytest.raises(UsageError) as caught:
        check_parts(match)

    assert str(caught.value) == ("match= takes any of method, scheme, host, port, path, query, body; got 'headers'")


def test_misspelt_part_is_told_with_the_nearest():
    with pytest.raises(UsageError, match=r"got 'pth'; did you mean 'path'\?$"):
        check_parts(["pth"])


@pytest.mark.parametrize(
    ("ignore", "one", "other"),
    [
        ("user", '{"user": "a", "n": 1}', '{"n": 1}'),
        (["metadata.run"], '{"metadata": {"run": 1, "x": 2}}', '{"metadata": {"x": 2}}'),
        (["messages[*].content"], '{"messages": [{"content": "a"}, {"content": "b"}]}', '{"messages": [{}, {}]}'),
        (["messages[1].content"], '{"messages": [{"a": 1}, {"content": "b"}]}', '{"messages": [{"a": 1}, {}]}'),
        (["input[0]"], '{"input": ["a", "b"]}', '{"input": ["c", "b"]}'),
        (["a.b[*].c"], '{"a": {"b": [{"c": 1, "d": 2}]}}', '{"a": {"b": [{"d": 2}]}}'),
        (["[*].x"], '[{"x": 1}]', '[{"x": 2}]'),
        (["user", "metadata"], '{"user": 1, "metadata": {}}', "{}"),
    ],
)
def test_ignored_members_do_not_count(ignore, one, other):
    assert is_equal(one, other, ignore=ignore)
    assert not is_equal(one, other)


@pytest.mark.parametrize(
    ("ignore", "one", "other"),
    [
        (["user"], '{"a": {"user": 1}}', '{"a": {"user": 2}}'),
        (["messages[1].content"], '{"messages": [{"content": "a"}]}', '{"messages": [{"content": "b"}]}'),
        (["messages.content"], '{"messages": [{"content": "a"}]}', '{"messages": [{"content": "b"}]}'),
        (["a.b"], '{"a": "b"}', '{"a": "c"}'),
        (["a[*]"], '{"a": [1]}', '{"a": [1, 2]}'),
        (["user"], "user=a", "user=b"),
    ],
)
def test_other_members_count(ignore, one, other):
    assert not is_equal(one, other, ignore=ignore)


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a[x]", "a[*", "[]", 5, None])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(UsageError) as caught:
        check_ignored([path])

    assert str(caught.value) == (
        "ignore= takes paths into a JSON body, such as 'user', 'metadata.run', 'messages[*].name' or "
        f"'messages[0].content'; got {path!r}"
    )


@pytest.mark.parametrize(
    ("normalize", "one", "other"),
    [
        ("uuids", '{"a": ["x %s y"]}', '{"a": ["x %s y"]}'),
        (["uuids"], "plain %s text", "plain %s text"),
        (["uuids"], "caf\u00e9 %s", "caf\u00e9 %s"),
    ],
)
def test_ready_pattern_makes_uuids_equal(normalize, one, other):
    ids = uuid.UUID(int=1), uuid.UUID(int=2).hex

    assert is_equal(one % ids[0], other % ids[1], normalize=normalize)
    assert not is_equal(one % ids[0], other % ids[1])


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-20",
        "2026-11-20 08:15",
        "2026-11-20T08:15:30Z",
        "2026-11-20T08:15:30.123456+01:00",
        "Fri, 20 Nov 2026 08:15:30 GMT",
        "1795162530",
        "1795162530123",
    ],
)
def test_ready_pattern_makes_times_equal(time):
    assert is_equal(f'{{"a": "Now: {time}."}}', '{"a": "Now: 2025-01-01."}', normalize=["timestamps"])


@pytest.mark.parametrize("text", ["12345", "192.168.0.1", "2026", "call 0800 123456", "0123456789"])
def test_other_numbers_are_no_times(text):
    assert READY["timestamps"].sub("", text) == text


def test_own_pattern_makes_its_matches_equal():
    assert is_equal('{"a": "run-1"}', '{"a": "run-22"}', normalize=[re.compile(r"run-\d+")])


def test_patterns_hold_in_the_url():
    assert is_equal(
        "{}",
        "{}",
        url="https://h/threads/run-1?since=2026-01-01",
        other_url="https://h/threads/run-2?since=2026-01-02",
        normalize=[re.compile(r"run-\d+"), "timestamps"],
    )


def test_numbers_and_names_of_members_are_no_text():
    assert not is_equal('{"a": 1795162530}', '{"a": 1795162531}', normalize=["timestamps"])
    assert not is_equal('{"2026-01-01": 1}', '{"2026-01-02": 1}', normalize=["timestamps"])


@pytest.mark.parametrize("given", ["uuid", r"run-\d+", 5, re.compile(b"x")])
def test_what_is_no_pattern_is_refused(given):
    with pytest.raises(UsageError) as caught:
        check_normalized([given])

    assert str(caught.value) == (
        "normalize= takes 'uuids' or 'timestamps', or a pattern of your own such as "
        f"re.compile(r'run-\\d+'); got {given!r}"
    )


def test_places_are_forgotten_before_they_are_too_many():
    keys = Keys()
    hashes = [keys.hash(WireRequest("GET", f"https://h/{n}", {}, b"")) for n in range(1001)]

    assert keys.hash(WireRequest("GET", "https://h/0", {}, b"")) == hashes[0]
    assert len(set(hashes)) == 1001
