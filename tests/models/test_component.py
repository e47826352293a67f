import json
import sys
import types
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from fakellm.models import (
    Component,
    ComponentBase,
    ComponentModel,
    is_component_class,
    is_component_instance,
)


class LimitConfig(BaseModel):
    seconds: int
    note: str | None = None


class Limit(ComponentBase[LimitConfig], Component[LimitConfig]):
    """Ends a conversation.

    After some seconds.
    """

    component_type = "termination"
    component_config_schema = LimitConfig

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def _to_config(self) -> LimitConfig:
        return LimitConfig(seconds=self.seconds)

    @classmethod
    def _from_config(cls, config: LimitConfig) -> "Limit":
        return cls(config.seconds)


class OtherLimit(Limit):
    """Another one."""

    component_version = 2


class Migrating(OtherLimit):
    component_label = "Limit"
    component_description = "Ends it"

    @classmethod
    def _from_config_past_version(cls, config: dict[str, Any], version: int) -> "Migrating":
        return cls(config["minutes"] * 60)


class NoConfig(ComponentBase[LimitConfig], Component[LimitConfig]):
    component_type = "termination"
    component_config_schema = LimitConfig


def written(kind: type, **config: Any) -> dict[str, Any]:
    return {"provider": f"{__name__}.{kind.__name__}", "config": config}


def test_dump_says_how_to_build_it_again() -> None:
    assert Limit(5).dump_component().model_dump() == {
        "provider": f"{__name__}.Limit",
        "component_type": "termination",
        "version": 1,
        "component_version": 1,
        "description": "Ends a conversation.",
        "label": "Limit",
        "config": {"seconds": 5},
    }


def test_label_and_description_can_be_set() -> None:
    dumped = Migrating(5).dump_component()

    assert (dumped.label, dumped.description, dumped.component_version) == ("Limit", "Ends it", 2)


def test_description_is_none_without_a_docstring() -> None:
    class Bare(Limit):
        component_provider_override = "somewhere.Bare"

    assert Bare(1).dump_component().description is None


def test_load_builds_what_dump_wrote() -> None:
    loaded = Limit.load_component(Limit(5).dump_component())

    assert type(loaded) is Limit
    assert loaded.seconds == 5


def test_load_takes_decoded_json() -> None:
    loaded = Limit.load_component(json.loads(Limit(5).dump_component().model_dump_json()))

    assert loaded.seconds == 5


def test_load_leaves_the_given_model_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    client = types.ModuleType("fakellm.client")
    monkeypatch.setattr(client, "OpenAIChatCompletionClient", Limit, raising=False)
    monkeypatch.setitem(sys.modules, "fakellm.client", client)
    model = ComponentModel(provider="OpenAIChatCompletionClient", config={"seconds": 1})

    Limit.load_component(model)

    assert model.provider == "OpenAIChatCompletionClient"


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("OpenAIChatCompletionClient", "OpenAIChatCompletionClient"),
        ("openai_chat_completion_client", "OpenAIChatCompletionClient"),
        ("AzureOpenAIChatCompletionClient", "AzureOpenAIChatCompletionClient"),
        ("azure_openai_chat_completion_client", "AzureOpenAIChatCompletionClient"),
        ("autogen_ext.models.openai.OpenAIChatCompletionClient", "OpenAIChatCompletionClient"),
    ],
)
def test_short_names_and_autogens_names_lead_to_our_client(
    monkeypatch: pytest.MonkeyPatch, provider: str, name: str
) -> None:
    client = types.ModuleType("fakellm.client")
    setattr(client, name, Limit)
    monkeypatch.setitem(sys.modules, "fakellm.client", client)

    assert Limit.load_component({"provider": provider, "config": {"seconds": 7}}).seconds == 7


def test_unknown_short_name_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"unknown provider 'Nobody'.*'openai_chat_completion_client'"):
        Limit.load_component({"provider": "Nobody", "config": {}})


def test_provider_that_leads_nowhere_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        Limit.load_component({"provider": "no.such.Class", "config": {}})
    with pytest.raises(AttributeError):
        Limit.load_component({"provider": f"{__name__}.NoSuchClass", "config": {}})


@pytest.mark.parametrize("provider", ["json.dumps", "json.JSONDecoder"])
def test_provider_that_is_no_component_is_a_type_error(provider: str) -> None:
    with pytest.raises(TypeError, match="is not a component class"):
        Limit.load_component({"provider": provider, "config": {}})


def test_component_of_another_type_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="Limit' builds Limit, but expected is OtherLimit"):
        OtherLimit.load_component(written(Limit, seconds=1))


def test_expected_type_replaces_the_class_called_on() -> None:
    assert OtherLimit.load_component(written(Limit, seconds=1), expected=Limit).seconds == 1
    with pytest.raises(TypeError, match="expected is int"):
        OtherLimit.load_component(written(Limit, seconds=1), expected=int)


def test_config_that_does_not_fit_is_a_validation_error() -> None:
    with pytest.raises(ValidationError, match="seconds"):
        Limit.load_component(written(Limit, seconds="soon"))


def test_config_of_an_older_version_is_migrated() -> None:
    loaded = Limit.load_component({**written(Migrating, minutes=2), "component_version": 1})

    assert loaded.seconds == 120


def test_config_of_an_older_version_needs_a_migration() -> None:
    with pytest.raises(NotImplementedError, match="OtherLimit is at configuration version 2 and cannot read version 1"):
        Limit.load_component({**written(OtherLimit, seconds=2), "component_version": 1})


def test_component_without_configuration_says_so() -> None:
    with pytest.raises(NotImplementedError, match="NoConfig cannot be written down"):
        NoConfig().dump_component()
    with pytest.raises(NotImplementedError, match="NoConfig cannot be built from a configuration"):
        NoConfig.load_component(written(NoConfig, seconds=1))


def test_local_class_cannot_be_dumped() -> None:
    class Local(Limit):
        pass

    with pytest.raises(TypeError, match="is defined inside a function"):
        Local(1).dump_component()


def test_private_path_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limit, "__module__", "package._private")

    with pytest.warns(UserWarning, match="is a private path that may move"):
        dumped = Limit(1).dump_component()

    assert dumped.provider == "package._private.Limit"


def test_forgotten_class_variables_are_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(UserWarning, match="set 'component_type' in its body"):

        class Untyped(ComponentBase[LimitConfig], Component[LimitConfig]):
            component_config_schema = LimitConfig

            def _to_config(self) -> LimitConfig:
                return LimitConfig(seconds=1)

    Untyped.__qualname__ = "Untyped"
    Untyped.component_provider_override = f"{__name__}._untyped"
    monkeypatch.setattr(sys.modules[__name__], "_untyped", Untyped, raising=False)
    with pytest.raises(AttributeError, match="Untyped has no component_type"):
        Untyped().dump_component()
    with pytest.raises(AttributeError, match="has no component_type"):
        Limit.load_component({"provider": f"{__name__}._untyped", "config": {}})


def test_forgotten_interface_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="inherit from ComponentBase too"):

        class Half(Component[LimitConfig]):
            component_type = "termination"
            component_config_schema = LimitConfig

    assert not is_component_class(Half)
    assert not is_component_instance(Half.__new__(Half))


def test_components_are_recognised() -> None:
    assert is_component_instance(Limit(1))
    assert is_component_class(Limit)
    assert not is_component_class(int)
