"""All scenarios by family and name: those that ship, and those that users register."""

from __future__ import annotations

from typing import Final

from fakellm._errors import UsageError, did_you_mean
from fakellm.scenarios._conversations import CONVERSATIONS
from fakellm.scenarios._errors import ERRORS
from fakellm.scenarios._figures import FINISH_REASONS, USAGES
from fakellm.scenarios._scenario import FAMILIES, Endpoint, Scenario, checked_endpoint
from fakellm.scenarios._streams import STREAMS

__all__ = ["family", "get", "register", "unknown_name"]

_LIBRARY: Final[dict[str, dict[str, Scenario]]] = {family: {} for family in FAMILIES}
"""Family -> name -> scenario, in order of registration; ``register`` exists to add to it."""


def register(scenario: Scenario) -> Scenario:
    """Add a scenario to its families, for every test that is collected later; return it.

    Raises:
        UsageError: a family has one of this name.
    """
    __tracebackhide__ = True
    if not isinstance(scenario, Scenario):
        raise UsageError(f"register() takes a Scenario, got {scenario!r}\n  type: register(Scenario('name', 'Hello!'))")
    for name in scenario.families:
        if scenario.name in _LIBRARY[name]:
            raise UsageError(f"the family {name!r} has a scenario {scenario.name!r} already; give it another name")
    for name in scenario.families:
        _LIBRARY[name][scenario.name] = scenario.of(name)
    return scenario


def family(name: str, *, endpoint: Endpoint = "chat") -> list[Scenario]:
    """Return the scenarios of a family, in order of registration. endpoint: the API that is asked.

    Raises:
        UsageError: there is no such family, or no scenario is asked at this API.
    """
    __tracebackhide__ = True
    checked_endpoint(endpoint)
    if name not in _LIBRARY:
        raise UsageError(f"there is no family {name!r}; the families are {', '.join(FAMILIES)}")
    return [scenario.at(endpoint) for scenario in _LIBRARY[name].values() if scenario.is_for(endpoint)]


def get(name: str, *, family: str | None = None) -> Scenario:
    """Return a scenario by its name. family: where to look; None takes the first that has it.

    Raises:
        UsageError: there is none; the text names the nearest one, and all.
    """
    __tracebackhide__ = True
    if family is not None and family not in _LIBRARY:
        raise UsageError(f"there is no family {family!r}; the families are {', '.join(FAMILIES)}")
    places = [_LIBRARY[family]] if family is not None else list(_LIBRARY.values())
    found = next((place[name] for place in places if name in place), None)
    if found is None:
        raise UsageError(unknown_name(name, list(dict.fromkeys(known for place in places for known in place))))
    return found


def unknown_name(name: object, known: list[str]) -> str:
    """Say that there is no scenario of this name, which is the nearest, and which there are."""
    return f"there is no scenario {name!r}{did_you_mean(name, known)}\n  there are: {', '.join(known)}"


for _scenario in (*CONVERSATIONS, *STREAMS, *USAGES, *FINISH_REASONS, *ERRORS):
    register(_scenario)
