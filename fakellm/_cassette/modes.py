"""Record modes: what is replayed, what is recorded, and what becomes of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fakellm._errors import UsageError, did_you_mean

__all__ = ["MODES", "Plan", "make_plan", "resolve_mode", "why_off"]

MODES = ("none", "once", "new_episodes", "all", "rewrite", "auto")


def resolve_mode(mode: str, environ: Mapping[str, str]) -> str:
    """Return the mode that is meant: ``auto`` is ``none`` when CI is set, else ``once``.

    Raises:
        UsageError: there is no such mode.
    """
    if mode not in MODES:
        raise UsageError(
            f"there is no record mode {mode!r}; mode= takes one of {', '.join(MODES)}{did_you_mean(mode, MODES)}"
        )
    if mode != "auto":
        return mode
    return "none" if environ.get("CI", "").lower() not in ("", "0", "false") else "once"


def why_off(asked: str, mode: str) -> str:
    """Say why a session that replays a file records nothing. asked: the mode as given. mode: the one that is meant."""
    if mode == "once":
        return "mode 'once' records only where there is no file"
    return "mode 'auto' records nothing where CI is set" if asked == "auto" else "recording is off"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session does. replays, records: the file, what it does not hold. replaces: the file, or adds to it."""

    replays: bool
    records: bool
    replaces: bool = False


def make_plan(mode: str, *, has_file: bool) -> Plan:
    """Return what a session does in a mode other than ``auto``. has_file: whether there is a recording."""
    match mode:
        case "none":
            return Plan(replays=True, records=False)
        case "once":
            return Plan(replays=has_file, records=not has_file)
        case "new_episodes":
            return Plan(replays=has_file, records=True)
        case "all":
            return Plan(replays=False, records=True)
    return Plan(replays=False, records=True, replaces=True)
