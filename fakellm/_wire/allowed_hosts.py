"""Hosts that a test leaves to the network: names, names with ``*``, or patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from fakellm._errors import UsageError

__all__ = ["AllowedHosts", "check_hosts", "is_allowed"]

AllowedHosts = tuple[re.Pattern[str], ...]
"""Patterns of which one has to fit the whole name of a host."""


def check_hosts(hosts: str | re.Pattern[str] | Iterable[str | re.Pattern[str]]) -> AllowedHosts:
    """Return the hosts that a test leaves alone; in a name, ``*`` stands for anything.

    Raises:
        UsageError: one is no name of a host, or no pattern.
    """
    __tracebackhide__ = True
    if not isinstance(hosts, Iterable) and not isinstance(hosts, re.Pattern):
        raise UsageError(_refusal(hosts))
    return tuple(map(_check, [hosts] if isinstance(hosts, str | re.Pattern) else hosts))


def is_allowed(host: str, allowed: AllowedHosts) -> bool:
    """Whether a host is among those left alone."""
    name = host.lower().rstrip(".")
    return any(pattern.fullmatch(name) for pattern in allowed)


_NAME = re.compile(r"[\w.*-]+|[\da-fA-F:*.]*:[\da-fA-F:*.]*:[\da-fA-F:*.]*")  # or an address of IPv6
_WITH_PORT = re.compile(r"([\w.*-]+):\d+")


def _check(host: object) -> re.Pattern[str]:
    __tracebackhide__ = True
    if isinstance(host, re.Pattern) and isinstance(host.pattern, str):
        return host
    if not isinstance(host, str) or not _NAME.fullmatch(host):
        raise UsageError(_refusal(host))
    return re.compile(re.escape(host.lower().rstrip(".")).replace(r"\*", ".*"))


def _refusal(host: object) -> str:
    text = (
        "allowed_hosts= takes names of hosts such as 'api.smith.langchain.com' or '*.langchain.com', and compiled "
        f"patterns; got {host!r}"
    )
    if not isinstance(host, str) or not host.strip():
        return text
    if with_port := _WITH_PORT.fullmatch(host):
        return f"{text}\n  a host is left alone on all its ports; type: {with_port[1]!r}"
    if "://" in host and (name := urlsplit(host).hostname):
        return f"{text}\n  type: {name!r}"
    return f"{text}\n  for a pattern, type: re.compile({host!r})" if re.search(r"[\\^$()|+?\[\]]", host) else text
