"""How a recording is used: what a test may say about matching and replaying."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypedDict

from fakellm._cassette.key import Keys, check_ignored, check_normalized, check_parts
from fakellm._cassette.match import Repeat, check_repeat
from fakellm._cassette.miss import OUR_OWN, Advice
from fakellm._cassette.playing import AT_ONCE, Playing, check_playing
from fakellm._wire.events import WireRequest
from fakellm._wire.hosts import AllowedHosts, check_hosts

__all__ = ["AS_RECORDED", "ReplayOptions", "Settings", "make_settings"]


class ReplayOptions(TypedDict, total=False):
    """What a test may say of a replay; ``use_cassette`` tells the meaning, ``make_settings`` has the defaults."""

    match: Iterable[str] | None
    ignore: Iterable[str]
    normalize: Iterable[str | re.Pattern[str]]
    repeat: str | None
    chunking: str | int
    timing: str | float
    allowed_hosts: str | re.Pattern[str] | Iterable[str | re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class Settings:
    """keys: how a request is found. repeat: what answers when that was played. advice: what a miss says to type.

    allowed_hosts: what is left to the network unless it asks a model.
    """

    keys: Keys
    playing: Playing = AT_ONCE
    repeat: Repeat = None
    advice: Advice = OUR_OWN
    allowed_hosts: AllowedHosts = ()


AS_RECORDED = Settings(Keys())


def make_settings(
    *,
    match: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    normalize: Iterable[str | re.Pattern[str]] = (),
    repeat: str | None = None,
    chunking: str | int = "event",
    timing: str | float = "none",
    allowed_hosts: str | re.Pattern[str] | Iterable[str | re.Pattern[str]] = (),
    redact: Callable[[WireRequest], WireRequest] | None = None,
    advice: Advice = AS_RECORDED.advice,
) -> Settings:
    """Return the settings that a test asks for.

    redact: takes the secrets out of what is compared.

    Raises:
        UsageError: one that there is not.
    """
    __tracebackhide__ = True
    keys = Keys(check_parts(match), check_ignored(ignore), check_normalized(normalize), redact)
    playing = check_playing(chunking, timing)
    return Settings(keys, playing, check_repeat(repeat), advice, check_hosts(allowed_hosts))
