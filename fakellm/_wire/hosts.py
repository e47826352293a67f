"""Hosts by their names: those that a test leaves to the network, and those that are this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from fakellm._errors import UsageError

__all__ = ["AllowedHosts", "check_hosts", "is_allowed", "is_loopback"]

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


_NAME = r"[\w.*-]+|[\da-fA-F:*.]*:[\da-fA-F:*.]*:[\da-fA-F:*.]*"  # or an address of IPv6
_WITH_PORT = r"([\w.*-]+):\d+"


def _check(host: object) -> re.Pattern[str]:
    __tracebackhide__ = True
    if isinstance(host, re.Pattern) and isinstance(host.pattern, str):
        return host
    if not isinstance(host, str) or not re.fullmatch(_NAME, host):
        raise UsageError(_refusal(host))
    return re.compile(re.escape(host.lower().rstrip(".")).replace(r"\*", ".*"))


def _refusal(host: object) -> str:
    text = (
        "allowed_hosts= takes names of hosts such as 'api.smith.langchain.com' or '*.langchain.com', and compiled "
        f"patterns; got {host!r}"
    )
    if not isinstance(host, str) or not host.strip():
        return text
    if with_port := re.fullmatch(_WITH_PORT, host):
        return f"{text}\n  a host is left alone on all its ports; type: {with_port[1]!r}"
    if "://" in host and (name := urlsplit(host).hostname):
        return f"{text}\n  type: {name!r}"
    return f"{text}\n  for a pattern, type: re.compile({host!r})" if re.search(r"[\\^$()|+?\[\]]", host) else text


_LOOPBACK_NAMES = r"^(localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$|\.localhost$"
_NUMBER = r"(0x[0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*)"


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host (lower case, without port) is this machine, in any of the spellings that resolvers take.

    The unspecified addresses count, since a connection to them ends here.
    """
    host = host.rstrip(".").strip("[]").partition("%")[0]
    if re.search(_LOOPBACK_NAMES, host):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return _is_short_loopback(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _is_short_loopback(host: str) -> bool:
    """Whether this is an address of 127.0.0.0/8, or 0, with parts left out or in octal or hexadecimal.

    Source: https://pubs.opengroup.org/onlinepubs/9799919799/functions/inet_addr.html
    """
    found = [re.fullmatch(_NUMBER, part) for part in host.split(".")]
    if len(found) > 4 or None in found:
        return False
    numbers = [_number(number) for number in found if number]
    first = numbers[0] if len(numbers) > 1 else numbers[0] >> 24
    return first == 127 or not any(numbers)


def _number(found: re.Match[str]) -> int:
    hexadecimal, octal, _ = found.groups()
    return int(found[0], 16 if hexadecimal else 8 if octal else 10)
