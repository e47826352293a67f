"""Hosts that a test leaves to the network."""

import re

import pytest

from fakellm._errors import UsageError
from fakellm._wire.hosts import check_hosts, is_allowed, is_loopback


@pytest.mark.parametrize(
    ("hosts", "host", "expected"),
    [
        ("api.smith.langchain.com", "api.smith.langchain.com", True),
        ("api.smith.langchain.com", "API.Smith.LangChain.com.", True),
        ("Api.Smith.LangChain.com", "api.smith.langchain.com", True),
        (["a.test", "b.test"], "b.test", True),
        (["*.langchain.com"], "api.smith.langchain.com", True),
        (["*.langchain.com"], "langchain.com", False),
        (["*.langchain.com"], "api.langchain.com.evil.test", False),
        (["httpbin.*"], "httpbin.org", True),
        (["apiXtest"], "api.test", False),
        (["api.test"], "apixtest", False),
        (["127.0.0.1"], "127.0.0.1", True),
        (["::1"], "::1", True),
        (["my_service"], "my_service", True),
        (re.compile(r"shard-\d+\.test"), "shard-12.test", True),
        ([re.compile(r"shard-\d+\.test")], "shard-12.test.more", False),
        ((), "a.test", False),
    ],
)
def test_host_is_allowed_by_name_or_pattern(hosts, host, expected):
    assert is_allowed(host, check_hosts(hosts)) is expected


TAKES = (
    "allowed_hosts= takes names of hosts such as 'api.smith.langchain.com' or '*.langchain.com', "
    "and compiled patterns; "
)


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        (7, f"{TAKES}got 7"),
        ([None], f"{TAKES}got None"),
        ("", f"{TAKES}got ''"),
        ("a test", f"{TAKES}got 'a test'"),
        (re.compile(b"a"), f"{TAKES}got re.compile(b'a')"),
        (
            "localhost:6333",
            f"{TAKES}got 'localhost:6333'\n  a host is left alone on all its ports; type: 'localhost'",
        ),
        (["https://a.test/x?y=1"], f"{TAKES}got 'https://a.test/x?y=1'\n  type: 'a.test'"),
        (
            "127\\.0",
            f"{TAKES}got '127\\\\.0'\n  for a pattern, type: re.compile('127\\\\.0')",
        ),
    ],
)
def test_what_is_no_host_is_refused(hosts, message):
    with pytest.raises(UsageError) as caught:
        check_hosts(hosts)

    assert str(caught.value) == message


LOOPBACK = """
localhost 127.0.0.1 127.255.0.3 ::1 api.localhost localhost. localhost.localdomain ip6-localhost 127.0.0.1. [::1]
0:0:0:0:0:0:0:1 ::1%lo ::ffff:127.0.0.1 ::ffff:7f00:1 127.1 127.0.1 0177.0.0.1 0x7f.1 0x7f000001 2130706433
0.0.0.0 0 :: 00.0
"""


@pytest.mark.parametrize("host", LOOPBACK.split())
def test_loopback_host_is_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "128.0.0.1",
        "127.0.0.1.test",
        "x127.0.0.1",
        "localhost.test",
        "notlocalhost",
        "::2",
        "::ffff:128.0.0.1",
        "128.1",
        "2147483648",
        "0x80.1",
        "127",
        "1.2.3.4.5",
        "08.1",
        "127.x",
    ],
)
def test_other_host_is_another_machine(host):
    assert not is_loopback(host)
