"""What to tell somebody whose request nothing answered: what happened, what came closest, what to type."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from fakellm._errors import shown
from fakellm._script.fields import NO_HEADERS, Headers
from fakellm._script.journal import Call, Outcome
from fakellm._script.match import Mismatch
from fakellm._script.reply import ErrorReply, Reply, other_ways
from fakellm._script.rule import Rule, is_own
from fakellm._script.scripted import Scripted
from fakellm._script.transform import name_of
from fakellm._wire.asked import ChatRequest
from fakellm._wire.errors import ErrorBody
from fakellm._wire.events import WireRequest

__all__ = [
    "NOBODY_ASKED",
    "broken",
    "left_over",
    "near_misses",
    "not_entered",
    "not_spoken",
    "rejected",
    "unmatched",
    "unused",
]

_NEAR_MISSES_SHOWN = 3

NOBODY_ASKED = (
    "no model was asked at all: was something not awaited, skipped, or cached (dspy: cache=False)?\n"
    "  processes that were spawned or started as programs are not reached from here"
)
"""Said once below unused replies where the journal is empty."""


def unmatched(
    request: ChatRequest, rules: Sequence[Rule], *, number: int, retry_of: Call | None, headers: Headers = NO_HEADERS
) -> str:
    """Explain a request that no rule answers. retry_of: the call that the SDK repeats with it, if it does."""
    lines = [f"no rule answers call {number}: {_described(request)}"]
    lines += _retry_note(retry_of)
    lines += [f"  {line}" for line in _nearest(request, rules, headers)]
    lines += ["  to answer it, type:", f"    {_to_type(request, rules)}"]
    return "\n".join(lines)


def rejected(wire: WireRequest, error: ErrorBody, *, name: str, status: int, is_strict: bool = True) -> str:
    """Explain a request that the real API would refuse.

    name: how messages name it. is_strict: whether being strict is why it is refused here.
    """
    details = ", ".join(f"{name}={value!r}" for name, value in (("param", error.param), ("code", error.code)) if value)
    return (
        f"the real API rejects {name} with {status}: {wire.method} {wire.path}\n"
        f"  {error.message}{f' ({details})' if details else ''}\n"
        f"{_key_to_send(wire, status)}"
        f"  {_allowed('allow_rejected')}{_ACCEPT if is_strict else ''}"
    )


_ACCEPT = "\n  to accept whatever is well-formed: @pytest.mark.fake_llm(strict=False) or FakeLLM(strict=False)"


def _key_to_send(wire: WireRequest, status: int) -> str:
    """Return the line to type where a request came without any key."""
    is_missing = status == 401 and not any(wire.headers.get(name) for name in ("authorization", "api-key", "x-api-key"))
    return '  to send a key, type: headers={"authorization": "Bearer sk-fakellm"}\n' if is_missing else ""


def broken(err: Exception, *, name: str) -> str:
    """Explain a call whose rule could not answer, since the test's own code raised. name: how messages name it."""
    return f"a callable of the script raised on {name}: {type(err).__name__}: {err}{_raised_at(err)}"


def contradiction(err: Exception, rule: Rule | None, *, number: int) -> str:
    """Explain a call whose reply contradicts it, or has a fault that cannot act: the mistake is the script's."""
    problem, *rest = str(err).split("\n")
    scripted = [] if rule is None else [f"  scripted by {rule}"]
    return "\n".join([f"call {number}: {problem}", *scripted, *rest])


def not_spoken(wire: WireRequest, *, number: int, spoken: Sequence[str], is_told_by_body: bool) -> str:
    """Explain a model call of an API that the fake does not speak.

    spoken: where it speaks. is_told_by_body: whether nothing but its body makes it a model call.
    """
    return (
        f"call {number} is a model call that fakellm cannot answer: {wire.method} {wire.shown_url}\n"
        "  it was stopped here and did not reach the network; "
        f"scripts answer {', '.join(spoken)}, recordings anything:\n"
        "  record it once (@pytest.mark.llm_cassette, pytest --llm-record=once); it plays beside fake_llm as well\n"
        f"{_ASK_IN_THE_PROCESS if is_told_by_body else ''}"
        f"  {_allowed('allow_unmatched')}"
    )


