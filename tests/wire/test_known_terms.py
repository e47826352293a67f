"""Bodies that say the same beside their messages are decoded in part, and read as if they were decoded as a whole."""

import json

import pytest
from asking import KEY, OPENAI, read

from fakellm._dialects.chat.dialect import ChatDialect
from fakellm._dialects.providers import PROVIDERS
from fakellm._wire.dialect import LENIENT, STRICT
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireRequest
from fakellm._wire.known import KnownTerms, keys_of
from fakellm.tokens._rates import CHAT_RATES

USER = '{"role":"user","content":"hi"}'
AROUND = [
    ('{"model":"gpt-4o","messages":', "}"),
    ('{"messages" : ', ', "model": "gpt-4o", "user": "Zoë"}'),
    ('{"user":"messages","metadata":{"messages":"x"},"store":true,"messages":', ',"model":"gpt-4o"}\n'),
    ('{"metadata":{"messages":[0]},"model":"gpt-4o","messages":', "}"),
    ('{"messages":[0],"model":"gpt-4o","messages":', "}"),
    ('{"\\u006dessages":', ',"model":"gpt-4o"}'),
]
BETWEEN = [
    f"[{USER}]",
    f" [{USER},{USER}] ",
    "[]",
    "[0]",
    "null",
    "",
    f"[{USER},]",
    f"[{USER}",
    f'[{USER}],"n":2',
    f'[{USER}],"messages":[{USER},{USER}]',
    f"[{USER}],[{USER}]",
    "[NaN]",
    f'[{{"role":"user","content":{"[" * 197}{"]" * 197}}}]',
    f'[{{"role":"user","content":{"[" * 198}{"]" * 198}}}]',
    '[{"role":"function","content":"hi"}]',
    '[{"role":"tool","content":"hi","tool_call_id":"x"}]',
]


def known(body):
    """Return what is known of the terms of a body, which has come a second time."""
    terms = KnownTerms(keys_of(json.loads(body))[0], CHAT_RATES)
    terms.look_around(body)
    return terms


def outcome(dialect, body, strictness):
    """Return what a dialect reads in a body, or the error that it finds."""
    try:
        asked = read(WireRequest("POST", OPENAI, KEY, body), dialect=dialect, strictness=strictness)
    except Rejected as rejected:
        return rejected.error
    return asked.body, asked.key, asked.facts.prompt_tokens, asked.last_user


@pytest.mark.parametrize(("before", "after"), AROUND[:2])
def test_messages_are_found_where_all_else_is_the_same(before, after):
    terms = known(f"{before}[{USER}]{after}".encode())

    assert terms.messages_in(f'{before}[{{"role":"system"}}]{after}'.encode()) == [{"role": "system"}]
    assert terms.messages_in(f"{before}[]{after} ".encode()) is None
    assert terms.messages_in(f" {before}[]{after}".encode()) is None
    assert terms.messages_in(after.encode()) is None


@pytest.mark.parametrize(("before", "after"), AROUND[2:])
def test_nothing_is_found_where_the_name_is_not_plain_to_see(before, after):
    body = f"{before}[{USER}]{after}".encode()

    assert known(body).messages_in(body) is None


@pytest.mark.parametrize("strictness", [STRICT, LENIENT], ids=["strict", "lenient"])
@pytest.mark.parametrize(("before", "after"), AROUND)
def test_body_is_read_as_one_that_comes_first(before, after, strictness):
    seasoned = ChatDialect()
    for messages in (f"[{USER}]", f"[{USER}, {USER}]"):
        outcome(seasoned, f"{before}{messages}{after}".encode(), strictness)

    for between in BETWEEN:
        body = f"{before}{between}{after}".encode()
        assert outcome(seasoned, body, strictness) == outcome(ChatDialect(), body, strictness), between


def test_body_that_is_rejected_proves_nothing():
    dialect, odd = ChatDialect(), '{"model":"gpt-4o","metadata":{"messages":%s},"messages":%s}'

    def is_taken(inner, messages):
        wire = WireRequest("POST", OPENAI, KEY, (odd % (inner, messages)).encode())
        try:
            return bool(dialect.read(wire, dialect.claims(wire), LENIENT, PROVIDERS["openai"]))
        except Rejected:
            return False

    assert is_taken("[0]", f"[{USER}]")
    assert [is_taken(inner, "[0]") for inner in ("[0]", f"[{USER}]", f"[{USER}]")] == [False] * 3
