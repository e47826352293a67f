"""Objects as configuration: `dump_component` writes one down, `load_component` builds it again.

An interface inherits from `ComponentBase`, an implementation additionally from `Component`:

    ComponentToConfig     dump_component    }  ComponentBase
    ComponentLoader       load_component    }
    ComponentFromConfig   _from_config      )  Component
    ComponentSchemaType   its config model  )
"""

import importlib
import warnings
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Literal, Self, TypeGuard, TypeVar, overload

from pydantic import BaseModel

from fakellm.models._lazy import LazyModel

ComponentType = Literal["model", "agent", "tool", "termination", "token_provider", "workbench"] | str
"""The purpose of a component; others than the known ones are allowed."""

ConfigT = TypeVar("ConfigT", bound=BaseModel)
FromConfigT = TypeVar("FromConfigT", bound=BaseModel, contravariant=True)
ToConfigT = TypeVar("ToConfigT", bound=BaseModel, covariant=True)
WantedT = TypeVar("WantedT")

_CHAT_CLIENT = "fakellm.client.OpenAIChatCompletionClient"
_AZURE_CLIENT = "fakellm.client.AzureOpenAIChatCompletionClient"
_PROVIDERS = MappingProxyType(
    {
        "OpenAIChatCompletionClient": _CHAT_CLIENT,
        "openai_chat_completion_client": _CHAT_CLIENT,
        "AzureOpenAIChatCompletionClient": _AZURE_CLIENT,
        "azure_openai_chat_completion_client": _AZURE_CLIENT,
        # A configuration that AutoGen dumped builds our own class of the same meaning.
        "autogen_ext.models.openai.OpenAIChatCompletionClient": _CHAT_CLIENT,
        "autogen_ext.models.openai.AzureOpenAIChatCompletionClient": _AZURE_CLIENT,
        "autogen_core.tools.FunctionTool": "fakellm.models.FunctionTool",
        "autogen_agentchat.messages.StructuredMessageFactory": "fakellm.messages.StructuredMessageFactory",
    }
)


class ComponentModel(LazyModel):
    """A component written down.

    `provider`: the import path of its class, or a short name; `component_type`: what it is for; `version` and
    `component_version`: the version of its configuration, the class' own when missing; `description`,
    `label`: for people; `config`: what its class needs to build it.
    """

    provider: str
    component_type: ComponentType | None = None
    version: int | None = None
    component_version: int | None = None
    description: str | None = None
    label: str | None = None
    config: dict[str, Any]


class ComponentFromConfig(Generic[FromConfigT]):
    """The half of a component that is built from its configuration."""

    @classmethod
    def _from_config(cls, config: FromConfigT) -> Self:
        """Build an instance. Raises: NotImplementedError unless overridden."""
        raise NotImplementedError(f"{cls.__name__} cannot be built from a configuration")

    @classmethod
    def _from_config_past_version(cls, config: dict[str, Any], version: int) -> Self:
        """Build an instance from an older configuration. Raises: NotImplementedError unless overridden."""
        raise NotImplementedError(f"{cls.__name__} cannot be built from a configuration of version {version}")


class ComponentToConfig(Generic[ToConfigT]):
    """The half of a component that writes itself down.

    `component_type` has to be set; `component_provider_override` replaces the class' import path,
    `component_description` its docstring, `component_label` its name.
    """

    component_type: ClassVar[ComponentType]
    component_version: ClassVar[int] = 1
    component_provider_override: ClassVar[str | None] = None
    component_description: ClassVar[str | None] = None
    component_label: ClassVar[str | None] = None

    def _to_config(self) -> ToConfigT:
        """Give the configuration that builds this object. Raises: NotImplementedError unless overridden."""
        raise NotImplementedError(f"{type(self).__name__} cannot be written down as a configuration")

    def dump_component(self) -> ComponentModel:
        """Write the component down; settings that are None are left out.

        Raises: TypeError for a class defined in a function; AttributeError when it has no `component_type`;
        NotImplementedError when it has no configuration.
        """
        provider = _provider_of(self)
        if not hasattr(self, "component_type"):
            raise AttributeError(f"{type(self).__name__} has no component_type; set it in the class body")
        return ComponentModel(
            provider=provider,
            component_type=self.component_type,
            version=self.component_version,
            component_version=self.component_version,
            description=_description_of(self),
            label=self.component_label or type(self).__name__,
            config=self._to_config().model_dump(exclude_none=True),
        )