_ASK_IN_THE_PROCESS = (
    "  it counts as one since its body names a model; if this is a service of your own, ask it in the process:\n"
    "  type: httpx.Client(transport=httpx.WSGITransport(app=...)), "
    "AsyncClient(transport=httpx.ASGITransport(app=...))\n"
)


def near_misses(
    request: ChatRequest, rules: Iterable[Rule], headers: Headers = NO_HEADERS
) -> list[tuple[Rule, list[Mismatch]]]:
    """Return the rules that came closest: with the fewest mismatches, of these the one that nearly held, first."""
    found = [(rule, rule.mismatches(request, headers)) for rule in rules]
    return sorted(found, key=_distance)[:_NEAR_MISSES_SHOWN]


def _distance(near: tuple[Rule, list[Mismatch]]) -> tuple[int, float, int]:
    rule, mismatches = near
    return len(mismatches), -sum(mismatch.nearness for mismatch in mismatches), rule.number


def unused(rule: Rule, journal: Sequence[Call]) -> str:
    """Explain a rule whose replies nothing asked for. journal: the calls that other rules may have answered."""
    if not rule.has_replies:
        return f"{rule} was given no reply\n  add .reply(...), or delete it"
    lines = [f"{_count(rule.unused, 'scripted reply')} never asked for: {rule}, {rule.given} given"]
    lines += [f"  the next one was to be {_named(rule.upcoming)}"]
    taken = next(
        (call for call in journal if call.request and call.rule not in (None, rule) and _fits(rule, call)), None
    )
    if taken is not None:
        lines.append(f"  call {taken.number} would have asked for it, but {taken.rule} came first")
        lines.append(f"  to let it answer, put it before that rule{_instead(taken.rule)}")
    elif (alone := next((call for call in journal if _fits_but_for_its_endpoint(rule, call)), None)) is not None:
        named = f"when(endpoint={alone.endpoint!r}, ...)"
        lines.append(f"  call {alone.number} was answered by itself; to answer it, type: {named}")
    lines.append(f"  delete it, or {_allowed('allow_unused')}")
    return "\n".join(lines)


def left_over(rules: Sequence[Rule], refused: Sequence[Call], journal: Sequence[Call]) -> list[str]:
    """Explain each rule that nothing asked for, but for those that are so since a call was refused."""
    if not (left := [rule for rule in rules if rule.unused or not rule.has_replies]):
        return []
    told = _near(refused, rules)
    return [unused(rule, journal) for rule in left if not rule.has_replies or rule not in told]


def _near(refused: Iterable[Call], rules: Sequence[Rule]) -> list[Rule]:
    """Return what refused calls nearly asked for: the near misses that they tell of, or what would have answered."""
    found = []
    for call in refused:
        if call.request is not None and call.cause is None:
            near = near_misses(call.request, rules, call.wire.headers)
            found += [rule for rule, mismatches in near if not (call.rejected and mismatches)]
    return found


def not_entered(rules: Sequence[Rule], *, where: str) -> str:
    """Explain a fake that was scripted and given to nobody. where: ``file:line`` that made it."""
    return (
        f"the FakeLLM made at {where} has {_count(len(rules), 'rule')} and was never entered: nobody could ask it\n"
        f"  first: {rules[0]}\n"
        "  to let it answer, type: with llm: …, or take the fixture fake_llm instead\n"
        "  if the test means it: FakeLLM(allow_unused=True)"
    )


def _instead(first: Rule | None) -> str:
    """Return the other way to have a rule answer: one that answers every request is what otherwise() is for."""
    return ", or make that one otherwise(...)" if first is not None and not first.matcher.conditions else ""


def _fits(rule: Rule, call: Call) -> bool:
    return call.request is not None and not rule.mismatches(call.request, call.wire.headers)


def _fits_but_for_its_endpoint(rule: Rule, call: Call) -> bool:
    if call.outcome is not Outcome.ITSELF or call.request is None or rule.is_for(call.request):
        return False
    return not rule.matcher.mismatches(call.request, call.wire.headers)


