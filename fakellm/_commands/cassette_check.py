"""``fakellm cassette check``: whether every recording replays as it was recorded, without a secret and not too old."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fakellm._cassette.file import find_cassettes
from fakellm._cassette.interaction import Interaction
from fakellm._cassette.lint import recorded_on, secrets_in
from fakellm._cassette.redact import Redactor
from fakellm._cassette.secrets import environment_secrets
from fakellm._commands.console import print_problems, shown_progress
from fakellm._errors import CassetteError
from fakellm._io.flavour import installed_modules
from fakellm._script.journal import Outcome
from fakellm._use_cassette import Cassette
from fakellm._wire.events import WireRequest

__all__ = ["run_check"]


@dataclass(frozen=True, slots=True)
class _Got:
    """A response that a client received. body: as it came over the wire, not decoded. cut: the connection was lost."""

    status: int
    body: bytes
    cut: bool = False


_Send = Callable[[Cassette, WireRequest], _Got]


@dataclass(slots=True)
class _Verdict:
    """The findings in one file. equal: way -> how many interactions replayed as recorded."""

    path: str
    recorded: int = 0
    equal: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def run_check(places: Sequence[str], *, max_age: int | None = None) -> int:
    """Check files and those in folders, and print a table; return 0 where all is well, 1 otherwise.

    max_age: in days; older recordings are a problem.
    """
    console = Console(emoji=False)
    ways = _ways()
    files, problems = find_cassettes(places)
    verdicts = [_check_file(path, ways, max_age) for path in shown_progress(files, "replaying", console)]
    if verdicts:
        console.print(_table(verdicts, list(ways)))
    print_problems(problems, console)
    for verdict in verdicts:
        print_problems(verdict.problems, console)
    broken = sum(bool(verdict.problems) for verdict in verdicts)
    recorded = sum(verdict.recorded for verdict in verdicts)
    console.print(f"files: {len(verdicts)}, interactions: {recorded}, files with problems: {broken}")
    if len(installed_modules()) == 1:
        console.print("httpx2 is not installed, so only the clients of httpx were tried")
    return 1 if broken or problems else 0


def _check_file(path: str, ways: dict[str, _Send], max_age: int | None) -> _Verdict:
    verdict = _Verdict(path)
    try:
        interactions = Cassette(path).interactions
    except CassetteError as err:
        verdict.problems.append(str(err))
        return verdict
    verdict.recorded = len(interactions)
    verdict.problems += [f"{path}: {problem}" for problem in _lint(interactions, max_age)]
    for way, send in ways.items():
        cassette = Cassette(path)
        found = [
            f"{path}: {_named(way)}: {problem}"
            for i in cassette.interactions
            if (problem := _replay(i, cassette, send))
        ]
        verdict.equal[way] = verdict.recorded - len(found)
        verdict.problems += found
        if not _refuses(cassette, send):
            verdict.problems.append(f"{path}: {_named(way)}: a request that is not in the file was answered")
    return verdict


def _lint(interactions: Sequence[Interaction], max_age: int | None) -> Iterator[str]:
    """Yield findings that no replay shows: secrets, and recordings that are too old."""
    redactor = Redactor(environment_secrets(os.environ))
    for interaction in interactions:
        for place in secrets_in(interaction, redactor):
            yield f"interaction {interaction.number}: the {place} holds what looks like a secret"
    days = [day for interaction in interactions if (day := recorded_on(interaction)) is not None]
    if max_age is not None and days and (age := (datetime.now(UTC).date() - min(days)).days) > max_age:
        yield f"recorded {age} days ago, on {min(days)}; --max-age is {max_age}"


def _replay(interaction: Interaction, cassette: Cassette, send: _Send) -> str | None:
    """Replay one interaction; return the difference from the recording, or None."""
    try:
        got = send(cassette, interaction.request)
    except Exception as err:  # noqa: BLE001  # a recorded request that no client can send is a finding
        return f"interaction {interaction.number}: {type(err).__name__}: {err}"
    return _compare(interaction, got)


def _compare(interaction: Interaction, got: _Got) -> str | None:
    """Return how a replayed response differs from the recorded one, or None."""
    recorded = interaction.response
    where = f"interaction {interaction.number}"
    if got.status != recorded.status:
        return f"{where}: recorded status {recorded.status}, replayed {got.status}"
    if got.cut != interaction.trace.cut:
        return f"{where}: the connection was {'lost, and recorded whole' if got.cut else 'not lost as recorded'}"
    if got.body != recorded.body:
        same = next(
            (n for n, pair in enumerate(zip(recorded.body, got.body, strict=False)) if pair[0] != pair[1]), None
        )
        return (
            f"{where}: the body differs from byte {min(len(recorded.body), len(got.body)) if same is None else same} on"
        )
    return None


def _refuses(cassette: Cassette, send: _Send) -> bool:
    stranger = WireRequest(
        "POST", "https://api.openai.com/v1/chat/completions?not=recorded", {}, b'{"not": "recorded"}'
    )
    return send(cassette, stranger).status == 400 and cassette.calls[-1].outcome is Outcome.UNMATCHED


def _table(verdicts: Sequence[_Verdict], ways: Sequence[str]) -> Table:
    table = Table(title="replayed as recorded", title_justify="left")
    table.add_column("cassette", overflow="fold")
    for column in ("recorded", *ways):
        table.add_column(column, justify="right")
    for verdict in verdicts:
        counts = [_count(verdict, way) for way in ways]
        table.add_row(Text(Path(verdict.path).name), str(verdict.recorded), *counts)
    return table


def _named(way: str) -> str:
    return way.replace("\n", " ")


def _count(verdict: _Verdict, way: str) -> str:
    equal = verdict.equal.get(way)
    if equal is None:
        return "[red]-[/]"
    return f"[{'green' if equal == verdict.recorded else 'red'}]{equal}[/]"


def _ways() -> dict[str, _Send]:
    """Return name -> how to send, for each kind of client that is installed."""
    ways: dict[str, _Send] = {}
    for module in installed_modules():
        ways[f"{module.__name__}\nsync"] = _sender(module, _send_sync)
        ways[f"{module.__name__}\nasync"] = _sender(module, _send_async)
    return ways


def _sender(module: ModuleType, send: Callable[[Any, Cassette, WireRequest], _Got]) -> _Send:
    return lambda cassette, request: send(module, cassette, request)


def _send_sync(module: Any, cassette: Cassette, request: WireRequest) -> _Got:
    with (
        module.Client(transport=cassette.transport(module)) as client,
        client.stream(request.method, request.url, content=request.body, headers=_headers(request)) as response,
    ):
        parts: list[bytes] = []
        try:
            parts.extend(response.iter_raw())
        except module.RemoteProtocolError:
            return _Got(response.status_code, b"".join(parts), cut=True)
        return _Got(response.status_code, b"".join(parts))


def _send_async(module: Any, cassette: Cassette, request: WireRequest) -> _Got:
    async def send() -> _Got:
        async with (
            module.AsyncClient(transport=cassette.transport(module)) as client,
            client.stream(request.method, request.url, content=request.body, headers=_headers(request)) as response,
        ):
            parts: list[bytes] = []
            try:
                async for part in response.aiter_raw():
                    parts.append(part)  # what came before a loss counts
            except module.RemoteProtocolError:
                return _Got(response.status_code, b"".join(parts), cut=True)
            return _Got(response.status_code, b"".join(parts))

    return asyncio.run(send())


def _headers(request: WireRequest) -> dict[str, str]:
    kept = request.headers.get("content-type")
    return {"content-type": kept} if kept else {}
