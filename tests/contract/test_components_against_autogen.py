"""Component dump and load of `fakellm.models` against AutoGen's."""

import types
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

import fakellm.models as ours

autogen_core = pytest.importorskip("autogen_core")
RealClient = pytest.importorskip("autogen_core.models").ChatCompletionClient


def outcome(action: Callable[[], Any]) -> Any:
    """Give what an action returns, or what it raises."""
    try:
        return action()
    except Exception as err:
        return type(err)


class Config(BaseModel):
    value: str
    nothing: int | None = None


def component(module: Any, **attributes: Any) -> Any:
    class Valued(module.ComponentBase[Config], module.Component[Config]):  # type: ignore[misc, name-defined]
        """Holds a value.

        More about it.
        """

        component_type = "custom"
        component_config_schema = Config
        component_provider_override = "somewhere.Valued"

        def _to_config(self) -> Config:
            return Config(value="v")

    for name, value in attributes.items():
        setattr(Valued, name, value)
    return Valued()


ATTRIBUTES: list[dict[str, Any]] = [
    {},
    {"__doc__": None},
    {"__doc__": "One.\n\nArgs:\n  x"},
    {"component_description": "", "component_label": "Label"},
    {"component_version": 3},
    {"component_provider_override": None},
]


@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)
def test_components_dump_alike(attributes: dict[str, Any]) -> None:
    def dumped(module: Any) -> Any:
        return component(module, **attributes).dump_component().model_dump()

    assert outcome(lambda: dumped(ours)) == outcome(lambda: dumped(autogen_core))


PROVIDERS = [
    "NoSuchProvider",
    "no.such.module.Class",
    "json.NoSuchClass",
    "json.JSONDecoder",
    "json.dumps",
]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_wrong_providers_fail_alike(provider: str) -> None:
    written = {"provider": provider, "config": {}}

    assert outcome(lambda: ours.ChatCompletionClient.load_component(written)) is outcome(
        lambda: RealClient.load_component(written)
    )


def test_a_component_of_another_type_fails_alike() -> None:
    tool = {"provider": "autogen_core.tools.FunctionTool", "config": {}}

    assert outcome(lambda: ours.ChatCompletionClient.load_component(tool)) is outcome(
        lambda: RealClient.load_component(tool)
    )


@pytest.mark.parametrize("missing", ["component_type", "component_config_schema", "ComponentBase"])
def test_incomplete_components_are_warned_about_in_both(missing: str) -> None:
    def warned(module: Any) -> list[Any]:
        bases = (module.Component[Config],) if missing == "ComponentBase" else (
            module.ComponentBase[Config],
            module.Component[Config],
        )  # fmt: skip
        body = {"component_type": "custom", "component_config_schema": Config}
        body.pop(missing, None)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            types.new_class("Incomplete", bases, exec_body=lambda namespace: namespace.update(body))
        return [warning.category for warning in caught]

    assert warned(ours) == warned(autogen_core) != []