def _named(scripted: Scripted) -> str:
    """Return a reply as a test author would recognise it."""
    match scripted:
        case Reply(text=str(text)):
            return shown(text, 60)
        case Reply(tool_calls=calls) if calls:
            return "a call of " + ", ".join(call.name for call in calls)
        case Reply():
            return next((f"{what} {shown(str(said), 60)}" for what, said in other_ways(scripted)), "an empty reply")
        case ErrorReply(status=status):
            return f"the error {status}"
        case _:
            return "a reply of a callable's"


def _described(request: ChatRequest) -> str:
    return f"POST {request.voice.spoken_at} model={request.model!r} {_asked(request)}"


def _asked(request: ChatRequest) -> str:
    if request.tool_results:
        return f"tool_result={shown(request.tool_results[-1])}"
    if request.last_user is None and request.system_texts:
        return f"system={shown(request.system_texts[0])}"
    return f"user={shown(request.last_user or '')}"


def _retry_note(retry_of: Call | None) -> list[str]:
    if retry_of is None:
        return []
    match retry_of.reply:
        case ErrorReply(status):
            got, recover, give_up = f"scripted {status}", f"ErrorReply({status}), 'ok'", f"ErrorReply({status})"
        case Reply(fault=fault) if fault is not None:
            name = name_of(fault)
            got, recover, give_up = f"fault {name}", "'ok'", f"'...', fault=faults.{name}"
        case _:
            return []
    return [
        f"  it is the SDK's retry of call {retry_of.number}, which got the {got}: every HTTP request",
        f"  uses up a reply. To recover, add one: reply({recover});",
        f"  to let the SDK give up: reply({give_up}, times=None)",
    ]


def _nearest(request: ChatRequest, rules: Sequence[Rule], headers: Headers) -> list[str]:
    if not rules:
        return ["nothing is scripted"]
    nearest = [line for rule, found in near_misses(request, rules, headers) for line in _near_miss(rule, found)]
    return ["nearest:", *(f"  {line}" for line in nearest)]


def _near_miss(rule: Rule, mismatches: list[Mismatch]) -> list[str]:
    if mismatches:
        return [str(rule), *(line for mismatch in mismatches for line in _mismatch(mismatch))]
    if not rule.has_replies:
        return [f"{rule} has no reply; add .reply(...)"]
    return [
        f"{rule} would have answered, but it is used up ({_count(rule.given, 'reply')} given)",
        "  add another reply, or times=None to give it for ever",
    ]


def _mismatch(mismatch: Mismatch) -> list[str]:
    return [f"  {mismatch}", *([f"    {mismatch.hint}"] if mismatch.hint else [])]


def _to_type(request: ChatRequest, rules: Iterable[Rule]) -> str:
    named = _agent(request, rules) | _subject(request)
    conditions = ", ".join(f"{name}={_excerpt(text)}" for name, text in named.items())
    return f"fake_llm.{f'when({conditions}).' if conditions else ''}reply('...')"


def _agent(request: ChatRequest, rules: Iterable[Rule]) -> dict[str, str]:
    """Return the condition on who asks, where the script tells agents apart by their system messages."""
    is_told = any(condition.field == "system" for rule in rules for condition in rule.matcher.conditions)
    return {"system": request.system_texts[0]} if is_told and request.system_texts else {}


def _subject(request: ChatRequest) -> dict[str, str]:
    if request.tool_results:
        return {"tool_result": request.tool_results[-1]}
    if request.question is not None:
        return {"user": request.question}
    if request.last_user is None and request.system_texts:
        return {"system": request.system_texts[0]}
    return {}


def _raised_at(err: Exception) -> str:
    """Return where the test's own code was when it raised; nothing where it had returned already."""
    for frame, line in traceback.walk_tb(err.__traceback__):
        if not is_own(frame):
            return f"\n  at {PurePath(frame.f_code.co_filename).name}:{line} in {frame.f_code.co_name}"
    return ""


def _excerpt(text: str) -> str:
    """Return a literal that the text contains, short enough to type."""
    return repr(text if len(text) <= 60 else text[:60])


def _allowed(option: str) -> str:
    return f"if the test means it: @pytest.mark.fake_llm({option}=True) or FakeLLM({option}=True)"


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