class ComponentLoader:
    """The half of an interface that builds any component written down."""

    @overload
    @classmethod
    def load_component(cls, model: ComponentModel | dict[str, Any], expected: None = None) -> Self: ...

    @overload
    @classmethod
    def load_component(cls, model: ComponentModel | dict[str, Any], expected: type[WantedT]) -> WantedT: ...

    @classmethod
    def load_component(cls, model: ComponentModel | dict[str, Any], expected: type[Any] | None = None) -> Any:
        """Build the component that `model` describes.

        `expected`: the type it must have, by default the class this is called on.
        Raises: ValueError for a provider that is no import path; ImportError or AttributeError when it leads
        nowhere; TypeError when it is no component or not of the expected type; ValidationError for a wrong
        config.
        """
        description = ComponentModel(**model) if isinstance(model, dict) else model
        instance = _build(_component_class(description.provider), description)
        wanted = cls if expected is None else expected
        if not isinstance(instance, wanted):
            built = type(instance).__name__
            raise TypeError(f"{description.provider!r} builds {built}, but expected is {wanted.__name__}")
        return instance


class ComponentSchemaType(Generic[ConfigT]):
    """The half of a component that names the pydantic model of its configuration."""

    component_config_schema: type[ConfigT]

    required_class_vars: ClassVar[list[str]] = ["component_config_schema", "component_type"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Warn about a class that forgot one of the required class variables."""
        super().__init_subclass__(**kwargs)
        if cls.__name__ == "Component":
            return
        for name in cls.required_class_vars:
            if not hasattr(cls, name):
                warnings.warn(f"{cls.__name__} is no component yet: set {name!r} in its body", stacklevel=2)


class ComponentBase(ComponentToConfig[ConfigT], ComponentLoader, Generic[ConfigT]):
    """The base of an interface of components."""


class Component(ComponentFromConfig[ConfigT], ComponentSchemaType[ConfigT], Generic[ConfigT]):
    """The base of a concrete component, beside its interface.

    Set `component_type` and `component_config_schema` in the class body, and define `_to_config` and
    `_from_config`.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Warn about a class that lacks the interface half."""
        super().__init_subclass__(**kwargs)
        if not is_component_class(cls):
            warnings.warn(f"{cls.__name__} is no component yet: inherit from ComponentBase too", stacklevel=2)


class _ConcreteComponent(
    ComponentFromConfig[ConfigT],
    ComponentSchemaType[ConfigT],
    ComponentToConfig[ConfigT],
    ComponentLoader,
    Generic[ConfigT],
):
    """The type of a class with all four halves, for type checkers."""

    required_class_vars: ClassVar[list[str]] = []


def is_component_class(cls: type) -> TypeGuard[type[_ConcreteComponent[BaseModel]]]:
    """Tell whether a class can be both written down and built."""
    return all(issubclass(cls, half) for half in _HALVES)


def is_component_instance(value: Any) -> TypeGuard[_ConcreteComponent[BaseModel]]:
    """Tell whether an object can be both written down and built again."""
    return is_component_class(type(value))


_HALVES: tuple[type, ...] = (ComponentFromConfig, ComponentToConfig, ComponentSchemaType, ComponentLoader)


# Functions, not methods: a component's class is the user's, who may use any name for a method.
def _provider_of(component: ComponentToConfig[Any]) -> str:
    if component.component_provider_override is not None:
        return component.component_provider_override
    provider = f"{type(component).__module__}.{type(component).__qualname__}"
    if "<locals>" in provider:
        raise TypeError(f"{provider} is defined inside a function and cannot be found again; move it out")
    if "._" in provider:
        warnings.warn(
            f"{provider} is a private path that may move; set component_provider_override to a public one",
            stacklevel=3,
        )
    return provider


def _description_of(component: ComponentToConfig[Any]) -> str | None:
    if component.component_description is not None:
        return component.component_description
    doc = type(component).__doc__
    return doc.strip().split("\n\n")[0].strip() if doc else None


def _component_class(provider: str) -> type[_ConcreteComponent[BaseModel]]:
    path = _PROVIDERS.get(provider, provider)
    module_name, _, class_name = path.rpartition(".")
    if not module_name:
        raise ValueError(
            f"unknown provider {provider!r}: use an import path such as {_CHAT_CLIENT!r}, or one of "
            f"{[name for name in _PROVIDERS if '.' not in name]}"
        )
    found = getattr(importlib.import_module(module_name), class_name)
    if not isinstance(found, type) or not is_component_class(found):
        raise TypeError(f"provider {provider!r} is not a component class")
    for name in ComponentSchemaType.required_class_vars:
        if not hasattr(found, name):
            raise AttributeError(f"provider {provider!r} has no {name}; set it in the class body")
    return found


def _build(component: type[_ConcreteComponent[BaseModel]], description: ComponentModel) -> object:
    version = description.component_version or component.component_version
    if version >= component.component_version:
        # A ClassVar cannot be generic, so the schema is declared as if it were an attribute of instances.
        schema = component.component_config_schema  # pyright: ignore[reportGeneralTypeIssues]
        return component._from_config(schema.model_validate(description.config))  # noqa: SLF001  # the hook of the class that is built
    try:
        return component._from_config_past_version(description.config, version)  # noqa: SLF001  # the hook of the class that is built
    except NotImplementedError as err:
        raise NotImplementedError(
            f"{component.__name__} is at configuration version {component.component_version} and cannot read "
            f"version {version}: it has no _from_config_past_version"
        ) from err
